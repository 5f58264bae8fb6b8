package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiveHeapTest {

  private long now;
  private long used = 1L << 30;
  private long pauseNanos;
  private int taken;

  private LiveHeap heap(@Nullable Long maxBytes) {
    return new LiveHeap(
        Duration.ofMinutes(1),
        maxBytes,
        () -> {
          taken++;
          now += pauseNanos;
          return Snapshot.empty(JvmProfile.HEAP);
        },
        () -> used,
        () -> now);
  }

  @ParameterizedTest
  @CsvSource({"100, 60", "1000, 200"}) // a minute, and 0.5 % of the time
  void takesOneHistogramPerIntervalAndRarelyWhereItPausesLong(long pauseMillis, long seconds) {
    LiveHeap heap = heap(null);
    pauseNanos = pauseMillis * 1_000_000;
    heap.get();
    now += (seconds - 1) * 1_000_000_000L;
    heap.get();
    assertThat(taken).isEqualTo(1);
    now += 1_000_000_000L;
    heap.get();
    assertThat(taken).isEqualTo(2);
  }

  @Test
  void theSizeThatIsAllowedFollowsFromThePause() {
    LiveHeap heap = heap(null);
    pauseNanos = 1_400_000_000;
    heap.get();
    used += used / 10;
    now += 600_000_000_000L;
    assertThatThrownBy(heap::get)
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessage(
            "no histogram of the live heap: it would pause the application for about 1.5 s;"
                + " set heapMaxBytes to allow it");
    assertThat(taken).isEqualTo(1);

    used = 1L << 30;
    LiveHeap large = heap(null);
    pauseNanos = 300_000_000;
    large.get();
    used = 4L << 30;
    now += 600_000_000_000L;
    large.get();
  }

  @Test
  void aFirstHistogramAndALimitThatIsSetGoBySize() {
    used = (1L << 30) + 1;
    assertThatThrownBy(heap(null)::get).hasMessageContaining("heapMaxBytes = 1073741824");
    assertThatThrownBy(heap(1_000_000L)::get).hasMessageContaining("heapMaxBytes = 1000000");
    LiveHeap allowed = heap(Long.MAX_VALUE);
    pauseNanos = 5_000_000_000L;
    allowed.get();
    now += 2_000_000_000_000L;
    allowed.get();
    assertThat(taken).isEqualTo(2);
  }
}
