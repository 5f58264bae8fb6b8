package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.Totals;
import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CpuCalibrationTest {

  private static final long MILLI = 1_000_000;

  private final Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
  private final Window window = aggregator.open(Set.of(JvmProfile.PROCESS_CPU), 0);
  private final CpuCalibration cpu =
      new CpuCalibration(
          aggregator,
          ids -> Arrays.stream(ids).mapToObj(id -> "thread-" + id).toArray(String[]::new),
          10 * MILLI,
          20 * MILLI,
          false);

  private void sample(long thread, String leaf) {
    cpu.sample(thread, false, false, aggregator.stackPool().stackOf(leaf), 0);
  }

  private static Reading reading(long processMillis, long... threadAndMillis) {
    long[] ids = new long[threadAndMillis.length / 2];
    long[] nanos = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = threadAndMillis[2 * i];
      nanos[i] = threadAndMillis[2 * i + 1] * MILLI;
    }
    return new Reading(processMillis * MILLI, ids, nanos);
  }

  private Map<String, Long> totals() {
    return Totals.of(aggregator.snapshot(window, JvmProfile.PROCESS_CPU, 1));
  }

  @Test
  void samplesOfAThreadShareItsCpuTime() {
    cpu.endSegment(reading(1_000, 1, 500), false, false);
    sample(1, "a");
    sample(1, "a");
    sample(1, "b");
    cpu.endSegment(reading(1_900, 1, 1_400), false, true);
    assertThat(totals()).containsOnly(Map.entry("a", 600 * MILLI), Map.entry("b", 300 * MILLI));
  }

  @Test
  void cpuTimeWithoutASampleWaitsForOneAndIsNamedAtTheEnd() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false, false);
    cpu.endSegment(reading(60, 1, 40, 2, 20), false, false);
    assertThat(totals()).isEmpty();
    sample(1, "a");
    cpu.endSegment(reading(70, 1, 50, 2, 20), false, true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 50 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 20 * MILLI));
  }

  @Test
  void cpuTimeBeyondJavaThreadsBelongsToTheVm() {
    cpu.endSegment(reading(0, 1, 0), false, false);
    sample(1, "a");
    cpu.endSegment(reading(500, 1, 300), false, true);
    assertThat(totals())
        .containsOnly(Map.entry("a", 300 * MILLI), Map.entry(CpuCalibration.VM, 200 * MILLI));
  }

  @Test
  void threadsThatEndedCountPeriodsWithinTheProcessTime() {
    cpu.endSegment(reading(0, 1, 0), false, false);
    sample(9, "short");
    sample(9, "short");
    cpu.endSegment(reading(100, 1, 0), false, true);
    assertThat(totals())
        .containsOnly(Map.entry("short", 20 * MILLI), Map.entry(CpuCalibration.VM, 80 * MILLI));
  }

  @Test
  void whatAThreadThatEndedHadLeftCountsWhereItWasSeenLast() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false, false);
    sample(2, "loop");
    cpu.endSegment(reading(100, 1, 0, 2, 100), false, false);
    cpu.endSegment(reading(200, 1, 0, 2, 200), false, false);
    cpu.endSegment(reading(200, 1, 0), false, true);
    assertThat(totals()).containsOnly(Map.entry("loop", 200 * MILLI));
  }

  @Test
  void aSampleOfAThreadThatEndedIsWorthWhatThoseOfTheLivingAre() {
    cpu.endSegment(reading(0, 1, 0), false, false);
    for (int i = 0; i < 10; i++) {
      sample(1, "a");
      sample(9, "short");
    }
    cpu.endSegment(reading(1_000, 1, 500), false, true);
    assertThat(totals()).containsOnly(Map.entry("a", 500 * MILLI), Map.entry("short", 500 * MILLI));
  }

  @Test
  void aThreadInNativeCodeThatUsedNoCpuCountsNothing() {
    cpu.endSegment(reading(0, 1, 0), false, false);
    cpu.sample(1, false, true, aggregator.stackPool().stackOf("read0"), 0);
    cpu.endSegment(reading(0, 1, 0), false, true);
    assertThat(totals()).isEmpty();
  }

  @Test
  void theProcessClockNeverMakesTimeTwice() {
    cpu.endSegment(reading(0, 1, 0), false, false);
    sample(1, "a");
    // The process's clock ticks in 10 ms: it may be behind the thread's.
    cpu.endSegment(reading(90, 1, 100), false, false);
    sample(1, "a");
    cpu.endSegment(reading(200, 1, 190), false, true);
    assertThat(totals().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(200 * MILLI);
  }

  @Test
  void samplesWithTheirOwnTimeOnlyMissTheVm() {
    cpu.endSegment(reading(0, 1, 0), true, false);
    cpu.weighed(aggregator.stackPool().stackOf("a"), 0, 300 * MILLI);
    cpu.endSegment(reading(400, 1, 310), true, true);
    assertThat(totals())
        .containsOnly(Map.entry("a", 300 * MILLI), Map.entry(CpuCalibration.VM, 90 * MILLI));
  }

  @Test
  void virtualThreadsShareTheTimeOfTheirCarriers() {
    CpuCalibration carried =
        new CpuCalibration(
            aggregator,
            ids ->
                Arrays.stream(ids)
                    .mapToObj(id -> id == 1 ? "main" : "ForkJoinPool-1-worker-" + id)
                    .toArray(String[]::new),
            10 * MILLI,
            20 * MILLI,
            false);
    carried.endSegment(reading(0, 1, 0, 5, 0), false, false);
    carried.sample(77, true, false, aggregator.stackPool().stackOf("v"), 0);
    carried.sample(78, true, false, aggregator.stackPool().stackOf("v"), 0);
    carried.endSegment(reading(800, 1, 0, 5, 800), false, true);
    assertThat(totals()).containsOnly(Map.entry("v", 800 * MILLI));
  }
}
