package dev.psc.scrape.relabel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RelabelRuleTest {

  private static final List<RelabelAction> ACTIONS = List.of(RelabelAction.values());

  private static RelabelRule.Builder rule(RelabelAction action) {
    return RelabelRule.builder().action(action);
  }

  private static Relabeling.Result apply(RelabelRule.Builder rule, String... labels) {
    return new Relabeling(List.of(rule.build())).apply(LabelSet.of(labels));
  }

  private static LabelSet after(RelabelRule.Builder rule, String... labels) {
    return apply(rule, labels).labels();
  }

  @ParameterizedTest
  @CsvSource({
    "prod,prod,true",
    "prod,xprodx,false",
    "prod,prod2,false",
    "a|b,a,true",
    "a|b,ab,false",
    "'',x,false",
    "'','',true",
    ".*,'',true",
    "(?i)PROD,prod,true",
  })
  void theExpressionHasToMatchAll(String regex, String value, boolean kept) {
    assertThat(apply(rule(RelabelAction.KEEP).sourceLabels("a").regex(regex), "a", value).kept())
        .isEqualTo(kept);
    assertThat(apply(rule(RelabelAction.DROP).sourceLabels("a").regex(regex), "a", value).kept())
        .isEqualTo(!kept);
  }

  @Test
  void aDotMatchesALineBreakToo() {
    assertThat(apply(rule(RelabelAction.KEEP).sourceLabels("a").regex("a.c"), "a", "a\nc").kept())
        .isTrue();
  }

  @Test
  void namedGroupsWorkAndLookAroundDoesNot() {
    assertThat(
            after(
                RelabelRule.builder()
                    .sourceLabels("a")
                    .regex("(?P<h>[^:]+):.*")
                    .targetLabel("host")
                    .replacement("${h}"),
                "a",
                "h:1"))
        .isEqualTo(LabelSet.of("a", "h:1", "host", "h"));
    assertThatThrownBy(() -> RelabelRule.builder().regex("a(?=b)").targetLabel("x").build())
        .hasMessageContaining("not a valid RE2 expression")
        .hasMessageContaining("no look-around");
    assertThatThrownBy(() -> RelabelRule.builder().regex("(a)\\1").targetLabel("x").build())
        .hasMessageContaining("no back-references");
  }

  @Test
  void anEvilExpressionTakesLinearTime() {
    RelabelRule.Builder evil = rule(RelabelAction.KEEP).sourceLabels("a").regex("(a+)+$");
    long start = System.nanoTime();
    assertThat(apply(evil, "a", "a".repeat(5_000) + "!").kept()).isFalse();
    assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
  }

  @Test
  void defaultsAreThoseOfPrometheus() {
    assertThat(
            after(
                RelabelRule.builder().sourceLabels("a", "b").targetLabel("c"), "a", "1", "b", "2"))
        .isEqualTo(LabelSet.of("a", "1", "b", "2", "c", "1;2"));
    assertThat(after(RelabelRule.builder().sourceLabels("a", "none").targetLabel("c"), "a", "1"))
        .isEqualTo(LabelSet.of("a", "1", "c", "1;"));
    assertThat(
            after(
                    RelabelRule.builder().sourceLabels("a", "b").separator("/").targetLabel("c"),
                    "a",
                    "1",
                    "b",
                    "2")
                .valueOf("c"))
        .isEqualTo("1/2");
  }

  @Test
  void aReplacementWithoutMatchChangesNothingAndAnEmptyOneRemoves() {
    RelabelRule.Builder replace =
        RelabelRule.builder().sourceLabels("a").targetLabel("b").replacement("");
    assertThat(after(replace.regex("y"), "a", "x", "b", "1").valueOf("b")).isEqualTo("1");
    assertThat(after(replace.regex("x"), "a", "x", "b", "1").contains("b")).isFalse();
  }

  @Test
  void theTargetLabelMayHoldGroups() {
    assertThat(
            after(
                RelabelRule.builder()
                    .sourceLabels("a")
                    .regex("(\\w+)=(\\w+)")
                    .targetLabel("tag_$1")
                    .replacement("$2"),
                "a",
                "zone=b"))
        .isEqualTo(LabelSet.of("a", "zone=b", "tag_zone", "b"));
  }

  @Test
  void labelmapSkipsNamesThatAreNoneAndLetsTheLastOneWin() {
    RelabelRule.Builder map = rule(RelabelAction.LABEL_MAP).regex("l_(.+)");
    assertThat(after(map, "l_1st", "x", "l_ok", "y"))
        .isEqualTo(LabelSet.of("l_1st", "x", "l_ok", "y", "ok", "y"));
    RelabelRule.Builder both = rule(RelabelAction.LABEL_MAP).regex("[ab]_(.+)");
    assertThat(after(both, "b_x", "second", "a_x", "first").valueOf("x")).isEqualTo("second");
  }

  @Test
  void keepsAndDropsByEquality() {
    RelabelRule.Builder keep = rule(RelabelAction.KEEP_EQUAL).sourceLabels("a").targetLabel("b");
    RelabelRule.Builder drop = rule(RelabelAction.DROP_EQUAL).sourceLabels("a").targetLabel("b");
    assertThat(apply(keep, "a", "1", "b", "1").kept()).isTrue();
    assertThat(apply(keep, "a", "1", "b", "2").kept()).isFalse();
    assertThat(apply(drop, "a", "1", "b", "1").kept()).isFalse();
    assertThat(apply(drop, "a", "1", "b", "2").kept()).isTrue();
  }

  @Test
  void changesCaseAndRemovesNames() {
    assertThat(
            after(rule(RelabelAction.LOWERCASE).sourceLabels("a").targetLabel("a"), "a", "ABCÉ")
                .valueOf("a"))
        .isEqualTo("abcé");
    assertThat(
            after(rule(RelabelAction.UPPERCASE).sourceLabels("a").targetLabel("b"), "a", "abc")
                .valueOf("b"))
        .isEqualTo("ABC");
    assertThat(after(rule(RelabelAction.LABEL_DROP).regex("a|b"), "a", "1", "b", "2", "c", "3"))
        .isEqualTo(LabelSet.of("c", "3"));
    assertThat(after(rule(RelabelAction.LABEL_KEEP).regex("a|b"), "a", "1", "b", "2", "c", "3"))
        .isEqualTo(LabelSet.of("a", "1", "b", "2"));
  }

  @Test
  void eachActionSaysWhatItNeedsAndWhatItDoesNotTake() {
    assertThat(RelabelRule.builder().problems())
        .containsEntry("target_label", "replace needs a target_label");
    assertThat(rule(RelabelAction.HASH_MOD).targetLabel("x").problems())
        .containsEntry("modulus", "hashmod needs a modulus that is not 0");
    assertThat(rule(RelabelAction.LABEL_DROP).sourceLabels("a").problems())
        .containsEntry("action", "labeldrop takes only regex; remove source_labels");
    assertThat(rule(RelabelAction.LABEL_KEEP).regex("x").targetLabel("a").problems())
        .containsEntry("action", "labelkeep takes only regex; remove target_label");
    assertThat(rule(RelabelAction.LOWERCASE).targetLabel("a").replacement("x").problems())
        .containsEntry("action", "lowercase takes no replacement; remove replacement");
    assertThat(rule(RelabelAction.KEEP_EQUAL).targetLabel("a").regex("x").problems())
        .containsEntry(
            "action", "keepequal takes only source_labels and target_label; remove regex");
    assertThat(RelabelRule.builder().sourceLabels("a-b").targetLabel("x").problems())
        .containsKey("source_labels");
    assertThat(RelabelRule.builder().targetLabel("1x").problems()).containsKey("target_label");
    assertThat(rule(RelabelAction.LABEL_MAP).replacement("1$1").problems())
        .containsKey("replacement");
    assertThat(rule(RelabelAction.KEEP).sourceLabels("a").problems()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 5, 8, 13})
  void shardsAreDisjointAndComplete(long shards) {
    int total = 0;
    for (long shard = 0; shard < shards; shard++) {
      Relabeling rules =
          new Relabeling(
              List.of(
                  rule(RelabelAction.HASH_MOD)
                      .sourceLabels("__address__")
                      .modulus(shards)
                      .targetLabel("__tmp_hash")
                      .build(),
                  rule(RelabelAction.KEEP)
                      .sourceLabels("__tmp_hash")
                      .regex(String.valueOf(shard))
                      .build()));
      for (int i = 0; i < 200; i++) {
        if (rules.apply(LabelSet.of("__address__", "10.0.0." + i + ":6060")).kept()) {
          total++;
        }
      }
    }
    assertThat(total).isEqualTo(200);
  }

  @Test
  void explainsEveryStepInWords() {
    Relabeling rules =
        new Relabeling(
            List.of(
                RelabelRule.builder().targetLabel("new").replacement("1").build(),
                rule(RelabelAction.LABEL_DROP).regex("old").build(),
                RelabelRule.builder().sourceLabels("a").regex("z").targetLabel("b").build(),
                rule(RelabelAction.DROP).sourceLabels("a").regex("x").build(),
                RelabelRule.builder().targetLabel("never").replacement("1").build()));
    List<Relabeling.Step> steps = rules.explain(LabelSet.of("a", "x", "old", "2"));
    assertThat(steps).hasSize(4);
    assertThat(steps.get(0)).asString().startsWith("rule 0 {").endsWith(": new=\"1\"");
    assertThat(steps.get(1)).asString().endsWith(": -old");
    assertThat(steps.get(2)).asString().endsWith(": changed nothing");
    assertThat(steps.get(3)).asString().endsWith(": dropped the target");
    assertThat(steps.get(3).kept()).isFalse();
    assertThat(steps.get(3).after()).isEqualTo(LabelSet.of("a", "x", "new", "1"));
  }

  /** Nothing throws but what is documented: build() for a rule that has problems. */
  @Test
  void generatedRulesEitherNameTheirProblemsOrWorkOnAnyLabels() {
    long seed = 20_261_125;
    SplittableRandom random = new SplittableRandom(seed);
    String[] pieces = {
      "",
      "a",
      "$1",
      "${1}",
      "${name}",
      "$",
      "$$",
      "(",
      ")",
      "(.*)",
      "(?P<name>.+)",
      "[a-z",
      "\\",
      "*",
      "é",
      "\n",
      "__name__",
      "__meta_x",
      "1",
      "{",
      "}",
      "|",
      "\ud83d\ude00",
      "x".repeat(200),
      "(?i)",
      "^",
      "$0"
    };
    int built = 0;
    for (int i = 0; i < 6_000; i++) {
      RelabelRule.Builder rule = rule(ACTIONS.get(random.nextInt(ACTIONS.size())));
      if (random.nextBoolean()) {
        rule.sourceLabels(random.nextInt(4) == 0 ? piece(random, pieces) : "a", "b");
      }
      if (random.nextBoolean()) {
        rule.regex(piece(random, pieces) + piece(random, pieces));
      }
      if (random.nextBoolean()) {
        rule.targetLabel(random.nextBoolean() ? "t" : piece(random, pieces));
      }
      if (random.nextInt(3) == 0) {
        rule.replacement(piece(random, pieces) + piece(random, pieces));
      }
      if (random.nextBoolean()) {
        rule.modulus(random.nextLong());
      }
      List<String> labels = new ArrayList<>();
      for (String name : List.of("a", "b", "__meta_x")) {
        labels.add(name);
        labels.add(piece(random, pieces) + piece(random, pieces));
      }
      String what = String.format(Locale.ROOT, "seed %d round %d %s", seed, i, labels);
      if (rule.problems().isEmpty()) {
        built++;
        Relabeling rules = new Relabeling(List.of(rule.build()));
        LabelSet before = LabelSet.of(labels.toArray(String[]::new));
        Relabeling.Result result = rules.apply(before);
        List<Relabeling.Step> steps = rules.explain(before);
        assertThat(steps.get(0).kept()).as(what).isEqualTo(result.kept());
        assertThat(steps.get(0).after()).as(what).isEqualTo(result.labels());
        assertThat(steps.get(0).toString()).as(what).startsWith("rule 0 {");
      } else {
        assertThatThrownBy(rule::build).as(what).isInstanceOf(IllegalArgumentException.class);
      }
    }
    assertThat(built).isGreaterThan(600);
  }

  private static String piece(SplittableRandom random, String[] pieces) {
    return pieces[random.nextInt(pieces.length)];
  }

  @Test
  void groupsHaveNumbersOfUpToNineDigitsAndNoLeadingZero() {
    RelabelRule.Builder rule =
        rule(RelabelAction.REPLACE)
            .sourceLabels("a")
            .regex("(.)(.)(.)(.)(.)(.)(.)(.)(.)(.)")
            .targetLabel("to");
    for (String[] one :
        new String[][] {
          {"$10", "j"},
          {"${1}0", "a0"},
          {"$0", "abcdefghij"},
          {"$9", "i"},
          {"${01}x", "x"},
          {"${999999999}x", "x"},
          {"${1000000000}x", "x"},
          {"${4294967297}x", "x"},
          {"${1:}x", "${1:}x"},
          {"${1/}x", "${1/}x"},
          {"${1", "${1"},
          {"${", "${"},
          {"$", "$"},
          {"x", "x"},
        }) {
      assertThat(after(rule.replacement(one[0]), "a", "abcdefghij").get("to"))
          .as(one[0])
          .isEqualTo(one[1]);
    }
  }

  @Test
  void aTargetLabelMayBeginWithAGroupWhereItIsReplaced() {
    assertThat(after(rule(RelabelAction.REPLACE).sourceLabels("a").targetLabel("$1"), "a", "to"))
        .isEqualTo(LabelSet.of("a", "to", "to", "to"));
    assertThat(rule(RelabelAction.REPLACE).targetLabel("$").problems()).containsKey("target_label");
    assertThat(rule(RelabelAction.LOWERCASE).sourceLabels("a").targetLabel("$1").problems())
        .containsKey("target_label");
  }

  @Test
  void showsTheSettingsThatApplyAndIsEqualByThem() {
    RelabelRule.Builder all =
        rule(RelabelAction.HASH_MOD)
            .sourceLabels("a", "b")
            .separator("/")
            .regex("x.*")
            .modulus(8)
            .targetLabel("shard")
            .replacement("$0");
    assertThat(all.build().settings())
        .containsOnlyKeys(
            "source_labels",
            "separator",
            "regex",
            "modulus",
            "target_label",
            "replacement",
            "action")
        .containsEntry("separator", "/")
        .containsEntry("action", "hashmod");
    assertThat(rule(RelabelAction.KEEP).sourceLabels("a").regex("x").build().settings())
        .containsOnlyKeys("source_labels", "regex", "action");
    assertThat(rule(RelabelAction.REPLACE).sourceLabels("a").targetLabel("b").build().settings())
        .containsOnlyKeys("source_labels", "target_label", "replacement", "action");
    RelabelRule one = rule(RelabelAction.KEEP).sourceLabels("a").regex("x").build();
    RelabelRule same = rule(RelabelAction.KEEP).sourceLabels("a").regex("x").build();
    RelabelRule other = rule(RelabelAction.DROP).sourceLabels("a").regex("x").build();
    assertThat(one).isEqualTo(same).hasSameHashCodeAs(same).isNotEqualTo(other);
    assertThat(one.hashCode()).isNotEqualTo(other.hashCode());
    assertThat((Object) one).isNotEqualTo("keep");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "((a{1000}){1000}){1000}",
        "(a{500}b){3}",
        "(x|(?:[[:alpha:]{9}]{100}){11})",
        "(a{2,}){501}",
        "(\\\\{9}\\Q{5}\\E{30}){100}"
      })
  void refusesNestedRepetitionsThatTakeAllMemory(String regex) {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> RelabelRule.builder().sourceLabels("a").targetLabel("b").regex(regex).build())
        .withMessageContaining("nested repetitions exceed 1000");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a|b|c){900}",
        "a{1000}b{1000}",
        "(a{30}){30}",
        "[{1000}]{1000}",
        "(\\{1000\\}){1000}",
        "([]{1000}a]{10}){100}",
        "\\pL{1000}|\\p{Lu}{1000}",
        "([^]{1000}]{10}){100}"
      })
  void acceptsRepetitionsThatGoAccepts(String regex) {
    assertThat(
            RelabelRule.builder()
                .sourceLabels("a")
                .targetLabel("b")
                .regex(regex)
                .build()
                .toString())
        .isNotEmpty();
  }

  @Test
  void refusesNestingThatTakesTheWholeStack() {
    String regex = "(".repeat(3_000) + "a" + ")".repeat(3_000);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> RelabelRule.builder().sourceLabels("a").targetLabel("b").regex(regex).build())
        .withMessageContaining("groups are nested deeper than 200 levels");
  }

  @Test
  void refusesReplacementsThatTakeAllMemory() {
    RelabelRule rule =
        RelabelRule.builder()
            .sourceLabels("a")
            .targetLabel("a")
            .replacement("$1".repeat(1_000))
            .build();
    Relabeling rules = new Relabeling(List.of(rule, rule, rule));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rules.apply(LabelSet.of("a", "0123456789")))
        .withMessageContaining("1048576 characters");
  }
}
