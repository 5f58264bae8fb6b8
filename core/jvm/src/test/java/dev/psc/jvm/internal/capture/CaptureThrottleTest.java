package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CaptureThrottleTest {

  private final Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
  private final EventCounter converter =
      new EventCounter(
          aggregator,
          CaptureSettings.DEFAULT,
          new CpuCalibration(aggregator, null, 1, 1, false),
          new ThreadLabels());
  private final CaptureThrottle guards = new CaptureThrottle(CaptureSettings.DEFAULT, converter);

  private void ticks(int count, long lockEvents, long exceptions) {
    for (int i = 0; i < count; i++) {
      guards.tick(lockEvents, exceptions, 0);
    }
  }

  private Duration threshold() {
    assertThat(converter.lockThresholdNanos())
        .isEqualTo(guards.dynamic().lockThreshold().toNanos());
    return guards.dynamic().lockThreshold();
  }

  @Test
  void manyLockEventsForThreeSecondsDoubleTheThreshold() {
    ticks(2, 5_000, 0);
    ticks(1, 500, 0);
    ticks(2, 5_000, 0);
    assertThat(threshold()).isEqualTo(Duration.ofMillis(1));
    ticks(1, 5_000, 0);
    assertThat(threshold()).isEqualTo(Duration.ofMillis(2));
    ticks(300, 5_000, 0);
    assertThat(threshold()).isBetween(Duration.ofMillis(100), Duration.ofMillis(199));
  }

  @Test
  void theThresholdFallsAgainWhenItIsQuiet() {
    ticks(6, 5_000, 0);
    assertThat(threshold()).isEqualTo(Duration.ofMillis(4));
    ticks(60, 0, 0);
    assertThat(threshold()).isEqualTo(Duration.ofMillis(2));
    ticks(600, 0, 0);
    assertThat(threshold()).isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void tooManyExceptionsPauseThemForAMinute() {
    ticks(1, 0, 5_001);
    assertThat(guards.dynamic().exceptions()).isFalse();
    ticks(59, 0, 0);
    assertThat(guards.dynamic().exceptions()).isFalse();
    ticks(1, 0, 0);
    assertThat(guards.dynamic().exceptions()).isTrue();
  }

  private int allocationsAfter(int seconds, double ownShare) {
    for (int i = 0; i < seconds; i++) {
      guards.tick(0, 0, ownShare);
    }
    return guards.dynamic().allocationsPerSecond();
  }

  @Test
  void fewerAllocationsAreSampledWhileOurThreadsAreBusy() {
    assertThat(allocationsAfter(19, 0.02)).as("the first ten seconds do not count").isEqualTo(300);
    assertThat(allocationsAfter(1, 0.02)).isEqualTo(150);
    assertThat(allocationsAfter(10, 0.0051)).isEqualTo(75);
    assertThat(allocationsAfter(100, 0.0049)).as("within what they may take").isEqualTo(75);
    assertThat(allocationsAfter(100, 0.5)).isEqualTo(50);
    assertThat(allocationsAfter(60, 0.001)).as("a minute of calm").isEqualTo(100);
    assertThat(allocationsAfter(600, 0.001)).isEqualTo(300);
  }

  @Test
  void aMomentOfWorkChangesNoRate() {
    assertThat(allocationsAfter(10, 0)).isEqualTo(300);
    assertThat(allocationsAfter(1, 0.04)).isEqualTo(300);
    assertThat(allocationsAfter(9, 0)).isEqualTo(300);
  }

  @Test
  void buffersAreCountedInBurstsWhileAllocationsAreProfiled() {
    assertThat(guards.burst(0)).isFalse();
    guards.profiles(Set.of(JvmProfile.MEMORY));
    boolean wasOn = false;
    for (long now = 0; now < 1_000_000_000L; now += 1_000_000) {
      guards.burst(now);
      wasOn |= guards.dynamic().allocationBuffers();
    }
    assertThat(wasOn).isTrue();
    guards.profiles(Set.of(JvmProfile.MUTEX));
    assertThat(guards.dynamic().allocationBuffers()).isFalse();
  }
}
