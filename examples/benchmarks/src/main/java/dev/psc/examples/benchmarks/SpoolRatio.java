package dev.psc.examples.benchmarks;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryBuilder;
import dev.psc.delivery.Receipt;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.Durability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The wall time of writing profiles to the spool, compared with writing the same bytes to one file,
 * both forced to the device every 200 ms. The best of five rounds counts, as other processes only
 * increase wall time.
 */
public final class SpoolRatio implements Ratio {

  private static final Duration RHYTHM = Duration.ofMillis(200);
  private static final long BYTES = 1L << 30;
  private static final int ROUNDS = 5;

  /** A store that never answers, so that only writing is measured. */
  static final class DeafSink implements ProfileSink {

    @Override
    public String name() {
      return "deaf";
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {}
  }

  @Override
  public String name() {
    return "spool-vs-plain-file";
  }

  /** At least 0.7 of the file's throughput. */
  @Override
  public double goal() {
    return 1 / 0.7;
  }

  @Override
  public Measurement measure() throws Exception {
    List<RawProfile> profiles = DeliveryInputs.profiles();
    Path directory = Files.createTempDirectory("psc-spool-ratio");
    try {
      double ours = Double.MAX_VALUE;
      double theirs = Double.MAX_VALUE;
      spool(directory, profiles);
      plain(directory, profiles);
      for (int round = 0; round < ROUNDS; round++) {
        ours = Math.min(ours, spool(directory, profiles));
        theirs = Math.min(theirs, plain(directory, profiles));
      }
      double megabytes = BYTES / 1e6;
      return new Measurement.Measured(
          ours / theirs,
          String.format(
              Locale.ROOT,
              "spool %.0f MB/s, plain file %.0f MB/s, %d bytes a profile; a profile is safe after"
                  + " (median, worst) by spoolSyncInterval: %s",
              megabytes / (ours / 1e9),
              megabytes / (theirs / 1e9),
              profiles.get(0).sizeBytes(),
              lossWindows(directory, profiles)));
    } finally {
      DeliveryInputs.delete(directory);
    }
  }

  private static DeliveryBuilder delivery(Path spool) {
    return Delivery.builder(new DeafSink())
        .spool(spool)
        .spoolMaxBytes(1L << 40)
        .queueMaxBytes(128 << 20)
        .closeTimeout(Duration.ZERO);
  }

  /** Returns the nanoseconds until all profiles are written. */
  private static double spool(Path directory, List<RawProfile> profiles) throws IOException {
    Path spool = directory.resolve("spool");
    try (Delivery delivery = delivery(spool).spoolSyncInterval(RHYTHM).build()) {
      delivery.start();
      long start = System.nanoTime();
      long bytes = 0;
      for (int i = 0; bytes < BYTES; i++) {
        RawProfile profile = profiles.get(i % profiles.size());
        while (!(delivery.accept(profile) instanceof Acceptance.Accepted)) {
          // The disk is slower than this loop.
          LockSupport.parkNanos(100_000);
        }
        bytes += profile.sizeBytes();
      }
      while (delivery.snapshot().spoolBytes() < bytes) {
        LockSupport.parkNanos(200_000);
      }
      return System.nanoTime() - start;
    } finally {
      DeliveryInputs.delete(spool);
    }
  }

  private static double plain(Path directory, List<RawProfile> profiles) throws IOException {
    Path file = directory.resolve("plain");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      long start = System.nanoTime();
      long forced = start;
      long bytes = 0;
      for (int i = 0; bytes < BYTES; i++) {
        ByteBuffer buffer = ByteBuffer.wrap(profiles.get(i % profiles.size()).pprof());
        while (buffer.hasRemaining()) {
          bytes += channel.write(buffer);
        }
        if (System.nanoTime() - forced >= RHYTHM.toNanos()) {
          channel.force(false);
          forced = System.nanoTime();
        }
      }
      return System.nanoTime() - start;
    } finally {
      Files.delete(file);
    }
  }

  private static String lossWindows(Path directory, List<RawProfile> profiles)
      throws IOException, InterruptedException {
    StringBuilder text = new StringBuilder();
    for (long millis : new long[] {0, 50, 200, 1000}) {
      long[] nanos = untilSafe(directory.resolve("window-" + millis), profiles, millis);
      Arrays.sort(nanos);
      text.append(text.isEmpty() ? "" : "; ")
          .append(
              String.format(
                  Locale.ROOT,
                  "%d ms: %.0f ms, %.0f ms",
                  millis,
                  nanos[nanos.length / 2] / 1e6,
                  nanos[nanos.length - 1] / 1e6));
    }
    return text.toString();
  }

  /** Submits 100 profiles a second, and returns the time until each was safe. */
  private static long[] untilSafe(Path spool, List<RawProfile> profiles, long syncMillis)
      throws InterruptedException {
    int count = 250;
    long[] nanos = new long[count];
    CountDownLatch safe = new CountDownLatch(count);
    try (Delivery delivery =
        delivery(spool).spoolSyncInterval(Duration.ofMillis(syncMillis)).build()) {
      delivery.start();
      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        DeliveryInputs.awaitNanos(start + i * 10_000_000L);
        int at = i;
        long accepted = System.nanoTime();
        Receipt receipt = delivery.submit(profiles.get(i % profiles.size()));
        receipt
            .durability()
            .thenAccept(
                durability -> {
                  nanos[at] = System.nanoTime() - accepted;
                  if (durability == Durability.SPOOLED) {
                    safe.countDown();
                  }
                });
      }
      if (!safe.await(30, TimeUnit.SECONDS)) {
        throw new IllegalStateException("not everything became safe: " + delivery.snapshot());
      }
    }
    return nanos;
  }
}
