package dev.psc.label;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabelSetTest {

  @Test
  void sortsByNameWhateverTheOrderGiven() {
    LabelSet labels = LabelSet.of("job", "a", "__name__", "memory", "instance", "h:1");
    assertThat(labels).extracting(Label::name).containsExactly("__name__", "instance", "job");
    assertThat(labels).isEqualTo(LabelSet.of("instance", "h:1", "job", "a", "__name__", "memory"));
  }

  @Test
  void keepsNoLabelWithAnEmptyValue() {
    assertThat(LabelSet.of("a", "", "b", "1").size()).isEqualTo(1);
    assertThat(LabelSet.of("b", "1").with("b", "").isEmpty()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1a", "a-b", "a b", "ä", "a.b"})
  void refusesIllegalNames(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LabelSet.of(name, "x"))
        .withMessageContaining("[a-zA-Z_][a-zA-Z0-9_]*");
  }

  @Test
  void refusesANameThatStandsTwice() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LabelSet.of("a", "1", "a", "2"))
        .withMessageContaining("twice");
  }

  @Test
  void othersOverwriteItsLabels() {
    LabelSet labels = LabelSet.of("env", "dev", "job", "a").withAll(LabelSet.of("env", "prod"));
    assertThat(labels).isEqualTo(LabelSet.of("env", "prod", "job", "a"));
  }

  @Test
  void hashIsTheSameInEveryProcessAndTellsSetsApart() {
    assertThat(LabelSet.of("a", "bc").hash()).isNotEqualTo(LabelSet.of("ab", "c").hash());
    assertThat(LabelSet.of("a", "1").hash()).isEqualTo(0x193cdc27515c165dL);
  }

  @Test
  void findsAndRemovesByName() {
    LabelSet labels = LabelSet.of("a", "1", "b", "2", "c", "3");
    assertThat(labels.get("b")).isEqualTo("2");
    assertThat(labels.get("d")).isNull();
    assertThat(labels.without(List.of("a", "c"))).isEqualTo(LabelSet.of("b", "2"));
  }

  @Test
  void printsLikePrometheusWithEscapes() {
    assertThat(LabelSet.of("b", "x\"\\\n", "a", "1")).hasToString("{a=\"1\", b=\"x\\\"\\\\\\n\"}");
  }
}
