package dev.psc.jvm.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AllocationBaselineTest {

  private static final long[] THREADS = {7, 8};
  private static final boolean[] PLATFORM = {false, false};

  private final AllocationBaseline baseline = new AllocationBaseline();

  private void begin(long first, long second) {
    baseline.begin(THREADS, new long[] {first, second}, PLATFORM, id -> 1_000_000);
  }

  @Test
  void theFirstSampleLosesWhatWasAllocatedBefore() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(7, false, 1_300)).isEqualTo(300);
    assertThat(baseline.sinceStart(7, false, 200)).isEqualTo(200);
    assertThat(baseline.sinceStart(8, false, 80)).isEqualTo(30);
  }

  @Test
  void aThreadThatStartsLaterKeepsItsWeight() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(9, false, 400)).isEqualTo(400);
  }

  @Test
  void aSecondStartLosesWhatWasAllocatedInBetween() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(7, false, 1_300)).isEqualTo(300);
    begin(9_000, 50); // the last sample came at 1,300
    assertThat(baseline.sinceStart(7, false, 7_800)).isEqualTo(100);
    assertThat(baseline.sinceStart(8, false, 60)).isEqualTo(10);
  }

  @Test
  void aSecondStartLosesEverythingBeforeWhereTheJdkCountsFromTheThreadsStart() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(7, false, 1_300)).isEqualTo(300);
    begin(9_000, 50);
    assertThat(baseline.sinceStart(7, false, 9_100)).isEqualTo(100);
  }

  @Test
  void aSampleOfAnotherRecordingInBetweenIsNotDiscountedTwice() {
    baseline.begin(THREADS, new long[] {1_000, 50}, PLATFORM, id -> 1_040);
    assertThat(baseline.sinceStart(7, false, 30)).isEqualTo(30);
    baseline.begin(THREADS, new long[] {2_000, 50}, PLATFORM, id -> 2_040);
    assertThat(baseline.sinceStart(7, false, 500)).as("of which 40 since the start").isEqualTo(40);
  }

  @Test
  void aVirtualThreadLosesWhatItsCarrierAllocatedBefore() {
    baseline.begin(THREADS, new long[] {1_000, 600}, new boolean[] {true, true}, id -> -1);
    assertThat(baseline.sinceStart(100, true, 20)).as("no carrier's first").isEqualTo(20);
    assertThat(baseline.sinceStart(101, true, 1_030)).isEqualTo(30);
    assertThat(baseline.sinceStart(100, true, 640)).isEqualTo(40);
    assertThat(baseline.sinceStart(100, true, 5_000)).isEqualTo(5_000);
  }

  @Test
  void aPoolThreadThatCarriesNothingIsAPlatformThread() {
    baseline.begin(THREADS, new long[] {1_000, 600}, new boolean[] {true, true}, id -> -1);
    assertThat(baseline.sinceStart(7, false, 1_010)).isEqualTo(10);
  }

  @Test
  void whatIsCountedBetweenSamplesIsNotCountedAgain() {
    begin(1_000, 50);
    assertThat(baseline.takeRest(7, 1_250)).as("before the first sample").isEqualTo(250);
    assertThat(baseline.takeRest(7, 1_250)).isZero();
    assertThat(baseline.sinceStart(7, false, 1_300)).isEqualTo(50);
    assertThat(baseline.takeRest(7, 1_400)).as("after the sample at 1,300").isEqualTo(100);
    assertThat(baseline.takeRest(7, 1_450)).isEqualTo(50);
    assertThat(baseline.sinceStart(7, false, 400)).isEqualTo(250);
    assertThat(baseline.takeRest(7, 1_700)).isZero();
  }

  @Test
  void theRestOfASampleThatCoversLessIsCountedWithALaterOne() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(7, false, 1_000)).isZero();
    assertThat(baseline.takeRest(7, 1_500)).as("with the used part of a buffer").isEqualTo(500);
    assertThat(baseline.sinceStart(7, false, 450)).isZero();
    assertThat(baseline.sinceStart(7, false, 100)).isEqualTo(50);
  }

  @Test
  void aThreadThatStartsLaterHasItsRestToo() {
    begin(1_000, 50);
    assertThat(baseline.takeRest(9, 400)).isEqualTo(400);
    assertThat(baseline.sinceStart(9, false, 500)).isEqualTo(100);
  }

  @Test
  void unknownCountersAndCarriersHaveNoRest() {
    assertThat(baseline.takeRest(7, 1_000)).as("before the start").isZero();
    begin(1_000, 50);
    assertThat(baseline.takeRest(7, -1)).isZero();
    baseline.begin(THREADS, new long[] {1_000, 600}, new boolean[] {true, false}, id -> -1);
    assertThat(baseline.takeRest(7, 2_000)).as("a carrier").isZero();
    assertThat(baseline.takeRest(8, 700)).isEqualTo(100);
  }

  @Test
  void aCarrierOfVirtualThreadsHasNoRestWheneverItStarted() {
    begin(1_000, 50);
    assertThat(baseline.takeRest(7, 1_100)).isEqualTo(100);
    assertThat(baseline.sinceStart(100, true, 5_000)).isEqualTo(5_000);
    assertThat(baseline.takeRest(9, 6_000)).as("perhaps its carrier").isZero();
    assertThat(baseline.takeRest(7, 1_200)).isZero();
    assertThat(baseline.sinceStart(7, false, 1_300)).as("less what is counted").isEqualTo(200);
  }

  @Test
  void aFirstSampleThatMissesAnOpenBufferHasNoMoreThanWasAllocatedSince() {
    baseline.begin(THREADS, new long[] {1_000, 50}, PLATFORM, id -> 1_040);
    assertThat(baseline.sinceStart(7, false, 1_010)).isEqualTo(10);
    baseline.begin(THREADS, new long[] {2_000, 50}, PLATFORM, id -> 2_040);
    assertThat(baseline.sinceStart(7, false, 1_990)).as("below the counter").isEqualTo(40);
  }

  @Test
  void threadsThatHaveEndedAreForgotten() {
    begin(1_000, 50);
    assertThat(baseline.takeRest(6, 400)).isEqualTo(400);
    assertThat(baseline.takeRest(9, 400)).isEqualTo(400);
    baseline.retain(THREADS);
    assertThat(baseline.takeRest(6, 100)).as("another thread").isEqualTo(100);
    assertThat(baseline.takeRest(9, 500)).as("may have started since").isEqualTo(100);
  }

  @Test
  void countersThatWereNotReadForgetNothing() {
    begin(1_000, 50);
    assertThat(baseline.sinceStart(7, false, 1_300)).isEqualTo(300);
    baseline.retain(new long[0]);
    assertThat(baseline.takeRest(7, 1_400)).isEqualTo(100);
  }
}
