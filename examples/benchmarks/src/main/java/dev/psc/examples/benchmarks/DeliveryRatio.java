package dev.psc.examples.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryBuilder;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The processor time of sending through queue and spool, compared with passing the same batches to
 * the sink directly. Profiles go to an embedded store over TLS on this machine; both sides include
 * the store.
 */
public final class DeliveryRatio implements Ratio {

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final int PROFILES = 600;
  private static final int ROUNDS = 5;
  private static final int BATCH_BYTES = 1 << 20;
  private static final int CALLS_IN_FLIGHT = 2;

  /** The cost of one way of sending. */
  private record Cost(double seconds, double cpuSeconds) {}

  private interface Way {
    void send(ProfileSink sink, List<RawProfile> profiles) throws Exception;
  }

  @Override
  public String name() {
    return "delivery-vs-bare-sink";
  }

  @Override
  public double goal() {
    return 1.5;
  }

  @Override
  public Measurement measure() throws Exception {
    List<RawProfile> some = DeliveryInputs.profiles();
    List<RawProfile> profiles = new ArrayList<>();
    long bytes = 0;
    for (int i = 0; i < PROFILES; i++) {
      profiles.add(some.get(i % some.size()));
      bytes += profiles.get(i).sizeBytes();
    }
    Path directory = Files.createTempDirectory("psc-delivery-ratio");
    try {
      Way bare = DeliveryRatio::sendBare;
      Way queue = (sink, all) -> sendThrough(Delivery.builder(sink), all);
      Way spool =
          (sink, all) -> {
            Path files = directory.resolve("spool");
            sendThrough(Delivery.builder(sink).spool(files), all);
            DeliveryInputs.delete(files);
          };
      List<Way> ways = List.of(bare, queue, spool);
      for (int i = 0; i < 1; i++) {
        for (Way way : ways) {
          cost(way, profiles);
        }
      }
      double[] ratios = new double[ROUNDS];
      double[][] seconds = new double[ways.size()][ROUNDS];
      double[][] cpu = new double[ways.size()][ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        for (int way = 0; way < ways.size(); way++) {
          Cost cost = cost(ways.get(way), profiles);
          seconds[way][round] = cost.seconds();
          cpu[way][round] = cost.cpuSeconds();
        }
        ratios[round] = cpu[2][round] / cpu[0][round];
      }
      StringBuilder detail = new StringBuilder();
      List<String> names = List.of("bare sink", "queue", "queue and spool");
      for (int way = 0; way < ways.size(); way++) {
        double took = Stopwatch.median(seconds[way]);
        detail.append(
            String.format(
                Locale.ROOT,
                "%s %.0f profiles/s, %.0f MB/s, %.1f CPU s/GB; ",
                names.get(way),
                PROFILES / took,
                bytes / 1e6 / took,
                Stopwatch.median(cpu[way]) / (bytes / 1e9)));
      }
      detail.append(
          String.format(
              Locale.ROOT,
              "queue and spool into a sink that does nothing %.2f CPU s/GB; ",
              own(spool, profiles) / (bytes / 1e9)));
      detail.append(latency(some)).append(", ").append(bytes / PROFILES).append(" bytes a profile");
      return new Measurement.Measured(Stopwatch.median(ratios), detail.toString());
    } finally {
      DeliveryInputs.delete(directory);
    }
  }

  private static Cost cost(Way way, List<RawProfile> profiles) throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      ManagedChannel channel = store.openChannel();
      try (GrpcProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build()) {
        accepted(sink.send(List.of(profiles.get(0))).toCompletableFuture());
        System.gc();
        long start = System.nanoTime();
        long cpu = SYSTEM.getProcessCpuTime();
        way.send(sink, profiles);
        return new Cost(
            (System.nanoTime() - start) / 1e9, (SYSTEM.getProcessCpuTime() - cpu) / 1e9);
      }
    }
  }

  /** A sink that accepts every batch immediately and discards it. */
  private static final class Sieve implements ProfileSink {

    @Override
    public String name() {
      return "sieve";
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      return CompletableFuture.completedFuture(new SendOutcome.Accepted());
    }

    @Override
    public void close() {}
  }

  /** Returns the processor seconds with a sink that does nothing. */
  private static double own(Way way, List<RawProfile> profiles) throws Exception {
    double[] seconds = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      long cpu = SYSTEM.getProcessCpuTime();
      way.send(new Sieve(), profiles);
      seconds[round] = (SYSTEM.getProcessCpuTime() - cpu) / 1e9;
    }
    return Stopwatch.median(seconds);
  }

  /** Sends the batches of the delivery without queue and spool. */
  private static void sendBare(ProfileSink sink, List<RawProfile> profiles) {
    Deque<CompletableFuture<SendOutcome>> calls = new ArrayDeque<>();
    List<RawProfile> batch = new ArrayList<>();
    long bytes = 0;
    for (RawProfile profile : profiles) {
      if (bytes + profile.sizeBytes() > BATCH_BYTES) {
        if (calls.size() == CALLS_IN_FLIGHT) {
          accepted(calls.remove());
        }
        calls.add(sink.send(List.copyOf(batch)).toCompletableFuture());
        batch.clear();
        bytes = 0;
      }
      batch.add(profile);
      bytes += profile.sizeBytes();
    }
    calls.add(sink.send(List.copyOf(batch)).toCompletableFuture());
    calls.forEach(DeliveryRatio::accepted);
  }

  private static void accepted(CompletableFuture<SendOutcome> call) {
    SendOutcome outcome = call.join();
    if (!(outcome instanceof SendOutcome.Accepted)) {
      throw new IllegalStateException("the store did not accept it: " + outcome);
    }
  }

  private static void sendThrough(DeliveryBuilder builder, List<RawProfile> profiles) {
    try (Delivery delivery = builder.queueMaxBytes(256 << 20).build()) {
      for (RawProfile profile : profiles) {
        if (!delivery.accept(profile).isAccepted()) {
          throw new IllegalStateException("not accepted: " + delivery.snapshot());
        }
      }
      if (!delivery.flush(Duration.ofSeconds(60)) || delivery.snapshot().droppedTotal() > 0) {
        throw new IllegalStateException("not everything was sent: " + delivery.snapshot());
      }
    }
  }

  /**
   * Returns the latency that the queue adds to a call without batching, at 25 profiles a second.
   */
  private static String latency(List<RawProfile> profiles) throws Exception {
    int count = 150;
    double[] alone = new double[count];
    double[] queued = new double[count];
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      ManagedChannel channel = store.openChannel();
      try (GrpcProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build();
          Delivery delivery = Delivery.builder(sink).batchMaxAge(Duration.ZERO).build()) {
        accepted(sink.send(List.of(profiles.get(0))).toCompletableFuture());
        delivery.start();
        CountDownLatch sent = new CountDownLatch(count);
        long begin = System.nanoTime();
        for (int i = 0; i < count; i++) {
          RawProfile profile = profiles.get(i % profiles.size());
          DeliveryInputs.awaitNanos(begin + i * 40_000_000L);
          long start = System.nanoTime();
          accepted(sink.send(List.of(profile)).toCompletableFuture());
          alone[i] = (System.nanoTime() - start) / 1e6;
          DeliveryInputs.awaitNanos(begin + i * 40_000_000L + 20_000_000L);
          int at = i;
          long handedIn = System.nanoTime();
          delivery
              .submit(profile)
              .durability()
              .thenAccept(
                  durability -> {
                    queued[at] = (System.nanoTime() - handedIn) / 1e6;
                    sent.countDown();
                  });
        }
        if (!sent.await(60, TimeUnit.SECONDS)) {
          throw new IllegalStateException("not everything was sent: " + delivery.snapshot());
        }
      }
    }
    Arrays.sort(alone);
    Arrays.sort(queued);
    int p99 = count * 99 / 100;
    return String.format(
        Locale.ROOT,
        "a call p50 %.1f ms, p99 %.1f ms, through the queue (batchMaxAge 0) p50 %.1f ms, p99 %.1f ms",
        alone[count / 2],
        alone[p99],
        queued[count / 2],
        queued[p99]);
  }
}
