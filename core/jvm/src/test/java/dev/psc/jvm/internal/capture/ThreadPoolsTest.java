package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ThreadPoolsTest {

  private static final long MILLI = 1_000_000;

  private final ThreadPools pools = new ThreadPools(10 * MILLI);

  private Map<Integer, Long> divide(Map<String, Long> unsampled) {
    Map<Integer, Long> parts = new HashMap<>();
    pools.divide(
        unsampled,
        ids -> Arrays.stream(ids).mapToObj(id -> id < 0 ? "" : "io-" + id).toArray(String[]::new),
        (stack, labels, nanos) -> parts.merge(stack, nanos, Long::sum));
    return parts;
  }

  @Test
  void dividesByTheWeightsOfSamplesWithoutLosingATime() {
    pools.add(1, 100, 0, 10 * MILLI);
    pools.add(2, 200, 0, 20 * MILLI);
    pools.add(3, 300, 0, 30 * MILLI);
    Map<String, Long> unsampled = new HashMap<>(Map.of("io-N", 100 * MILLI + 1, "other", 1L));
    Map<Integer, Long> parts = divide(unsampled);
    assertThat(unsampled).containsOnlyKeys("other");
    assertThat(parts.values().stream().mapToLong(part -> part).sum()).isEqualTo(100 * MILLI + 1);
    assertThat(parts.get(300)).isCloseTo(50 * MILLI, Offset.offset(2L));
  }

  @Test
  void keepsAFairPartOfManySamples() {
    for (int i = 0; i < 1_000_000; i++) {
      // In turns, so that what is kept must not depend on the order alone.
      pools.add(1 + i % 7, i % 10 < 3 ? 100 : 200, 0, MILLI);
    }
    Map<Integer, Long> parts = divide(new HashMap<>(Map.of("io-N", 1_000 * MILLI)));
    assertThat(parts.get(100)).isCloseTo(300 * MILLI, Offset.offset(40 * MILLI));
  }

  @Test
  void aWindowWithManySamplesMayBeFollowedByOthers() {
    for (int window = 0; window < 5; window++) {
      for (int i = 0; i < 20_000; i++) {
        pools.add(1, window, 0, MILLI);
      }
      pools.endWindow();
    }
    assertThat(divide(new HashMap<>(Map.of("io-N", MILLI)))).containsOnlyKeys(4);
  }

  @Test
  void endedThreadsOfUnknownPoolsRepresentNobody() {
    for (int i = 0; i < 3; i++) {
      pools.add(-1 - i, 100, 0, MILLI);
    }
    Map<String, Long> unsampled = new HashMap<>(Map.of(ThreadPools.nameOf(""), 10 * MILLI));
    assertThat(divide(unsampled)).isEmpty();
    assertThat(unsampled).hasSize(1);
  }
}
