package dev.psc.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class SpanTrackTest {

  private static final String TRACE = "0123456789abcdef0011223344556677";

  private final SpanTrack track = new SpanTrack(Thread.currentThread());

  @Test
  void tellsTheSpanOfATime() {
    long before = System.nanoTime() - 1;
    track.span(TRACE, "00000000000000aa");
    long first = System.nanoTime();
    track.span(TRACE, "00000000000000bb");
    long second = System.nanoTime();
    track.none();
    assertThat(track.at(before)).isNull();
    assertThat(track.at(first)).containsExactly(0x0123456789abcdefL, 0x0011223344556677L, 0xaa);
    assertThat(track.at(second)).containsExactly(0x0123456789abcdefL, 0x0011223344556677L, 0xbb);
    assertThat(track.at(System.nanoTime())).isNull();
  }

  @Test
  void keepsTheLastSecondsOfManyChanges() {
    track.span(TRACE, "%016x".formatted(1));
    long early = System.nanoTime();
    for (int i = 2; i < 5_000; i++) {
      track.span(TRACE, "%016x".formatted(i));
    }
    assertThat(track.at(early)).isNotNull().endsWith(1);
    assertThat(track.at(System.nanoTime())).isNotNull().endsWith(4_999);
  }

  @Test
  void readersNeverSeeHalfAnEntry() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              for (int i = 1; !done.get(); i = i % 1_000_000 + 1) {
                String id = "%016x".formatted(i);
                track.span(id + id, id);
              }
            });
    writer.start();
    int found = 0;
    long end = System.nanoTime() + 500_000_000L;
    for (int i = 0; System.nanoTime() < end; i++) {
      long[] ids = track.at(System.nanoTime() - i % 10_000);
      if (ids != null) {
        assertThat(ids[0]).isEqualTo(ids[1]).isEqualTo(ids[2]);
        found++;
      }
    }
    done.set(true);
    writer.join();
    assertThat(found).isPositive();
  }

  @Test
  void aThreadThatHasEndedIsForgottenLater() throws Exception {
    Thread thread = new Thread(() -> {});
    SpanTrack ended = new SpanTrack(thread);
    ended.span(TRACE, "00000000000000aa");
    thread.start();
    thread.join();
    assertThat(ended.dropIfEnded(System.nanoTime())).isFalse();
    assertThat(ended.dropIfEnded(System.nanoTime() + SpanTrack.KEPT_NANOS + 1)).isTrue();
  }
}
