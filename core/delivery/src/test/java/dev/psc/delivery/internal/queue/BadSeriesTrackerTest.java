package dev.psc.delivery.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.label.LabelSet;
import org.junit.jupiter.api.Test;

class BadSeriesTrackerTest {

  private final BadSeriesTracker badSeries = new BadSeriesTracker();

  private static LabelSet series(int i) {
    return LabelSet.of(LabelSet.NAME, "memory", "series", "s" + i);
  }

  private void bad(int series, int times) {
    for (int i = 0; i < times; i++) {
      badSeries.bad(series(series));
    }
  }

  @Test
  void blamesASeriesAfterThreeBadOnesInARow() {
    assertThat(badSeries.isBad(series(1))).isFalse();
    bad(1, 2);
    assertThat(badSeries.isBad(series(1))).isFalse();
    bad(1, 1);
    assertThat(badSeries.isBad(series(1))).isTrue();
    assertThat(badSeries.isBad(series(2))).isFalse();
    bad(1, 1);
    assertThat(badSeries.isBad(series(1))).isTrue();
  }

  @Test
  void beginsAnewAfterAGoodOne() {
    bad(1, 2);
    bad(2, 3);
    badSeries.good(series(1));
    bad(1, 2);
    assertThat(badSeries.isBad(series(1))).isFalse();
    assertThat(badSeries.isBad(series(2))).isTrue();
    badSeries.good(series(2));
    assertThat(badSeries.isBad(series(2))).isFalse();
  }

  @Test
  void forgetsTheEldestOfMoreThan4096() {
    for (int i = 0; i < 4096; i++) {
      bad(i, 3);
    }
    assertThat(badSeries.isBad(series(0))).isTrue();
    bad(4096, 3);
    assertThat(badSeries.isBad(series(0))).isFalse();
    assertThat(badSeries.isBad(series(1))).isTrue();
    assertThat(badSeries.isBad(series(4096))).isTrue();
  }
}
