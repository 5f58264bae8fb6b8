package dev.psc.scrape.relabel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.label.LabelSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RelabelingTest {

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "(.*), abc, $1x, ''",
        "(.*), abc, ${1}x, abcx",
        "(a)(b)(c), abc, $10, ''",
        "(.*), abc, $$1, $1",
        "(.*), abc, $2, ''",
        "(.*), abc, $name, ''",
        "(.*), abc, $, $",
        "(.*), abc, \\1, \\1",
        "(.*), abc, $1_$1, abc",
        "(.*), abc, ${1}_${1}, abc_abc",
        "(a)?(b), b, [$1][$2], [][b]",
        "(?P<h>[^:]+):.*, h:1, ${h}, h",
        "(.*), a$1b, $1, a$1b",
        "'', '', z, z"
      })
  void expandsAsGoDoes(String regex, String input, String replacement, String expected) {
    RelabelRule rule =
        RelabelRule.builder()
            .sourceLabels("in")
            .regex(regex)
            .targetLabel("out")
            .replacement(replacement)
            .build();
    LabelSet labels = LabelSet.builder().set("in", input).set("out", "before").build();
    assertThat(new Relabeling(List.of(rule)).apply(labels).labels().valueOf("out"))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "'', 8, 6",
    "10.0.0.1:9090, 2, 1",
    "10.0.0.1:9090, 16, 1",
    "foo, 1000, 696",
    "a;b, 7, 2",
    "é, 4294967296, 2605434735"
  })
  void hashesAsPrometheusDoes(String value, long modulus, long expected) {
    assertThat(RelabelRule.hashMod(value, modulus)).isEqualTo(expected);
  }

  @Test
  void explainsWhichRuleDroppedATarget() {
    Relabeling rules =
        new Relabeling(
            List.of(
                RelabelRule.builder().targetLabel("a").replacement("1").build(),
                RelabelRule.builder()
                    .action(RelabelAction.DROP)
                    .sourceLabels("a")
                    .regex("1")
                    .build()));
    assertThat(rules.apply(LabelSet.empty()).droppedBy()).contains(1);
    assertThat(rules.explain(LabelSet.empty()).get(1).kept()).isFalse();
  }
}
