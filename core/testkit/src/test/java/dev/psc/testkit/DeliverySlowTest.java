package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Long tests, and tests with many profiles. */
@Tag("slow")
@Timeout(1200)
class DeliverySlowTest {

  @Test
  void exactlyThePoisonedOfFiftyThousandAreMissing() {
    try (DeliveryRig rig = DeliveryRig.start();
        Delivery delivery = rig.delivery().callsInFlight(4).build()) {
      rig.store.faults().poison(profile -> DeliveryRig.id(profile) % 100 == 42);
      for (int i = 0; i < 50_000; i++) {
        assertThat(delivery.accept(DeliveryRig.profile("s" + i % 200, i)).isAccepted()).isTrue();
      }
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(rig.store.duplicateCount()).isZero();
      for (int s = 0; s < 200; s++) {
        int series = s;
        assertThat(rig.ids("s" + s))
            .isEqualTo(
                IntStream.range(0, 50_000)
                    .filter(i -> i % 200 == series && i % 100 != 42)
                    .boxed()
                    .toList());
      }
      DeliverySnapshot snapshot = delivery.snapshot();
      assertThat(snapshot.dropped()).isEqualTo(Map.of("invalid_argument", 500L));
      // Two series are bad throughout: they are found out, and each of theirs costs one call more.
      assertThat(snapshot.calls()).isLessThan(500 * 5);
    }
  }

  /** A full file system of 2 MiB. */
  @Test
  void keepsProfilesInMemoryWhenTheFileSystemIsFull(@TempDir Path directory) throws Exception {
    Path small = Files.createDirectory(directory.resolve("small"));
    Assumptions.assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small.toString()),
        "may not mount a file system here");
    try (DeliveryRig rig = DeliveryRig.start()) {
      rig.proxy.refuse();
      Path ballast = small.resolve("ballast");
      Files.write(ballast, new byte[1500 << 10]);
      Delivery delivery = rig.delivery().spool(small.resolve("spool")).build();
      int count = 4000;
      for (int i = 0; i < count; i++) {
        assertThat(delivery.accept(DeliveryRig.profile("a", i)).isAccepted()).isTrue();
      }
      await().atMost(PATIENCE).until(() -> !delivery.snapshot().spoolHealthy());
      assertThat(delivery.snapshot().spoolMessage()).containsIgnoringCase("space left");
      assertThat(delivery.snapshot().queued()).isEqualTo(count);
      Files.delete(ballast);
      await().atMost(PATIENCE).until(() -> delivery.snapshot().spoolHealthy());
      assertThat(delivery.close(PATIENCE.dividedBy(30)).spooled()).isEqualTo(count);
      rig.proxy.clear();
      try (Delivery second = rig.delivery().spool(small.resolve("spool")).build()) {
        second.start();
        assertThat(second.flush(PATIENCE)).isTrue();
        assertThat(rig.ids("a")).isEqualTo(IntStream.range(0, count).boxed().toList());
      }
    } finally {
      run("umount", "-l", small.toString());
    }
  }

  /** A read-only file system that becomes writable. */
  @Test
  void keepsProfilesInMemoryWhenTheFileSystemIsReadOnly(@TempDir Path directory) throws Exception {
    Path mounted = Files.createDirectory(directory.resolve("mounted"));
    Assumptions.assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", mounted.toString()),
        "may not mount a file system here");
    try (DeliveryRig rig = DeliveryRig.start()) {
      rig.proxy.refuse();
      Delivery delivery = rig.delivery().spool(mounted.resolve("spool")).build();
      delivery.start();
      assertThat(delivery.snapshot().spoolHealthy()).isFalse();
      assertThat(delivery.snapshot().spoolMessage()).containsIgnoringCase("read-only");
      int next = 0;
      for (; next < 100; next++) {
        assertThat(delivery.accept(DeliveryRig.profile("a", next)).isAccepted()).isTrue();
      }
      assertThat(run("mount", "-o", "remount,rw", mounted.toString())).isTrue();
      await().atMost(PATIENCE).until(() -> delivery.snapshot().spoolHealthy());
      for (; next < 200; next++) {
        assertThat(delivery.accept(DeliveryRig.profile("a", next)).isAccepted()).isTrue();
      }
      assertThat(delivery.close(PATIENCE.dividedBy(30)).spooled()).isEqualTo(200);
      rig.proxy.clear();
      try (Delivery second = rig.delivery().spool(mounted.resolve("spool")).build()) {
        second.start();
        assertThat(second.flush(PATIENCE)).isTrue();
        assertThat(rig.ids("a")).isEqualTo(IntStream.range(0, next).boxed().toList());
      }
    } finally {
      run("umount", "-l", mounted.toString());
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  /** Continuous faults for 20 s, or for the seconds of the property psc.soak.seconds. */
  @Test
  void memoryThreadsAndFilesStayFlat(@TempDir Path directory) throws Exception {
    long seconds = Long.getLong("psc.soak.seconds", 20);
    SplittableRandom random = new SplittableRandom(5);
    try (ForgetfulStore store = new ForgetfulStore();
        FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      ManagedChannel channel = StoreChannels.builder(proxy.address()).plaintext().build();
      try (GrpcProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build();
          Delivery delivery =
              DeliveryRig.delivery(sink)
                  .spool(directory.resolve("spool"))
                  .spoolMaxBytes(16 << 20)
                  .build()) {
        delivery.start();
        long start = System.nanoTime();
        long length = TimeUnit.SECONDS.toNanos(seconds);
        int next = 0;
        Usage early = null;
        while (System.nanoTime() - start < length) {
          for (int i = 0; i < 50; i++) {
            delivery.accept(DeliveryRig.profile("s" + next % 20, next++));
          }
          switch (random.nextInt(8)) {
            case 0 -> proxy.reset();
            case 1 -> store.failNext(2, Status.UNAVAILABLE);
            case 2 -> store.failNext(1, Status.RESOURCE_EXHAUSTED);
            case 3 -> proxy.cut();
            default -> assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
          }
          if (early == null && System.nanoTime() - start > length / 4) {
            early = Usage.now();
          }
        }
        assertThat(delivery.flush(PATIENCE)).isTrue();
        Usage late = Usage.now();
        assertThat(early).isNotNull();
        System.err.printf("%d profiles in %d s: %s, then %s%n", next, seconds, early, late);
        assertThat(late.threads()).isLessThanOrEqualTo(early.threads() + 10);
        assertThat(late.files()).isLessThanOrEqualTo(early.files() + 20);
        assertThat(late.heapBytes()).isLessThan(early.heapBytes() + (16L << 20));
        assertThat(delivery.snapshot().sent()).isEqualTo(next);
        assertThat(store.complete()).isEqualTo(next);
        // At most what was in flight at each of the cuts comes twice.
        assertThat(store.taken()).isLessThan(2L * next);
      }
    }
  }
}
