package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AllocationBurstsTest {

  private static final long MILLI = 1_000_000;

  private final AllocationBursts bursts = new AllocationBursts(() -> 0.5);
  private double events;
  private long onMillis;

  /** Lets time pass in which the events that are on come at a rate. */
  private void run(long fromSecond, long toSecond, double perSecond) {
    onMillis = 0;
    for (long milli = fromSecond * 1_000; milli < toSecond * 1_000; milli++) {
      bursts.advance(milli * MILLI, (long) events, 200);
      if (bursts.isOn()) {
        onMillis++;
        events += perSecond / 1_000;
      }
    }
  }

  @Test
  void fewEventsAreOnAllTheTime() {
    run(0, 5, 100);
    run(5, 15, 100);
    assertThat(onMillis).isEqualTo(10_000);
  }

  @Test
  void ofManyEventsTheWantedNumberComes() {
    run(0, 20, 4_000);
    double before = events;
    run(20, 40, 4_000);
    assertThat((events - before) / 20).isCloseTo(200, within(20.0));
  }

  @Test
  void aRiseOfTheRateIsMetWithinThreeSeconds() {
    run(0, 10, 50);
    run(10, 13, 20_000);
    run(13, 14, 20_000);
    assertThat(onMillis).isLessThan(60);
  }

  @Test
  void theNextChangeIsKnown() {
    bursts.advance(0, 0, 200);
    assertThat(bursts.nextNanos(0)).as("the middle of nine tenths").isEqualTo(450 * MILLI);
    assertThat(bursts.advance(450 * MILLI, 0, 200)).isTrue();
    assertThat(bursts.nextNanos(450 * MILLI)).isEqualTo(100 * MILLI);
    assertThat(bursts.advance(550 * MILLI, 0, 200)).isTrue();
    assertThat(bursts.isOn()).isFalse();
    assertThat(bursts.nextNanos(550 * MILLI)).isEqualTo(450 * MILLI);
  }
}
