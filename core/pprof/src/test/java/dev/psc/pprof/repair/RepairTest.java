package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.label.LabelSet;
import dev.psc.label.LegalNames;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RepairTest {

  private static final com.sun.management.ThreadMXBean ALLOCATED =
      (com.sun.management.ThreadMXBean) java.lang.management.ManagementFactory.getThreadMXBean();

  private static final RepairContext SCRAPE = new RepairContext(1_700_000_000_000_000_000L, 0);

  static LongStream seeds() {
    return LongStream.range(0, 150);
  }

  static Stream<Path> corpus() {
    return Stream.concat(Corpus.files("pprof").stream(), Corpus.files("delta").stream());
  }

  private static void assertMendedWithoutLoss(byte[] body) throws PprofException {
    Repaired repaired = Repair.repair(body, PprofLimits.defaults(), SCRAPE);
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
    Profile before = Profile.parse(body);
    Profile after = Profile.parse(repaired.bytes());
    Map<String, String> names = labelNames(before, after);
    assertThat(Meaning.of(after, -1, name -> name)).isEqualTo(Meaning.of(before, -1, names::get));
    assertThat(after.totals()).isEqualTo(before.totals());
    assertThat(after.comments()).isEqualTo(before.comments());
    assertThat(after.mappings()).isEqualTo(before.mappings());
    assertThat(after.period()).isEqualTo(before.period());
    assertThat(after.defaultSampleTypeIndex()).isEqualTo(before.defaultSampleTypeIndex());
    assertThat(after.sampleTypes()).isEqualTo(repaired.sampleTypes());
    assertThat(after.periodType()).isEqualTo(repaired.periodType());
    assertThat(after.timeNanos()).isEqualTo(repaired.timeNanos()).isNotZero();
    Repaired again = Repair.repair(repaired.bytes(), PprofLimits.defaults(), SCRAPE);
    assertThat(again.bytes()).isSameAs(repaired.bytes());
  }

  /** Returns what became of each label name: none becomes two, and no two become one. */
  private static Map<String, String> labelNames(Profile before, Profile after) {
    Map<String, String> names = new HashMap<>();
    for (int i = 0; i < before.sampleCount(); i++) {
      List<SampleLabel> old = before.samples().get(i).labels();
      List<SampleLabel> now = after.samples().get(i).labels();
      assertThat(now).hasSameSizeAs(old);
      for (int l = 0; l < old.size(); l++) {
        String name = now.get(l).key();
        assertThat(names.merge(old.get(l).key(), name, (a, b) -> b)).isEqualTo(name);
        assertThat(name).matches("[a-zA-Z_][a-zA-Z0-9_]*");
      }
    }
    assertThat(names.values()).doesNotHaveDuplicates();
    names.forEach(
        (old, name) -> {
          if (LabelSet.isLegalName(old)) {
            assertThat(name).isEqualTo(old);
          }
        });
    return names;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void changesNoMeaningOfGeneratedProfiles(long seed) throws Exception {
    assertMendedWithoutLoss(Generated.profile(seed));
    assertMendedWithoutLoss(RawPprof.gzip(Generated.profile(seed)));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("corpus")
  void changesNoMeaningOfRealProfiles(Path file) throws Exception {
    assertMendedWithoutLoss(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @CsvSource({
    "goroutine,count,0",
    "inuse_space,bytes,0",
    "contentions,count,0",
    "cpu,nanoseconds,10000",
    "samples,count,10000"
  })
  void inventsNoDurationForASnapshotWhoseEndpointIgnoredTheSeconds(
      String type, String unit, long duration) throws Exception {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType(type, unit);
    int function = profile.function("main", "main", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 1);
    Repaired repaired =
        Repair.repair(profile.build(), PprofLimits.defaults(), new RepairContext(77, 10_000));
    assertThat(repaired.durationNanos()).isEqualTo(duration);
    assertThat(Profile.parse(repaired.bytes()).durationNanos()).isEqualTo(duration);
  }

  @Test
  void fillsInTimeAndDurationOnlyWhereTheyAreMissing() throws Exception {
    byte[] without = new RawPprof().types().strings("", "a", "b", "c", "d").gzip();
    Repaired filled = Repair.repair(without, PprofLimits.defaults(), new RepairContext(77, 10_000));
    Profile profile = Profile.parse(filled.bytes());
    assertThat(profile.timeNanos()).isEqualTo(77).isEqualTo(filled.timeNanos());
    assertThat(profile.durationNanos()).isEqualTo(10_000).isEqualTo(filled.durationNanos());
    assertThat(filled.actions())
        .extracting(RepairAction::code)
        .containsExactly("time_missing", "duration_missing");

    byte[] with =
        new RawPprof()
            .types()
            .strings("", "a", "b", "c", "d")
            .time(5)
            .number(ProfileFields.DURATION_NANOS, 6)
            .gzip();
    Repaired kept = Repair.repair(with, PprofLimits.defaults(), new RepairContext(77, 10_000));
    assertThat(kept.bytes()).isSameAs(with);
    assertThat(kept.timeNanos()).isEqualTo(5);
    assertThat(kept.durationNanos()).isEqualTo(6);

    Repaired unknown = Repair.repair(without);
    assertThat(unknown.bytes()).isSameAs(without);
    assertThat(unknown.timeNanos()).isZero();
  }

  @Test
  void fillsInATimeThatStandsThereAsZero() throws Exception {
    byte[] body = new RawPprof().types().strings("", "a", "b", "c", "d").raw(0x48, 0).gzip();
    Repaired filled = Repair.repair(body, PprofLimits.defaults(), SCRAPE);
    assertThat(Profile.parse(filled.bytes()).timeNanos()).isEqualTo(SCRAPE.timeNanos());
  }

  @Test
  void renamesTypesAndKeepsThoseApartThatWouldCollide() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 4)
            .valueType(ProfileFields.SAMPLE_TYPE, 2, 4)
            .valueType(ProfileFields.SAMPLE_TYPE, 3, 4)
            .valueType(ProfileFields.SAMPLE_TYPE, 0, 0)
            .strings("", "a-b", "a_b", "a/b", "count")
            .number(ProfileFields.DEFAULT_SAMPLE_TYPE, 3)
            .time(1)
            .bytes();
    Repaired repaired = Repair.repair(body);
    Profile profile = Profile.parse(repaired.bytes());
    assertThat(profile.sampleTypes())
        .extracting(SampleType::toString)
        .containsExactly("a_b_2/count", "a_b/count", "a_b_3/count", "unknown/count");
    assertThat(profile.defaultSampleType()).isEqualTo("a_b_3");
    assertThat(profile.periodType()).isEqualTo(new SampleType("unknown", "count"));
    assertThat(repaired.actions())
        .extracting(RepairAction::message)
        .contains("renamed sample type \"a-b/count\" to a_b_2/count");
  }

  @Test
  void tellsEqualSampleTypesApart() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 3, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.PERIOD_TYPE, 1, 2)
            .strings("", "cpu", "ns", "cpu_2")
            .number(ProfileFields.DEFAULT_SAMPLE_TYPE, 1)
            .sample(new long[0], 1, 10, 100, 1_000)
            .time(1)
            .gzip();
    Repaired repaired = Repair.repair(body);
    Profile profile = Profile.parse(repaired.bytes());
    assertThat(profile.sampleTypes())
        .isEqualTo(repaired.sampleTypes())
        .extracting(SampleType::toString)
        .containsExactly("cpu/ns", "cpu_3/ns", "cpu_2/ns", "cpu_4/ns");
    assertThat(profile.defaultSampleType()).isEqualTo("cpu");
    assertThat(profile.totals()).containsExactly(1, 10, 100, 1_000);
    assertThat(repaired.actions())
        .contains(
            new RepairAction(
                "sample_type_duplicate", "renamed sample type \"cpu/ns\" to cpu_3/ns"));
    byte[] kept =
        KeepSampleTypes.of(List.of(new SampleType("cpu", ""))).apply(body, PprofLimits.defaults());
    assertThat(Profile.parse(kept).sampleTypes())
        .extracting(SampleType::type)
        .containsExactly("cpu", "cpu_3", "cpu_4");
    Profile merged = Profile.parse(Merge.create().add(Profile.parse(body)).build());
    assertThat(merged.sampleTypes()).doesNotHaveDuplicates();
    assertThat(merged.totals()).containsExactly(1, 10, 100, 1_000);
  }

  @Test
  void namesManyEqualSampleTypesOfAHugeNameWithinBounds() throws Exception {
    RawPprof pprof = new RawPprof();
    for (int i = 0; i < 1_000; i++) {
      pprof.valueType(ProfileFields.SAMPLE_TYPE, 1, 2);
    }
    byte[] body = pprof.strings("", "n".repeat(4 << 20), "ns").time(1).gzip();
    long before = ALLOCATED.getCurrentThreadAllocatedBytes();
    assertThat(Repair.repair(body).bytes().length).isLessThan(1 << 20);
    assertThat(ALLOCATED.getCurrentThreadAllocatedBytes() - before).isLessThan(128L << 20);
  }

  @Test
  void givesALineWithoutAFunctionOneWithoutAName() throws Exception {
    byte[] body =
        RawPprof.clean()
            .location(3, 1, 0x30, 9)
            .location(4, 1, 0x40, 0)
            .sample(new long[] {3, 4, 1}, 1, 1)
            .bytes();
    Repaired repaired = Repair.repair(body);
    assertThat(repaired.actions())
        .extracting(RepairAction::code)
        .containsExactlyInAnyOrder("function_missing", "compressed");
    assertThat(Meaning.of(repaired.bytes())).isEqualTo(Meaning.of(body));
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
    Profile before = Profile.parse(body);
    assertThat(Profile.parse(repaired.bytes()).functionCount())
        .isEqualTo(before.functionCount() + 1);
    byte[] merged = Merge.create().add(before).build();
    assertThat(PprofCheck.check(merged).violations()).isEmpty();
    assertThat(Meaning.of(merged).values()).containsAll(Meaning.of(body).values());
  }

  @Test
  void keepsTheLastOfAReferenceThatIsRepeated() throws Exception {
    // The last value of a repeated field counts, and here it refers to nothing.
    WireWriter line = new WireWriter(64);
    int location = line.begin(ProfileFields.LOCATION);
    line.number(ProfileFields.ID, 3);
    line.number(ProfileFields.LOCATION_MAPPING_ID, 1);
    line.number(ProfileFields.LOCATION_MAPPING_ID, 7);
    int mark = line.begin(ProfileFields.LOCATION_LINE);
    line.number(ProfileFields.LINE_FUNCTION_ID, 1);
    line.number(ProfileFields.LINE_FUNCTION_ID, 48);
    line.end(mark);
    line.end(location);
    byte[] body =
        RawPprof.concat(RawPprof.clean().sample(new long[] {3}, 1, 1).bytes(), line.toByteArray());
    assertThat(Meaning.of(Repair.repair(body).bytes())).isEqualTo(Meaning.of(body));
  }

  @Test
  void tellsTypesOfOneNameApartWhoseUnitsDiffer() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 4)
            .valueType(ProfileFields.SAMPLE_TYPE, 2, 5)
            .valueType(ProfileFields.SAMPLE_TYPE, 2, 6)
            .valueType(ProfileFields.SAMPLE_TYPE, 2, 7)
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 3)
            .strings("", "a_b", "a/b", "m/s", "ns", "bytes", "m-s", "m/s")
            .number(ProfileFields.DEFAULT_SAMPLE_TYPE, 2)
            .time(1)
            .bytes();
    Repaired repaired = Repair.repair(body);
    assertThat(Profile.parse(repaired.bytes()).defaultSampleType()).isEqualTo("a_b_2");
    assertThat(repaired.sampleTypes())
        .extracting(SampleType::toString)
        .containsExactly("a_b/ns", "a_b_2/bytes", "a_b_3/m_s", "a_b_4/m_s", "a_b_5/m_s");
  }

  /** {@code go tool pprof} goes by the type alone and rejects a profile that has one twice. */
  @Test
  void renamesTheSecondOfTwoTypesWithDifferentUnits() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 3)
            .valueType(ProfileFields.PERIOD_TYPE, 1, 2)
            .strings("", "cpu", "nanoseconds", "count")
            .time(1)
            .gzip();
    Repaired repaired = Repair.repair(body);
    assertThat(repaired.sampleTypes())
        .extracting(SampleType::toString)
        .containsExactly("cpu/nanoseconds", "cpu_2/count");
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
  }

  @Test
  void renamesLabelsAndKeepsThoseApartThatWouldCollide() throws Exception {
    long[] stack = {1};
    long[] values = {1, 1};
    byte[] body =
        RawPprof.clean()
            .strings("a.b", "a-b", "a_b", "a.b", "9", "", "unnamed")
            .string(new byte[] {'u', (byte) 0xfe})
            .string(new byte[] {'u', (byte) 0xff})
            .sample(stack, values, new long[][] {{8, 5}, {9, 5}, {10, 5}, {7, 6}})
            .sample(stack, values, new long[][] {{11, 5}, {12, 0, 3, 2}})
            .sample(stack, values, new long[][] {{13, 5}, {14, 5}, {0, 5}})
            .sample(stack, values, new long[][] {{15, 5}, {16, 5}})
            .bytes();
    Repaired repaired = Repair.repair(body);
    Profile profile = Profile.parse(repaired.bytes());
    assertThat(profile.samples())
        .extracting(sample -> sample.labels().stream().map(SampleLabel::key).toList())
        .containsExactly(
            List.of(),
            List.of("a_b_2", "a_b_3", "a_b", "key"),
            List.of("a_b_2", "_9"),
            List.of("unnamed_2", "unnamed", "unnamed_3"),
            List.of("u_", "u__2"));
    assertThat(profile.samples().get(2).labels())
        .containsExactly(
            new SampleLabel("a_b_2", "main", 0, ""), new SampleLabel("_9", "", 3, "ns"));
    assertThat(profile.totals()).isEqualTo(Profile.parse(body).totals());
    assertThat(repaired.actions())
        .contains(
            new RepairAction("label_key", "named labels without a key unnamed_3"),
            new RepairAction(
                "label_name", "renamed label \"a.b\" to a_b_2, as another label is a_b"),
            new RepairAction(
                "label_name", "renamed label \"a-b\" to a_b_3, as another label is a_b"),
            new RepairAction("label_name", "renamed label \"9\" to _9"));
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
    assertThat(Repair.repair(repaired.bytes()).bytes()).isSameAs(repaired.bytes());
  }

  @Test
  void renamesALabelOfATableWithoutTheEmptyString() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.PERIOD_TYPE, 1, 2)
            .sample(new long[0], new long[] {5}, new long[][] {{0, 3}, {4, 3}})
            .strings("a.b", "cpu", "count", "x", "a_b")
            .time(1)
            .bytes();
    assertThat(Profile.parse(Repair.repair(body).bytes()).samples().get(0).labels())
        .containsExactly(new SampleLabel("a_b_2", "x", 0, ""), new SampleLabel("a_b", "x", 0, ""));
  }

  @Test
  void renamesThousandsOfLabelsThatBecomeTheSameAndRefusesMore() throws Exception {
    assertThat(Profile.parse(Repair.repair(manyLabels(16_384)).bytes()).samples())
        .last()
        .extracting(sample -> sample.labels().get(0).key())
        .isEqualTo("_".repeat(15) + "_16384");
    // One sentence each for the first twenty, one for the rest, one for compressing.
    assertThat(Repair.repair(manyLabels(16_384)).actions()).hasSize(22);
    PprofException error =
        catchThrowableOfType(PprofException.class, () -> Repair.repair(manyLabels(16_385)));
    assertThat(error.code()).isEqualTo(PprofException.TOO_LARGE);
    assertThat(error).hasMessageContaining("16385 label names");
  }

  /** Labels of names that have nothing in common but what is left when made legal. */
  private static byte[] manyLabels(int names) {
    RawPprof pprof = RawPprof.clean();
    for (int i = 0; i < names; i++) {
      String name = String.format(Locale.ROOT, "%15s", Integer.toBinaryString(i));
      pprof.strings(name.replace(" ", ".").replace("0", ".").replace("1", "-"));
      pprof.sample(new long[] {1}, new long[] {1, 1}, new long[][] {{8 + i, 5}});
    }
    return pprof.bytes();
  }

  @Test
  void readsATableWithoutTheEmptyStringAsItsWriterMeantIt() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 0, 1)
            .valueType(ProfileFields.PERIOD_TYPE, 0, 1)
            .sample(new long[] {1}, new long[] {5}, new long[][] {{0, 2}, {2, 0, 9}})
            .location(1, 0, 0x10, 1)
            .function(1, 0)
            .strings("cpu", "count", "x")
            .time(1)
            .bytes();
    Sample sample = Profile.parse(Repair.repair(body).bytes()).samples().get(0);
    assertThat(sample.stack().get(0).function()).isEqualTo("cpu");
    assertThat(sample.stack().get(0).file()).isEmpty();
    assertThat(sample.labels())
        .containsExactly(new SampleLabel("cpu", "x", 0, ""), new SampleLabel("x", "", 9, ""));
    assertThat(Meaning.of(Repair.repair(body).bytes())).isEqualTo(Meaning.of(body));
  }

  @Test
  void givesAPeriodTypeWhereThereIsNoneWhateverStandsFirstInTheTable() throws Exception {
    byte[] body =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 0, 1)
            .strings("cpu", "count")
            .time(1)
            .bytes();
    assertThat(PprofCheck.check(body).violations())
        .extracting(Violation::rule)
        .contains(PprofRule.FIRST_STRING, PprofRule.PERIOD_TYPE_NAME);
    Repaired repaired = Repair.repair(body);
    assertThat(repaired.periodType()).isEqualTo(new SampleType("unknown", "count"));
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
  }

  @Test
  void keepsDuplicateFunctionsAsTheyAre() throws Exception {
    byte[] body = RawPprof.clean().function(3, 5).function(4, 5).gzip();
    assertThat(Repair.repair(body).bytes()).isSameAs(body);
  }

  @Test
  void keepsNumericLabelsOfZeroWithTheirUnits() throws Exception {
    byte[] body =
        RawPprof.clean()
            .sample(new long[] {1}, new long[] {1, 1}, new long[][] {{7, 0, 0, 2}})
            .location(9, 1, 0x90, 1)
            .bytes();
    assertThat(Profile.parse(Repair.repair(body).bytes()).samples().get(1).labels())
        .containsExactly(new SampleLabel("key", "", 0, "ns"));
  }

  @Test
  void passesProfilesWithoutSymbols() throws Exception {
    byte[] body = RawPprof.clean().location(3, 1, 0x77).sample(new long[] {3}, 1, 1).gzip();
    Repaired repaired = Repair.repair(body);
    assertThat(repaired.bytes()).isSameAs(body);
    assertThat(Profile.parse(body).samples().get(1).stack()).hasToString("[0x77]");
  }

  @Test
  void readsExecutablesFromCommentsWhenThereIsOnePerMapping() throws Exception {
    RawPprof pprof = RawPprof.clean().strings("executableInfo=0x3;0x1000;401000", "hi");
    byte[] one = pprof.number(ProfileFields.COMMENT, 9).number(ProfileFields.COMMENT, 8).gzip();
    assertThat(Repair.repair(one).executables())
        .isEqualTo(List.of(new ExecutableComment(3, 0x1000, 0x401000)));
    byte[] two = pprof.number(ProfileFields.COMMENT, 8).gzip();
    assertThat(Repair.repair(two).executables()).isEmpty();
    assertThat(ExecutableComment.parse("executableInfo=3;x;1")).isNull();
    assertThat(ExecutableComment.parse("executableInfo=3;1")).isNull();
    assertThat(ExecutableComment.parse("x=3;1;1")).isNull();
  }

  @Test
  void makesNamesLegal() {
    assertThat(LegalNames.profileName("my app:cpu-time")).isEqualTo("my_app:cpu_time");
    assertThat(LegalNames.profileName("9p")).isEqualTo("_9p");
    assertThat(LegalNames.labelName("app.kubernetes.io/name")).isEqualTo("app_kubernetes_io_name");
    assertThat(LegalNames.labelName("a:b")).isEqualTo("a_b");
    assertThat(LegalNames.labelName("")).isEqualTo("_");
    assertThat(LegalNames.typePart("9ü")).isEqualTo("9_");
    String legal = "alloc_space";
    assertThat(LegalNames.typePart(legal)).isSameAs(legal);
  }

  @Test
  void refusesANegativeContext() {
    assertThatIllegalArgumentException().isThrownBy(() -> new RepairContext(-1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new RepairContext(0, -1));
  }
}
