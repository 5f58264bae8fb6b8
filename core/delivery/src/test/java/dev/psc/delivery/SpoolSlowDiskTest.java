package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.DeliverySnapshot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the spool on a disk that is too slow. */
class SpoolSlowDiskTest {

  private final FakeTicker time = new FakeTicker();
  private final FakeSink sink = new FakeSink().answers(FakeSink.retry());
  private final FaultyDisk disk = new FaultyDisk();
  private Delivery delivery = Delivery.create(sink);
  private int next;

  @BeforeEach
  void open(@TempDir Path directory) {
    delivery =
        Delivery.builder(sink)
            .ticker(time)
            .random(() -> 1.0)
            .disk(disk)
            .spool(directory.resolve("spool"))
            .queueMaxBytes(64 << 10)
            .profileMaxBytes(8 << 10)
            .manual()
            .build();
    delivery.start();
  }

  private boolean accept() {
    return delivery.accept(profile("a", "" + next++, 4096)).isAccepted();
  }

  @Test
  void refusesWhatTheDiskCannotTake() {
    int taken = 0;
    while (accept()) {
      taken++;
    }
    assertThat(taken).isEqualTo(16);
    assertThat(delivery.snapshot().refused()).isEqualTo(Map.of("spool_slow", 1L));
    delivery.step();
    assertThat(accept()).isTrue();
    assertThat(delivery.snapshot().droppedTotal()).isZero();
    assertThat(delivery.snapshot().queued()).isEqualTo(17);
  }

  @Test
  void dropsTheOldestWhileTheDiskStalls() {
    while (accept()) {
      // until memory is full
    }
    int before = next;
    disk.duringNextWrite(
        () -> {
          assertThat(accept()).isFalse();
          time.advance(Duration.ofSeconds(11));
          for (int i = 0; i < 10; i++) {
            assertThat(accept()).isTrue();
          }
        });
    delivery.step();
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.dropped()).isEqualTo(Map.of("queue_full", 10L));
    assertThat(snapshot.refused()).isEqualTo(Map.of("spool_slow", 2L));
    sink.answers(new SendOutcome.Accepted());
    for (int i = 0; i < 1000 && delivery.snapshot().queued() > 0; i++) {
      time.advance(Duration.ofMillis(100));
      delivery.step();
    }
    assertThat(sink.received())
        .isEqualTo(
            IntStream.concat(IntStream.range(10, 16), IntStream.range(before + 1, before + 11))
                .mapToObj(String::valueOf)
                .toList());
  }
}
