package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ThreadPoolsTest {

  private static final long MILLI = 1_000_000;

  private long segment;
  private final ThreadPools pools = new ThreadPools(10 * MILLI);

  private void inJava(long thread, int stack, long weight) {
    add(0, thread, stack, false, weight);
  }

  private void add(long segment, long thread, int stack, boolean inNative, long weight) {
    pools.add(new ThreadPools.PoolSample(segment, thread, stack, 0, inNative, weight));
  }

  private static Map<String, ThreadPools.Unsampled> unsampled(long inJava, long inNative) {
    ThreadPools.Unsampled nanos = new ThreadPools.Unsampled();
    nanos.add(inJava, inNative);
    return new HashMap<>(Map.of("io-N", nanos));
  }

  private Map<Integer, Long> divide(Map<String, ThreadPools.Unsampled> unsampled) {
    Map<Integer, Long> parts = new HashMap<>();
    pools.divide(
        segment,
        unsampled,
        ids -> Arrays.stream(ids).mapToObj(id -> id < 0 ? "" : "io-" + id).toArray(String[]::new),
        (stack, tags, nanos) -> parts.merge(stack, nanos, Long::sum));
    return parts;
  }

  @Test
  void dividesByTheWeightsOfSamplesWithoutLosingATime() {
    inJava(1, 100, 10 * MILLI);
    inJava(2, 200, 20 * MILLI);
    inJava(3, 300, 30 * MILLI);
    Map<String, ThreadPools.Unsampled> unsampled = unsampled(100 * MILLI + 1, 0);
    unsampled.put("other", new ThreadPools.Unsampled());
    Map<Integer, Long> parts = divide(unsampled);
    assertThat(unsampled).containsOnlyKeys("other");
    assertThat(parts.values().stream().mapToLong(part -> part).sum()).isEqualTo(100 * MILLI + 1);
    assertThat(parts.get(300)).isCloseTo(50 * MILLI, Offset.offset(2L));
  }

  @Test
  void nativeCodeGetsItsOwnCpuTimeWhateverItsWeight() {
    for (int stack = 100; stack < 400; stack += 100) {
      inJava(1, stack, 10 * MILLI);
    }
    add(0, 2, 400, true, 80 * MILLI);
    assertThat(divide(unsampled(90 * MILLI, 10 * MILLI)))
        .containsEntry(100, 30 * MILLI)
        .containsEntry(200, 30 * MILLI)
        .containsEntry(300, 30 * MILLI)
        .containsEntry(400, 10 * MILLI);
  }

  @Test
  void aPoolThatWasSeenInJavaOnlyLosesNoCpuTimeInNativeCode() {
    inJava(1, 100, MILLI);
    inJava(1, 100, MILLI);
    inJava(2, 200, MILLI);
    assertThat(divide(unsampled(20 * MILLI, 10 * MILLI)))
        .containsOnly(Map.entry(100, 20 * MILLI), Map.entry(200, 10 * MILLI));
  }

  @Test
  void earlierWindowsOfHalfAMinuteCountWhereOneHasFewSamples() {
    for (segment = 1; segment <= 100; segment++) {
      add(segment, 1 + segment % 2, (int) segment, false, MILLI);
      if (segment % 3 == 0) {
        pools.endWindow(segment); // short ones, as of several readers
      }
    }
    segment = 100;
    Map<Integer, Long> parts = divide(unsampled(100 * MILLI, 0));
    assertThat(parts).hasSize(20).containsEntry(81, 5 * MILLI).containsEntry(100, 5 * MILLI);
    pools.endWindow(100);
    segment = 157;
    assertThat(divide(unsampled(2 * MILLI, 0))).hasSize(3);
    segment = 158;
    assertThat(divide(unsampled(2 * MILLI, 0))).isEmpty(); // two samples are too few
  }

  @Test
  void aRareThreadIsKeptNextToBusyOnes() {
    for (int i = 0; i < 100_000; i++) {
      inJava(1_000 + i % 64, 200, MILLI);
      if (i % 25_000 == 24_999) {
        inJava(1, 100, MILLI);
      }
    }
    Map<Integer, Long> parts = new HashMap<>();
    pools.divide(
        0,
        unsampled(10 * MILLI, 0),
        ids ->
            Arrays.stream(ids)
                .mapToObj(id -> (id < 1_000 ? "io-" : "busy-") + id)
                .toArray(String[]::new),
        (stack, tags, nanos) -> parts.merge(stack, nanos, Long::sum));
    assertThat(parts).containsOnly(Map.entry(100, 10 * MILLI));
  }

  /** Spans of earlier windows have ended, and their numbers are used again. */
  @Test
  void keepsSpansOfTheWindowOnly() {
    int label = 3;
    int span = 5 << 14;
    for (segment = 1; segment <= 6; segment++) {
      pools.add(new ThreadPools.PoolSample(segment, 1, 100, span | label, false, MILLI));
      if (segment == 3) {
        pools.endWindow(segment);
      }
    }
    Map<Integer, Long> byTags = new HashMap<>();
    pools.divide(
        6,
        unsampled(60 * MILLI, 0),
        ids -> new String[] {"io-1"},
        (stack, tags, nanos) -> byTags.merge(tags, nanos, Long::sum));
    assertThat(byTags)
        .containsOnly(Map.entry(span | label, 30 * MILLI), Map.entry(label, 30 * MILLI));
  }

  @Test
  void aWindowWithManySamplesNeedsNoOthers() {
    for (int window = 0; window < 5; window++) {
      for (int i = 0; i < 100; i++) {
        add(window, 1, window, false, MILLI);
      }
      if (window < 4) {
        pools.endWindow(window);
      }
    }
    assertThat(divide(unsampled(MILLI, 0))).containsOnlyKeys(4);
  }

  @Test
  void endedThreadsOfUnknownPoolsRepresentNobody() {
    for (int i = 0; i < 3; i++) {
      inJava(-1 - i, 100, MILLI);
    }
    Map<String, ThreadPools.Unsampled> unsampled =
        new HashMap<>(Map.of(ThreadPools.nameOf(""), new ThreadPools.Unsampled()));
    assertThat(divide(unsampled)).isEmpty();
    assertThat(unsampled).hasSize(1);
  }
}
