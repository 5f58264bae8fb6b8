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
import org.assertj.core.data.Offset;
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
    cpu.endSegment(reading(1_000, 1, 500), false);
    sample(1, "a");
    sample(1, "a");
    sample(1, "b");
    cpu.endSegment(reading(1_900, 1, 1_400), true);
    assertThat(totals()).containsOnly(Map.entry("a", 600 * MILLI), Map.entry("b", 300 * MILLI));
  }

  @Test
  void cpuTimeWithoutASampleWaitsForOneAndIsNamedAtTheEnd() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    cpu.endSegment(reading(60, 1, 40, 2, 20), false);
    assertThat(totals()).isEmpty();
    sample(1, "a");
    cpu.endSegment(reading(70, 1, 50, 2, 20), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 50 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 20 * MILLI));
  }

  @Test
  void threadsWithoutASampleAreCountedWhereThoseOfTheirPoolWereSeen() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0), false);
    sample(1, "a");
    sample(2, "a");
    sample(3, "b");
    cpu.endSegment(reading(360, 1, 100, 2, 100, 3, 100, 4, 40, 5, 20), true);
    assertThat(totals()).containsOnly(Map.entry("a", 240 * MILLI), Map.entry("b", 120 * MILLI));
  }

  @Test
  void aPoolOfManyThreadsIsDividedAmongAllItsSamplesOfTwoWindows() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0), false);
    sample(1, "a");
    sample(1, "a");
    cpu.endSegment(reading(20, 1, 20, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0), true);
    sample(1, "a");
    sample(2, "b");
    cpu.endSegment(reading(240, 1, 30, 2, 10, 3, 50, 4, 50, 5, 50, 6, 50), true);
    // 200 ms of four threads without a sample: 150 as in the three samples of a, 50 as in b's.
    assertThat(totals()).containsOnly(Map.entry("a", 180 * MILLI), Map.entry("b", 60 * MILLI));
  }

  @Test
  void samplesOfHalfAMinuteAgoRepresentNothing() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    sample(1, "a");
    sample(1, "a");
    sample(1, "a");
    for (int segment = 0; segment <= 60; segment++) {
      cpu.endSegment(reading(30, 1, 30, 2, 0), true);
    }
    cpu.endSegment(reading(80, 1, 30, 2, 50), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 30 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 50 * MILLI));
  }

  @Test
  void aPoolIsNotCountedWhereFewWereSeen() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0, 4, 0), false);
    sample(1, "a");
    sample(2, "a");
    cpu.endSegment(reading(260, 1, 100, 2, 100, 3, 30, 4, 30), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 200 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 60 * MILLI));
  }

  @Test
  void aSampleRepresentsOnlySoMuchOfItsPool() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0), false);
    sample(1, "a");
    sample(1, "a");
    sample(1, "a");
    cpu.endSegment(reading(530, 1, 30, 2, 250, 3, 250), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 30 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 500 * MILLI));
  }

  @Test
  void aThreadWhoseStackCannotBeWalkedIsNotCountedWhereItsPoolWasSeen() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0, 4, 0), false);
    sample(1, "a");
    sample(2, "a");
    sample(3, "a");
    cpu.endSegment(reading(800, 1, 100, 2, 100, 3, 100, 4, 500), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 300 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 500 * MILLI));
  }

  @Test
  void cpuTimeBeyondJavaThreadsBelongsToTheVm() {
    cpu.endSegment(reading(0, 1, 0), false);
    sample(1, "a");
    cpu.endSegment(reading(500, 1, 300), true);
    assertThat(totals())
        .containsOnly(Map.entry("a", 300 * MILLI), Map.entry(CpuCalibration.VM, 200 * MILLI));
  }

  @Test
  void threadsThatEndedCountPeriodsWithinTheProcessTime() {
    cpu.endSegment(reading(0, 1, 0), false);
    sample(9, "short");
    sample(9, "short");
    cpu.endSegment(reading(100, 1, 0), true);
    assertThat(totals())
        .containsOnly(Map.entry("short", 20 * MILLI), Map.entry(CpuCalibration.VM, 80 * MILLI));
  }

  @Test
  void whatAThreadThatEndedHadLeftCountsWhereItWasSeenLast() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    sample(2, "loop");
    cpu.endSegment(reading(100, 1, 0, 2, 100), false);
    cpu.endSegment(reading(200, 1, 0, 2, 200), false);
    cpu.endSegment(reading(200, 1, 0), true);
    assertThat(totals()).containsOnly(Map.entry("loop", 200 * MILLI));
  }

  @Test
  void aSampleOfAThreadThatEndedIsWorthWhatThoseOfTheLivingAre() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int i = 0; i < 10; i++) {
      sample(1, "a");
      sample(9, "short");
    }
    cpu.endSegment(reading(1_000, 1, 500), true);
    assertThat(totals()).containsOnly(Map.entry("a", 500 * MILLI), Map.entry("short", 500 * MILLI));
  }

  @Test
  void aThreadInNativeCodeThatUsedNoCpuCountsNothing() {
    cpu.endSegment(reading(0, 1, 0), false);
    inNative(1, "read0");
    cpu.endSegment(reading(0, 1, 0), true);
    assertThat(totals()).isEmpty();
  }

  @Test
  void theProcessClockNeverMakesTimeTwice() {
    cpu.endSegment(reading(0, 1, 0), false);
    sample(1, "a");
    // The process's clock ticks in 10 ms: it may be behind the thread's.
    cpu.endSegment(reading(90, 1, 100), false);
    sample(1, "a");
    cpu.endSegment(reading(200, 1, 190), true);
    assertThat(totals().values().stream().mapToLong(Long::longValue).sum()).isEqualTo(200 * MILLI);
  }

  private void timed(long thread, String leaf, long millis) {
    cpu.timed(thread, false, aggregator.stackPool().stackOf(leaf), 0, millis * MILLI);
  }

  private void inNative(long thread, String leaf) {
    cpu.sample(thread, false, true, aggregator.stackPool().stackOf(leaf), 0);
  }

  private long total() {
    return totals().values().stream().mapToLong(Long::longValue).sum();
  }

  private double share(String leaf) {
    Map<String, Long> totals = totals();
    double all = total();
    return totals.getOrDefault(leaf, 0L) / all;
  }

  @Test
  void timedSamplesShareTheCpuTimeOfTheirThread() {
    cpu.endSegment(reading(0, 1, 0), false);
    timed(1, "a", 100);
    timed(1, "b", 200);
    cpu.endSegment(reading(450, 1, 360), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 120 * MILLI),
            Map.entry("b", 240 * MILLI),
            Map.entry(CpuCalibration.VM, 90 * MILLI));
  }

  @Test
  void threadsThatNeverFillAPeriodAreCountedAsNotSampled() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0), false);
    timed(1, "a", 10);
    cpu.endSegment(reading(23, 1, 10, 2, 9, 3, 4), true);
    assertThat(totals())
        .containsOnly(
            Map.entry("a", 10 * MILLI), Map.entry(CpuCalibration.NOT_SAMPLED, 13 * MILLI));
  }

  @Test
  void timedSamplesOfThreadsThatEndedAreNotCountedAgainAsTimeOfTheVm() {
    cpu.endSegment(reading(0, 1, 0), false);
    timed(7, "short", 20);
    timed(8, "short", 20);
    timed(9, "short", 20);
    cpu.endSegment(reading(100, 1, 0), true);
    assertThat(totals())
        .containsOnly(Map.entry("short", 60 * MILLI), Map.entry(CpuCalibration.VM, 40 * MILLI));
  }

  @Test
  void timedSamplesOfThreadsThatEndedStayWithinTheProcessTime() {
    cpu.endSegment(reading(0, 1, 0), false);
    timed(7, "short", 60);
    timed(8, "short", 60);
    cpu.endSegment(reading(100, 1, 0), true);
    assertThat(totals()).containsOnly(Map.entry("short", 100 * MILLI));
  }

  @Test
  void aLostTimedSampleIsMadeUpForByTheOthersOfItsThread() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int i = 0; i < 4; i++) {
      timed(1, i < 3 ? "a" : "b", 10);
    }
    cpu.endSegment(reading(80, 1, 80), true);
    assertThat(totals()).containsOnly(Map.entry("a", 60 * MILLI), Map.entry("b", 20 * MILLI));
  }

  /** Event loops of a relocated library: 25 ms of work in half a second, otherwise they wait. */
  @Test
  void waitsInAnUnknownNativeMethodGetNoCpuTime() {
    cpu.endSegment(reading(0, 1, 0, 2, 0, 3, 0, 4, 0), false);
    for (int segment = 1; segment <= 20; segment++) {
      for (int thread = 1; thread <= 4; thread++) {
        for (int i = 0; i < 2 + (segment + thread) % 2; i++) {
          sample(thread, "work");
        }
        for (int i = 0; i < 6; i++) {
          inNative(thread, "shaded.epoll.Native.epollWait");
        }
      }
      long cpuMillis = 25L * segment;
      cpu.endSegment(
          reading(4 * cpuMillis, 1, cpuMillis, 2, cpuMillis, 3, cpuMillis, 4, cpuMillis),
          segment == 20);
    }
    assertThat(share("shaded.epoll.Native.epollWait")).isLessThan(0.05);
    assertThat(share("work")).isGreaterThan(0.9);
    assertThat(totals().values().stream().mapToLong(Long::longValue).sum())
        .isCloseTo(2_000 * MILLI, Offset.offset(1_000L)); // every sample is rounded
  }

  /** Bursts of 10 ms of work per 100 ms; the rest of the time the thread reads from a pipe. */
  @Test
  void aReaderThatWorksInBurstsIsCountedWhereItWorks() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 20; segment++) {
      for (int i = 0; i < 5; i++) {
        sample(1, "work");
      }
      for (int i = 0; i < 22; i++) {
        inNative(1, "java.io.FileInputStream.readBytes");
      }
      cpu.endSegment(reading(50L * segment, 1, 50L * segment), segment == 20);
    }
    assertThat(share("work")).isGreaterThan(0.9);
  }

  /** Its samples are rare, as it takes turns with nine threads that wait. */
  @Test
  void aNativeMethodThatRunsKeepsItsCpuTimeNextToThreadsThatWait() {
    long[] idle = new long[20];
    for (int i = 0; i < 9; i++) {
      idle[2 * i] = 10L + i;
    }
    idle[18] = 1;
    cpu.endSegment(reading(0, idle.clone()), false);
    int turn = 0;
    for (int segment = 1; segment <= 40; segment++) {
      for (int i = 0; i < 25; i++) {
        sample(1, "java");
      }
      // Of 25 ticks, in every second of which thread 1 is in native code.
      for (int tick = 0; tick < 25; tick++) {
        turn = (turn + 1) % 19;
        if (turn == 0) {
          inNative(1, "codec.Jni.encode");
        } else {
          inNative(10 + turn % 9, "sun.nio.ch.EPoll.wait");
        }
      }
      idle[19] = 500L * segment;
      cpu.endSegment(reading(500L * segment, idle.clone()), segment == 40);
    }
    assertThat(share("codec.Jni.encode")).isBetween(0.4, 0.6);
  }

  /** A thread that is sampled now and then only: segments have one sample or none. */
  @Test
  void cpuTimeOfSegmentsWithoutASampleIsDividedLikeThatOfOthers() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 64; segment++) {
      switch (segment % 8) {
        case 2, 6 -> sample(1, "java");
        case 4 -> inNative(1, "codec.Jni.encode"); // represents two
        default -> {} // not sampled
      }
      cpu.endSegment(reading(5L * segment, 1, 5L * segment), segment == 64);
    }
    assertThat(share("codec.Jni.encode")).isBetween(0.4, 0.6);
  }

  /** The JDK takes no sample where it cannot walk the stack, which happens in Java only. */
  @Test
  void missingSamplesInJavaDoNotMakeNativeCodeLarger() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 80; segment++) {
      sample(1, "java"); // every third one
      if (segment % 4 == 0) {
        inNative(1, "socket.writev");
      }
      cpu.endSegment(reading(35L * segment, 1, 35L * segment), segment == 80);
    }
    assertThat(share("socket.writev")).isBetween(0.1, 0.2); // 5 of 35 ms, and 10 for Java seen
  }

  /** Native samples are rare: by themselves they would be a third too many. */
  @Test
  void theCpuTimeThatJavaLeavesCorrectsRareNativeSamples() {
    long[] idle = new long[20];
    for (int i = 0; i < 9; i++) {
      idle[2 * i] = 10L + i;
    }
    idle[18] = 1;
    cpu.endSegment(reading(0, idle.clone()), false);
    for (int segment = 1; segment <= 40; segment++) {
      for (int i = 0; i < 12; i++) {
        sample(1, "java");
      }
      for (int i = 0; i < 18; i++) {
        inNative(10 + i % 9, "sun.nio.ch.EPoll.wait");
      }
      if (segment % 3 != 0) {
        inNative(1, "codec.Jni.encode"); // 200 ms each
      }
      idle[19] = 220L * segment;
      cpu.endSegment(reading(220L * segment, idle.clone()), segment == 40);
    }
    assertThat(share("codec.Jni.encode")).isBetween(0.43, 0.51); // 100 of 220 ms
  }

  /** Each was seen as often; the samples of one came soon after those of the other by chance. */
  @Test
  void rareSamplesOfAPoolCountAlikeHoweverLongTheTimeBetweenThem() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    for (int segment = 1; segment <= 160; segment++) {
      for (int thread = 1; thread <= 2; thread++) {
        if (segment % 16 == 8 * thread - 1) {
          sample(thread, "a");
        } else if (segment % 16 == 8 * thread % 16) {
          sample(thread, "b");
        }
        inNative(thread, "sun.nio.ch.EPoll.wait");
      }
      cpu.endSegment(reading(8L * segment, 1, 4L * segment, 2, 4L * segment), segment % 40 == 0);
    }
    assertThat(share("a") / share("b")).isBetween(0.6, 1.7); // 7 by the time between them
  }

  @Test
  void aThreadThatIsNeverInNativeCodeHasNothingOfItsPoolsNativeTime() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    for (int segment = 1; segment <= 40; segment++) {
      for (int i = 0; i < 25; i++) {
        inNative(1, "java.util.zip.Deflater.deflateBytesBytes");
      }
      for (int i = 0; i < 50; i++) {
        sample(2, "java");
      }
      long millis = 500L * segment;
      cpu.endSegment(reading(2 * millis, 1, millis, 2, millis), segment == 40);
    }
    assertThat(share("java")).isCloseTo(0.5, Offset.offset(0.01));
    assertThat(total()).isCloseTo(40_000 * MILLI, Offset.offset(10_000L));
  }

  @Test
  void nativeCodeKeepsItsTimeLongAfterTheLastSampleInJava() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 3_000; segment++) {
      if (segment <= 20) {
        sample(1, "java");
      }
      for (int i = 0; i < 25; i++) {
        inNative(1, "codec.Jni.encode");
      }
      cpu.endSegment(reading(490L * segment, 1, 490L * segment), segment % 20 == 0);
    }
    assertThat(share("codec.Jni.encode")).isGreaterThan(0.999);
    assertThat(NativeUsage.share(490, Double.MIN_VALUE, 500, 1)).isEqualTo(1);
    assertThat(total()).isCloseTo(490L * 3_000 * MILLI, Offset.offset(100_000L));
  }

  /** A thread of which half of the samples in Java are missing. */
  @Test
  void aWaitGetsNoMoreThanTheTimeInWhichItWasSeen() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 80; segment++) {
      for (int i = 0; i < 25; i++) {
        sample(1, "java");
      }
      if (segment % 10 == 0) {
        inNative(1, "sun.nio.ch.SocketDispatcher.read0"); // 20 ms of 5 s
      }
      cpu.endSegment(reading(500L * segment, 1, 500L * segment), segment % 20 == 0);
    }
    assertThat(share("sun.nio.ch.SocketDispatcher.read0")).isLessThan(0.006);
    assertThat(total()).isCloseTo(40_000 * MILLI, Offset.offset(100_000L));
  }

  /** A thread without a pool, and windows that end between two of its samples in native code. */
  @Test
  void nativeTimeWithoutASampleStaysInNativeCode() {
    CpuCalibration alone =
        new CpuCalibration(
            aggregator,
            ids -> Arrays.stream(ids).mapToObj(id -> "Thread-0").toArray(String[]::new),
            10 * MILLI,
            20 * MILLI,
            false);
    int java = aggregator.stackPool().stackOf("java");
    int codec = aggregator.stackPool().stackOf("codec.Jni.encode");
    alone.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 120; segment++) {
      alone.sample(1, false, false, java, 0);
      if (segment % 6 == 0) {
        for (int i = 0; i < 3; i++) {
          alone.sample(1, false, true, codec, 0);
        }
      }
      alone.endSegment(reading(20L * segment, 1, 20L * segment), segment % 6 == 3);
    }
    assertThat(share("codec.Jni.encode")).isBetween(0.42, 0.56);
  }

  /** With too few processors, the time in Java and in native code is compared. */
  @Test
  void usesTheMeasuredIntervalOfTheSampler() {
    cpu.endSegment(reading(0, 1, 0), false);
    long nanos = 1_000 * MILLI;
    for (int segment = 1; segment <= 200; segment++) {
      for (int i = 0; i < 10; i++) {
        nanos += 14 * MILLI;
        cpu.sampledAt(false, nanos);
        sample(1, "java");
      }
      for (int i = 0; i < 10; i++) {
        inNative(1, "codec.Jni.encode");
      }
      cpu.endSegment(reading(200L * segment, 1, 200L * segment), segment == 200);
    }
    assertThat(share("codec.Jni.encode")).isCloseTo(200 / 340.0, Offset.offset(0.03));
  }

  @Test
  void tellsHowMuchOfTheCpuTimeSamplesRepresent() {
    assertThat(cpu.coverage()).isEqualTo(100); // nothing is missing yet
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 40; segment++) {
      for (int i = 0; i < 10; i++) {
        sample(1, "java");
      }
      for (int i = 0; i < 12; i++) {
        inNative(1, "sun.nio.ch.EPoll.wait");
      }
      cpu.endSegment(reading(250L * segment, 1, 250L * segment), segment % 20 == 0);
    }
    assertThat(cpu.coverage()).isEqualTo(40);
    assertThat(share("java")).isGreaterThan(0.9);
  }

  /** An unknown event loop that is idle at first; later most samples in Java are missing. */
  @Test
  void aMethodThatWaitsDoesSoInABusyThreadToo() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 100; segment++) {
      for (int i = 0; i < (segment <= 20 ? 0 : 8); i++) {
        sample(1, "java");
      }
      for (int i = 0; i < (segment <= 20 ? 25 : 12); i++) {
        inNative(1, "shaded.epoll.Native.epollWait");
      }
      long millis = segment <= 20 ? segment : 20 + 250L * (segment - 20);
      cpu.endSegment(reading(millis, 1, millis), segment % 20 == 0);
    }
    assertThat(share("java")).isGreaterThan(0.9);
  }

  /** One thread was seen at work, another one of its pool only waiting. */
  @Test
  void threadsThatWereSeenOnlyWaitingAreCountedWhereTheirPoolWorks() {
    cpu.endSegment(reading(0, 1, 0, 2, 0), false);
    for (int segment = 1; segment <= 40; segment++) {
      sample(1, "work");
      for (int i = 0; i < 12; i++) {
        inNative(1, "sun.nio.ch.EPoll.wait");
        inNative(2, "sun.nio.ch.EPoll.wait");
      }
      cpu.endSegment(reading(12L * segment, 1, 10L * segment, 2, 2L * segment), segment % 20 == 0);
    }
    assertThat(share("work")).isGreaterThan(0.97);
  }

  @Test
  void theMeasuredIntervalOfTheSamplerIsUsed() {
    SamplingInterval interval = new SamplingInterval(10 * MILLI);
    long nanos = 1_000 * MILLI;
    for (int i = 0; i < 5_000; i++) {
      nanos += i % 4 == 0 ? 33 * MILLI : 11 * MILLI; // a round without a sample in between
      interval.add(nanos);
      interval.add(nanos + 1_000); // another thread of the round
      interval.add(nanos - 5 * MILLI);
    }
    assertThat(interval.nanos()).isCloseTo(11 * MILLI, Offset.offset(0.1 * MILLI));
  }

  /** A thread is then seen for longer than it runs, in Java as in native code. */
  @Test
  void aNativeMethodThatRunsKeepsItsShareWhenThereAreTooFewProcessors() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 40; segment++) {
      for (int i = 0; i < 13; i++) {
        sample(1, "java");
      }
      for (int i = 0; i < 18; i++) {
        inNative(1, "codec.Jni.encode");
      }
      cpu.endSegment(reading(250L * segment, 1, 250L * segment), segment == 40);
    }
    assertThat(share("codec.Jni.encode")).isBetween(0.65, 0.8);
  }

  /** Segments in which the thread is seen only waiting must not get the time of the others. */
  @Test
  void waitsDoNotGetTheCpuTimeOfOtherNativeMethods() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 80; segment++) {
      for (int i = 0; i < 2; i++) {
        sample(1, "java");
      }
      if (segment % 2 == 0) {
        inNative(1, "socket.writev"); // 20 ms in every other segment
      }
      for (int i = 0; i < 22; i++) {
        inNative(1, "shaded.epoll.Native.epollWait");
      }
      cpu.endSegment(reading(30L * segment, 1, 30L * segment), segment == 80);
    }
    assertThat(share("shaded.epoll.Native.epollWait")).isLessThan(0.05);
    assertThat(share("socket.writev")).isBetween(0.2, 0.45);
  }

  @Test
  void aNativeMethodThatRunsAloneHasAllOfItsThread() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 10; segment++) {
      for (int i = 0; i < 25; i++) {
        inNative(1, "codec.Jni.encode");
      }
      cpu.endSegment(reading(490L * segment, 1, 490L * segment), segment == 10);
    }
    assertThat(totals()).containsOnly(Map.entry("codec.Jni.encode", 4_900 * MILLI));
  }

  @Test
  void cpuTimeOfAThreadThatOnlyWaitsIsCountedWhereItWaits() {
    cpu.endSegment(reading(0, 1, 0), false);
    for (int segment = 1; segment <= 10; segment++) {
      for (int i = 0; i < 25; i++) {
        inNative(1, "sun.nio.ch.EPoll.wait");
      }
      cpu.endSegment(reading(segment, 1, segment), segment == 10);
    }
    assertThat(totals()).containsOnly(Map.entry("sun.nio.ch.EPoll.wait", 10 * MILLI));
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
    carried.endSegment(reading(0, 1, 0, 5, 0), false);
    carried.sample(77, true, false, aggregator.stackPool().stackOf("v"), 0);
    carried.sample(78, true, false, aggregator.stackPool().stackOf("v"), 0);
    carried.endSegment(reading(800, 1, 0, 5, 800), true);
    assertThat(totals()).containsOnly(Map.entry("v", 800 * MILLI));
  }
}
