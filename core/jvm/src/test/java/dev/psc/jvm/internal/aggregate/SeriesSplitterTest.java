package dev.psc.jvm.internal.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.Totals;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SeriesSplitterTest {

  private static final JvmProfile KIND = JvmProfile.MUTEX;

  private final Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
  private final Window window = aggregator.open(Set.of(KIND), 0);

  private void add(long value, String... labels) {
    int stack = aggregator.stackPool().stackOf("leaf");
    aggregator.add(KIND, stack, aggregator.labels().id(LabelSet.of(labels)), 1, value);
  }

  private Map<LabelSet, Snapshot> split(SeriesSplitter splitter) {
    return splitter.split(aggregator.snapshot(window, KIND, 1));
  }

  private static long sum(Snapshot snapshot) {
    return Totals.of(snapshot).values().stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void eachValueIsASeriesAndTheRestHasNone() {
    add(1, "route", "/cart", "user", "a");
    add(2, "route", "/cart", "user", "b");
    add(4, "route", "/pay");
    add(8, "user", "a");
    Map<LabelSet, Snapshot> series = split(new SeriesSplitter(List.of("route"), 10));
    assertThat(series).hasSize(3);
    assertThat(sum(series.get(LabelSet.of("route", "/cart")))).isEqualTo(3);
    assertThat(sum(series.get(LabelSet.of("route", "/pay")))).isEqualTo(4);
    assertThat(sum(series.get(LabelSet.empty()))).isEqualTo(8);
  }

  @Test
  void furtherValuesStayTogetherAndKnownOnesKeepTheirSeries() {
    SeriesSplitter splitter = new SeriesSplitter(List.of("route"), 2);
    for (int i = 0; i < 100; i++) {
      add(1, "route", "/" + i);
    }
    Map<LabelSet, Snapshot> first = split(splitter);
    assertThat(first).hasSize(3);
    assertThat(sum(first.get(LabelSet.empty()))).isEqualTo(98);
    assertThat(split(splitter).keySet()).isEqualTo(first.keySet());
  }

  @Test
  void withoutLabelsNothingIsSplit() {
    add(1, "route", "/cart");
    assertThat(split(new SeriesSplitter(List.of(), 1))).containsOnlyKeys(LabelSet.empty());
  }
}
