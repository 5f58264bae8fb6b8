package dev.psc.pprof.repair;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.label.LegalNames;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.LabelNames;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule, broken by the smallest profile that breaks it and nothing else. */
class RulesTest {

  private static final String[] STRINGS = {
    "", "cpu", "ns", "samples", "count", "main", "run", "key"
  };

  record Broken(PprofRule rule, String place, String says, RawPprof pprof) {
    @Override
    public String toString() {
      return rule + " " + place;
    }
  }

  private static RawPprof types() {
    return new RawPprof().types().strings(STRINGS).time(1_000);
  }

  static Stream<Broken> broken() {
    long[] one = {1};
    return Stream.of(
        new Broken(
            PprofRule.VALUE_COUNT,
            "sample[1].value",
            "has 1 values where there are 2",
            RawPprof.clean().sample(one, 3)),
        new Broken(
            PprofRule.VALUE_COUNT,
            "sample[1].value",
            "has 3 values where there are 2",
            RawPprof.clean().sample(one, 1, 2, 3)),
        new Broken(
            PprofRule.VALUE_COUNT,
            "sample[0].value",
            "has 0 values where there are 2",
            types().sample(new long[0])),
        new Broken(
            PprofRule.STACK_LOCATION_ZERO,
            "sample[1].location_id",
            "is 0",
            RawPprof.clean().sample(new long[] {1, 0}, 1, 1)),
        new Broken(
            PprofRule.STACK_LOCATION_MISSING,
            "sample[1].location_id",
            "with the id 3",
            RawPprof.clean().sample(new long[] {3}, 1, 1)),
        new Broken(
            PprofRule.STACK_LOCATION_MISSING,
            "sample[1].location_id",
            "with the id 18446744073709551615",
            RawPprof.clean().sample(new long[] {-1}, 1, 1)),
        new Broken(
            PprofRule.STRING_INDEX,
            "function[2].name",
            "string index 8 where the string table has 8",
            RawPprof.clean().function(3, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "function[2].name",
            "string index -1",
            RawPprof.clean().function(3, -1)),
        new Broken(
            PprofRule.STRING_INDEX,
            "mapping[1].filename",
            "string index 99",
            RawPprof.clean().mapping(2, 0, 99)),
        new Broken(
            PprofRule.STRING_INDEX,
            "mapping[1].build_id",
            "string index 8",
            RawPprof.clean().raw(0x1a, 6, 8, 2, 0x10, 1, 0x30, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "function[2].system_name",
            "string index 8",
            RawPprof.clean().raw(0x2a, 4, 8, 3, 0x18, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "function[2].filename",
            "string index 8",
            RawPprof.clean().raw(0x2a, 4, 8, 3, 0x20, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "keep_frames",
            "string index 8",
            RawPprof.clean().number(ProfileFields.KEEP_FRAMES, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "comment[2]",
            "string index 8",
            RawPprof.clean()
                .number(ProfileFields.COMMENT, 7)
                .number(ProfileFields.COMMENT, 6)
                .number(ProfileFields.COMMENT, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "sample_type[2].type",
            "string index 8",
            new RawPprof()
                .types()
                .valueType(ProfileFields.SAMPLE_TYPE, 8, 2)
                .strings(STRINGS)
                .time(1)),
        new Broken(
            PprofRule.STRING_INDEX,
            "default_sample_type",
            "string index 8",
            RawPprof.clean().number(ProfileFields.DEFAULT_SAMPLE_TYPE, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "drop_frames",
            "string index 8",
            RawPprof.clean().number(ProfileFields.DROP_FRAMES, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "comment[0]",
            "string index 8",
            RawPprof.clean().number(ProfileFields.COMMENT, 8)),
        new Broken(
            PprofRule.STRING_INDEX,
            "sample[1].label.key",
            "string index 8",
            RawPprof.clean().sample(one, new long[] {1, 1}, new long[][] {{8, 1}})),
        new Broken(
            PprofRule.STRING_INDEX,
            "sample[1].label.str",
            "string index 300",
            RawPprof.clean().sample(one, new long[] {1, 1}, new long[][] {{7, 300}})),
        new Broken(
            PprofRule.STRING_INDEX,
            "sample[1].label.num_unit",
            "string index 9",
            RawPprof.clean().sample(one, new long[] {1, 1}, new long[][] {{7, 0, 5, 9}})),
        new Broken(
            PprofRule.FIRST_STRING,
            "string_table[0]",
            "\"foo\"",
            new RawPprof()
                .valueType(ProfileFields.SAMPLE_TYPE, 0, 1)
                .valueType(ProfileFields.PERIOD_TYPE, 0, 1)
                .strings("foo", "count")
                .time(1)),
        new Broken(
            PprofRule.STRING_ENCODING,
            "string_table[8]",
            "is not UTF-8",
            RawPprof.clean().string(new byte[] {'a', (byte) 0xff, 'b'})),
        new Broken(PprofRule.EMPTY_ENTRY, "function[2]", "no id", RawPprof.clean().function(0, 0)),
        new Broken(
            PprofRule.EMPTY_ENTRY,
            "location[2]",
            "the id of location[0]",
            RawPprof.clean().location(1, 0, 0)),
        new Broken(
            PprofRule.MAPPING_ID_ORDER,
            "mapping[1].id",
            "the id is 7 where 2 is expected",
            RawPprof.clean().mapping(7)),
        new Broken(
            PprofRule.FUNCTION_ID_ORDER,
            "function[2].id",
            "the id is 4 where 3 is expected",
            RawPprof.clean().function(4, 5)),
        new Broken(
            PprofRule.LOCATION_ID_ORDER,
            "location[2].id",
            "the id is 4 where 3 is expected",
            RawPprof.clean().location(4, 1, 0x40, 1)),
        new Broken(
            PprofRule.MAPPING_MISSING,
            "location[2].mapping_id",
            "no mapping with the id 9",
            RawPprof.clean().location(3, 9, 0x30, 1)),
        new Broken(
            PprofRule.FUNCTION_MISSING,
            "location[2].line",
            "no function with the id 9",
            RawPprof.clean().location(3, 1, 0x30, 9)),
        new Broken(
            PprofRule.LABEL_KEY,
            "sample[1].label",
            "has no key",
            RawPprof.clean().sample(one, new long[] {1, 1}, new long[][] {{0, 5}})),
        new Broken(
            PprofRule.LABEL_NAME,
            "string_table[8]",
            "\"http.route\"",
            RawPprof.clean()
                .strings("http.route")
                .sample(one, new long[] {1, 1}, new long[][] {{8, 5}})),
        new Broken(
            PprofRule.LABEL_NAME,
            "string_table[8]",
            "\"0th\"",
            RawPprof.clean()
                .strings("0th")
                .sample(one, new long[] {1, 1}, new long[][] {{8, 0, 7}})),
        new Broken(
            PprofRule.SAMPLE_TYPE_NAME,
            "sample_type[2].unit",
            "\"a-b\"",
            new RawPprof()
                .types()
                .valueType(ProfileFields.SAMPLE_TYPE, 5, 8)
                .strings(STRINGS)
                .strings("a-b")
                .time(1)),
        new Broken(
            PprofRule.SAMPLE_TYPE_NAME,
            "sample_type[2].type",
            "is missing",
            new RawPprof()
                .types()
                .valueType(ProfileFields.SAMPLE_TYPE, 0, 4)
                .strings(STRINGS)
                .time(1)),
        new Broken(
            PprofRule.SAMPLE_TYPE_DUPLICATE,
            "sample_type[2]",
            "is already in the profile",
            new RawPprof()
                .types()
                .valueType(ProfileFields.SAMPLE_TYPE, 3, 4)
                .strings(STRINGS)
                .time(1)),
        new Broken(
            PprofRule.PERIOD_TYPE_NAME,
            "period_type.unit",
            "is missing",
            new RawPprof()
                .valueType(ProfileFields.SAMPLE_TYPE, 3, 4)
                .valueType(ProfileFields.PERIOD_TYPE, 1, 0)
                .strings(STRINGS)
                .time(1)),
        new Broken(
            PprofRule.TIME_MISSING,
            "time_nanos",
            "when it was taken",
            new RawPprof().types().strings(STRINGS)));
  }

  /** These cannot be broken alone: an id that is 0 or repeated is out of order too. */
  static Stream<Broken> brokenWithOrder() {
    return Stream.of(
        new Broken(PprofRule.ID_ZERO, "mapping[1].id", "has the id 0", RawPprof.clean().mapping(0)),
        new Broken(
            PprofRule.ID_ZERO, "function[2].id", "has the id 0", RawPprof.clean().function(0, 5)),
        new Broken(
            PprofRule.ID_DUPLICATE,
            "location[2].id",
            "the id of location[0]",
            RawPprof.clean().location(1, 1, 0x99)),
        new Broken(
            PprofRule.ID_DUPLICATE,
            "function[2].id",
            "the id of function[1]",
            RawPprof.clean().function(2, 6)));
  }

  static Stream<Broken> all() {
    return Stream.concat(broken(), brokenWithOrder());
  }

  @Test
  void findsNothingInACleanProfile() throws Exception {
    PprofCheck check = PprofCheck.check(RawPprof.clean().bytes());
    assertThat(check.violations()).isEmpty();
    assertThat(check.breaches()).isZero();
    assertThat(check.isClean()).isTrue();
    assertThat(check.mappings()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("broken")
  void findsTheRuleAndThePlace(Broken broken) throws Exception {
    PprofCheck check = PprofCheck.check(broken.pprof.gzip());
    assertThat(check.violations()).hasSize(1);
    Violation violation = check.violations().get(0);
    assertThat(violation.rule()).isEqualTo(broken.rule);
    assertThat(violation.place()).isEqualTo(broken.place);
    assertThat(violation.message()).contains(broken.says);
    assertThat(check.breaches()).isEqualTo(1);
    assertThat(check.isClean()).isFalse();
    assertThat(check.fatal().isEmpty()).isEqualTo(broken.rule.repairable());
  }

  @ParameterizedTest
  @MethodSource("brokenWithOrder")
  void findsTheRuleBesideTheOrder(Broken broken) throws Exception {
    List<Violation> fatal = PprofCheck.check(broken.pprof.gzip()).fatal();
    assertThat(fatal).hasSize(1);
    assertThat(fatal.get(0).rule()).isEqualTo(broken.rule);
    assertThat(fatal.get(0).place()).isEqualTo(broken.place);
    assertThat(fatal.get(0).message()).contains(broken.says);
  }

  @ParameterizedTest
  @MethodSource("all")
  void mendsOrRefusesAsTheRuleSays(Broken broken) throws Exception {
    byte[] body = broken.pprof.gzip();
    RepairContext context = new RepairContext(77, 0);
    if (broken.rule.repairable()) {
      Repaired repaired = Repair.repair(body, PprofLimits.defaults(), context);
      assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
      assertThat(repaired.changed()).isTrue();
      assertThat(repaired.actions())
          .extracting(RepairAction::code)
          .containsExactly(broken.rule.code());
    } else {
      PprofException error =
          catchThrowableOfType(
              PprofException.class, () -> Repair.repair(body, PprofLimits.defaults(), context));
      assertThat(error.code()).isEqualTo(broken.rule.code());
      assertThat(error.place()).isEqualTo(broken.place);
      assertThat(error).hasMessageContaining(broken.says).hasMessageContaining(broken.place);
    }
  }

  @Test
  void refusesBytesWithoutASampleType() {
    PprofException error =
        catchThrowableOfType(
            PprofException.class,
            () -> PprofCheck.check(new RawPprof().strings("").time(1).bytes()));
    assertThat(error.code()).isEqualTo(PprofRule.SAMPLE_TYPE_MISSING.code());
  }

  @Test
  void triesEveryRuleAndGivesEachItsOwnCodeAndSentence() {
    Set<PprofRule> tried = EnumSet.of(PprofRule.SAMPLE_TYPE_MISSING);
    all().forEach(broken -> tried.add(broken.rule));
    assertThat(tried).containsExactlyInAnyOrder(PprofRule.values());
    Set<String> sentences = new HashSet<>();
    for (PprofRule rule : PprofRule.values()) {
      assertThat(rule.code()).matches("[a-z_]+");
      assertThat(sentences.add(rule.sentence())).as(rule.sentence()).isTrue();
    }
  }

  @Test
  void listsAHundredBreachesAndCountsTheRest() throws Exception {
    RawPprof pprof = RawPprof.clean();
    for (int i = 0; i < 500; i++) {
      pprof.sample(new long[] {1}, 1);
    }
    pprof.number(ProfileFields.DOC_URL, 1000);
    PprofCheck check = PprofCheck.check(pprof.bytes());
    assertThat(check.breaches()).isEqualTo(501);
    assertThat(check.violations()).hasSize(101);
    assertThat(check.violations().get(100).place()).isEqualTo("doc_url");
  }

  @Test
  void checksStacksOfEveryLengthAndIdSize() throws Exception {
    for (int locations : new int[] {1, 127, 128, 130, 300, 16383, 16384, 20000}) {
      RawPprof pprof = new RawPprof().types().strings(STRINGS).time(1);
      for (int i = 1; i <= locations; i++) {
        pprof.location(i, 0, i);
      }
      long[] deep = new long[40];
      for (int i = 0; i < deep.length; i++) {
        deep[i] = 1 + i * 7919L % locations;
      }
      deep[17] = locations;
      byte[] good = RawPprof.concat(pprof.bytes(), new RawPprof().sample(deep, 1, 1).bytes());
      assertThat(PprofCheck.check(good).violations()).as("%d locations", locations).isEmpty();
      for (int at = 0; at < deep.length; at++) {
        for (long bad : new long[] {0, locations + 1L, 1L << 40}) {
          long[] wrong = deep.clone();
          wrong[at] = bad;
          byte[] body = RawPprof.concat(pprof.bytes(), new RawPprof().sample(wrong, 1, 1).bytes());
          assertThat(PprofCheck.check(body).violations())
              .as("%d at %d of %d locations", bad, at, locations)
              .extracting(Violation::rule)
              .containsExactly(
                  bad == 0 ? PprofRule.STACK_LOCATION_ZERO : PprofRule.STACK_LOCATION_MISSING);
        }
      }
    }
  }

  @Test
  void findsAStringTableThatIsEmpty() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 0, 0)
            .sample(new long[0], new long[] {1}, new long[][] {{0, 0}})
            .time(1)
            .bytes();
    assertThat(PprofCheck.check(body).violations())
        .extracting(Violation::toString)
        .containsExactly(
            "first_string at string_table[0]: the string table is empty, \"\" is missing",
            "label_key at sample[0].label: a label of the sample has no key",
            "sample_type_name at sample_type[0].type: the name is missing",
            "sample_type_name at sample_type[0].unit: the name is missing",
            "period_type_name at period_type.type: the name is missing",
            "period_type_name at period_type.unit: the name is missing");
  }

  @Test
  void findsEveryNameOfATypeThatIsOutOfRange() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 2, 3)
            .valueType(ProfileFields.SAMPLE_TYPE, -1, 1)
            .valueType(ProfileFields.PERIOD_TYPE, 3, Long.MIN_VALUE)
            .strings("", "cpu", "ns")
            .time(1)
            .bytes();
    assertThat(PprofCheck.check(body).violations())
        .extracting(Violation::toString)
        .containsExactly(
            "string_index at sample_type[0].unit: string index 3 where the string table has 3"
                + " entries",
            "string_index at sample_type[1].type: string index -1 where the string table has 3"
                + " entries",
            "string_index at period_type.type: string index 3 where the string table has 3 entries",
            "string_index at period_type.unit: string index -9223372036854775808 where the string"
                + " table has 3 entries");
  }

  @Test
  void findsALabelThatIsNamedByAFirstStringThatIsNotEmpty() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 1)
            .valueType(ProfileFields.PERIOD_TYPE, 1, 1)
            .strings("no-name", "cpu")
            .sample(new long[0], new long[] {1}, new long[][] {{0, 1}})
            .time(1)
            .bytes();
    assertThat(PprofCheck.check(body).violations())
        .extracting(violation -> violation.rule() + " " + violation.place())
        .containsExactly(
            "FIRST_STRING string_table[0]",
            "LABEL_KEY sample[0].label",
            "LABEL_NAME string_table[0]");
  }

  @Test
  void findsTextThatIsNoUtf8WhereverItStands() throws Exception {
    for (int length = 1; length < 26; length++) {
      for (int at = 0; at < length; at++) {
        byte[] text = "abcdefghijklmnopqrstuvwxyz".substring(0, length).getBytes(US_ASCII);
        text[at] = (byte) 0xff;
        assertThat(PprofCheck.check(RawPprof.clean().string(text).bytes()).violations())
            .as("byte %d of %d", at, length)
            .extracting(Violation::rule)
            .containsExactly(PprofRule.STRING_ENCODING);
      }
    }
    // Longer than what is decoded at a time, and characters of every length.
    String text = "a\u00e4\u20ac\ud83d\ude00".repeat(700);
    assertThat(PprofCheck.check(RawPprof.clean().strings(text).bytes()).isClean()).isTrue();
  }

  @Test
  void anEntryIsNotEmptyThatSaysAnything() throws Exception {
    record Entry(RawPprof pprof, PprofRule rule) {}
    for (Entry entry :
        List.of(
            new Entry(RawPprof.clean().raw(0x22, 2, 0x22, 0), PprofRule.ID_ZERO),
            new Entry(RawPprof.clean().raw(0x22, 4, 0x22, 2, 8, 1), PprofRule.ID_ZERO),
            new Entry(RawPprof.clean().raw(0x22, 2, 0x18, 1), PprofRule.ID_ZERO),
            new Entry(RawPprof.clean().raw(0x22, 4, 8, 0, 0x18, 0), PprofRule.EMPTY_ENTRY),
            new Entry(RawPprof.clean().raw(0x22, 4, 8, 1, 0x28, 0), PprofRule.EMPTY_ENTRY),
            new Entry(RawPprof.clean().raw(0x22, 4, 8, 2, 0x28, 1), PprofRule.ID_DUPLICATE))) {
      assertThat(PprofCheck.check(entry.pprof.bytes()).violations())
          .extracting(Violation::rule)
          .contains(entry.rule)
          .doesNotContain(
              entry.rule == PprofRule.EMPTY_ENTRY ? PprofRule.ID_ZERO : PprofRule.EMPTY_ENTRY);
    }
  }

  @Test
  void checksTablesWithoutLookingAtSamples() throws Exception {
    byte[] body = RawPprof.clean().sample(new long[] {9}, 1).function(3, 99).bytes();
    Checker checker = Checker.checkTables(ProfileIndex.scan(body, 0, body.length));
    assertThat(checker.violations())
        .extracting(Violation::place)
        .containsExactly("function[2].name");
  }

  @Test
  void makesEveryCharacterLegalThatIsNot() {
    for (char c = 0; c < 0x180; c++) {
      for (String name : new String[] {"" + c, c + "a", "a" + c, "a" + c + "b" + c}) {
        String part = name.replaceAll("[^a-zA-Z0-9_]", "_");
        String label = part.matches("[0-9].*") ? "_" + part : part;
        String profile = name.replaceAll("[^a-zA-Z0-9_:]", "_");
        profile = profile.matches("[0-9].*") ? "_" + profile : profile;
        assertThat(LegalNames.typePart(name)).isEqualTo(part);
        assertThat(LegalNames.labelName(name)).isEqualTo(label);
        assertThat(LegalNames.profileName(name)).isEqualTo(profile);
        if (c < 0x80) {
          byte[] bytes = ("-" + name + "-").getBytes(US_ASCII);
          assertThat(LabelNames.isLegalName(bytes, 1, bytes.length - 1))
              .as(name)
              .isEqualTo(name.matches("[a-zA-Z_][a-zA-Z0-9_]*"));
        }
      }
    }
    assertThat(LabelNames.isLegalName(new byte[] {'a'}, 1, 1)).isFalse();
    assertThat(LegalNames.typePart("")).isEqualTo("_");
    String legal = "already_legal";
    assertThat(LegalNames.labelName(legal)).isSameAs(legal);
  }
}
