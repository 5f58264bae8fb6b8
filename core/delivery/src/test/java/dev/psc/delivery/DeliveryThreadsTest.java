package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.micrometer.DeliveryMetrics;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliverySnapshot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests a delivery with its threads. */
class DeliveryThreadsTest {

  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path temporary;
  private final FakeSink sink = new FakeSink();

  @Test
  void sendsByItselfAndFlushesImmediately() {
    try (Delivery delivery = Delivery.create(sink)) {
      delivery.accept(profile("a", "1"));
      await().atMost(LONG).until(() -> sink.received().contains("1"));
    }
    try (Delivery delivery = Delivery.builder(sink).batchMaxAge(Duration.ofHours(1)).build()) {
      delivery.accept(profile("a", "2"));
      assertThat(delivery.flush(LONG)).isTrue();
      assertThat(sink.received()).containsExactly("1", "2");
      delivery.accept(profile("a", "3"));
      assertThat(delivery.close(LONG)).isEqualTo(new CloseReport(1, 0, 0));
    }
    assertThat(sink.received()).containsExactly("1", "2", "3");
  }

  @Test
  void flushGivesUpInTimeWhenTheSinkIsDown() {
    sink.answers(FakeSink.retry());
    Delivery delivery = Delivery.create(sink);
    delivery.accept(profile("a", "1"));
    assertThat(delivery.flush(Duration.ofMillis(50))).isFalse();
    assertThat(delivery.close(Duration.ofMillis(50)).lost()).isEqualTo(1);
  }

  @Test
  void closeDoesNotHangOnASinkThatBlocksForGood() throws InterruptedException {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    ProfileSink blocking =
        new ProfileSink() {
          @Override
          public String name() {
            return "blocking";
          }

          @Override
          public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
            blocked.countDown();
            try {
              never.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return CompletableFuture.completedFuture(new SendOutcome.Accepted());
          }

          @Override
          public void close() {}
        };
    Delivery delivery = Delivery.builder(blocking).batchMaxAge(Duration.ZERO).build();
    delivery.accept(profile("a", "1"));
    assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();
    // The caller is not delayed.
    assertThat(delivery.accept(profile("a", "2")).isAccepted()).isTrue();
    long start = System.nanoTime();
    assertThat(delivery.close(Duration.ofMillis(200)).lost()).isEqualTo(2);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
    never.countDown();
  }

  @Test
  void aDeadSinkHoldsUpNoOther() {
    FakeSink dead = new FakeSink().holds(true);
    Delivery living = Delivery.builder(sink).closeTimeout(Duration.ZERO).build();
    try (FanOut both =
        FanOut.of(Delivery.builder(dead).closeTimeout(Duration.ZERO).build(), living)) {
      both.start();
      for (int i = 0; i < 1000; i++) {
        assertThat(both.accept(profile("s" + i % 10, "" + i)).isAccepted()).isTrue();
      }
      assertThat(living.flush(LONG)).isTrue();
      assertThat(sink.received()).hasSize(1000);
      assertThat(both.snapshots().get(0).queued()).isEqualTo(1000);
    }
  }

  @Test
  void survivesInterruptionAndListenersThatThrow() {
    Set<Thread> threads = new HashSet<>();
    try (Delivery delivery =
        Delivery.builder(sink)
            .threadFactory(
                task -> {
                  Thread thread = new Thread(task);
                  thread.setDaemon(true);
                  threads.add(thread);
                  return thread;
                })
            .spool(temporary.resolve("spool"))
            .listener(
                event -> {
                  throw new IllegalStateException("listener");
                })
            .build()) {
      delivery.accept(profile("a", "1"));
      assertThat(threads)
          .extracting(Thread::getName)
          .containsExactlyInAnyOrder("psc-delivery-fake", "psc-spool-fake");
      threads.forEach(Thread::interrupt);
      await().atMost(LONG).until(() -> sink.received().contains("1"));
    }
    await().atMost(LONG).until(() -> threads.stream().noneMatch(Thread::isAlive));
  }

  /** Several threads submit while sink and disk fail at random: all arrive, in order per series. */
  @Test
  void losesNothingUnderLoadAndFaults() throws Exception {
    FaultyDisk disk = new FaultyDisk();
    java.util.concurrent.atomic.AtomicInteger calls =
        new java.util.concurrent.atomic.AtomicInteger();
    sink.answers(
        batch ->
            calls.incrementAndGet() % 5 == 0
                ? FakeSink.retry(Duration.ofMillis(5))
                : new SendOutcome.Accepted());
    Delivery delivery =
        Delivery.builder(sink)
            .spool(temporary.resolve("spool"))
            .disk(disk)
            .callsInFlight(3)
            .batchMaxBytes(16 << 10)
            .batchMaxAge(Duration.ofMillis(5))
            .backoffFirst(Duration.ofMillis(5))
            .build();
    delivery.start();
    List<Thread> sources = new ArrayList<>();
    for (int s = 0; s < 4; s++) {
      String series = "s" + s;
      Thread source =
          new Thread(
              () -> {
                for (int i = 0; i < 1000; i++) {
                  delivery.accept(profile(series, series + "-" + i, 100 + i % 3000));
                  if (series.equals("s0") && i % 100 == 0) {
                    disk.writeError(i % 200 == 0 ? "No space left on device" : "");
                  }
                }
                disk.writeError("");
              });
      sources.add(source);
      source.start();
    }
    for (Thread source : sources) {
      source.join();
    }
    assertThat(delivery.flush(LONG)).as("%s", delivery.snapshot()).isTrue();
    for (int s = 0; s < 4; s++) {
      String series = "s" + s;
      assertThat(sink.received().stream().filter(id -> id.startsWith(series + "-")))
          .isEqualTo(
              IntStream.range(0, 1000)
                  .mapToObj(i -> series + "-" + i)
                  .collect(Collectors.toList()));
    }
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.sent()).isEqualTo(4000);
    assertThat(snapshot.droppedTotal()).isZero();
    assertThat(delivery.close(LONG)).isEqualTo(new CloseReport(0, 0, 0));
  }

  @Test
  void keepsRefusedProfilesWithTheSinksWords() throws IOException {
    sink.answers(
        batch ->
            batch.stream().anyMatch(p -> Profiles.id(p).equals("bad"))
                ? FakeSink.rejected()
                : new SendOutcome.Accepted());
    Path letters = temporary.resolve("letters");
    try (Delivery delivery = Delivery.builder(sink).deadLetters(letters).build()) {
      delivery.accept(profile("a", "good"));
      delivery.accept(profile("a", "bad"));
      delivery.accept(profile("b", "fine"));
      assertThat(delivery.flush(LONG)).isTrue();
    }
    try (Stream<Path> files = Files.walk(letters)) {
      List<Path> all = files.filter(Files::isRegularFile).sorted().toList();
      assertThat(all).hasSize(3);
      assertThat(Files.readString(all.get(0))).startsWith("bad;");
      assertThat(Files.readString(all.get(1))).contains("function id is not sequential");
      assertThat(Files.readString(all.get(2))).contains("series=\"a\"");
    }
  }

  @Test
  void metersSayTheSameAsTheSnapshot() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Delivery delivery = Delivery.builder(sink).profileMaxBytes(10).build();
        DeliveryMetrics metrics = DeliveryMetrics.of(delivery)) {
      metrics.bindTo(registry);
      metrics.bindTo(registry);
      delivery.accept(profile("a", "1"));
      delivery.accept(profile("a", "2", 11));
      assertThat(delivery.flush(LONG)).isTrue();
      assertThat(registry.get("psc.delivery.accepted").functionCounter().count()).isEqualTo(1);
      assertThat(registry.get("psc.delivery.sent").tag("sink", "fake").functionCounter().count())
          .isEqualTo(1);
      assertThat(
              registry
                  .get("psc.delivery.refused")
                  .tag("reason", "too_large")
                  .functionCounter()
                  .count())
          .isEqualTo(1);
      assertThat(registry.get("psc.delivery.queue.profiles").gauge().value()).isZero();
      assertThat(registry.get("psc.delivery.state").tag("state", "sending").gauge().value())
          .isEqualTo(1);
    }
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void countersByReasonStartAtZero() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Delivery delivery = Delivery.create(sink);
        DeliveryMetrics metrics = DeliveryMetrics.of(delivery)) {
      metrics.bindTo(registry);
      for (String reason : DeliverySnapshot.DROP_REASONS) {
        assertThat(
                registry
                    .get("psc.delivery.dropped")
                    .tag("reason", reason)
                    .functionCounter()
                    .count())
            .isZero();
      }
      for (String reason : DeliverySnapshot.REFUSAL_REASONS) {
        assertThat(
                registry
                    .get("psc.delivery.refused")
                    .tag("reason", reason)
                    .functionCounter()
                    .count())
            .isZero();
      }
    }
  }

  @Test
  void writesProfilesAsFilesPerSeries() throws IOException {
    Path directory = temporary.resolve("profiles");
    try (Delivery delivery = Delivery.create(DirectorySink.create(directory))) {
      delivery.accept(profile("a", "1"));
      delivery.accept(profile("a", "2"));
      delivery.accept(profile("b", "3"));
      assertThat(delivery.flush(LONG)).isTrue();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile).map(f -> f.getFileName().toString()))
          .hasSize(5)
          .filteredOn(name -> name.endsWith(".pb"))
          .hasSize(3);
    }
  }

  @Test
  void goesThroughTransformsInOrder() {
    List<RawProfile> got = new ArrayList<>();
    TransformChain chain =
        TransformChain.of(
            p -> {
              got.add(p);
              return new Acceptance.Accepted();
            },
            p ->
                new ProfileTransform.Result.Pass(
                    p.toBuilder().labels(p.labels().with("env", "prod")).build()),
            p ->
                switch (Profiles.id(p)) {
                  case "reject" -> new ProfileTransform.Result.Reject("not_pprof", "no");
                  case "withhold" -> new ProfileTransform.Result.Withhold("first_of_delta", "ok");
                  case "throw" -> throw new IllegalStateException("bug");
                  default -> new ProfileTransform.Result.Pass(p);
                });
    assertThat(chain.accept(profile("a", "1")).isAccepted()).isTrue();
    assertThat(chain.accept(profile("a", "reject"))).isInstanceOf(Acceptance.Refused.class);
    assertThat(chain.accept(profile("a", "withhold"))).isInstanceOf(Acceptance.Withheld.class);
    assertThat(chain.accept(profile("a", "throw"))).isInstanceOf(Acceptance.Refused.class);
    assertThat(got).singleElement().matches(p -> p.labels().valueOf("env").equals("prod"));
    assertThat(chain.withheld()).containsOnlyKeys("first_of_delta");
    assertThat(chain.rejected()).containsOnlyKeys("not_pprof", "transform_failed");
  }

  @Test
  void namesTheMissingArtifactWhenNothingCanSend() {
    org.assertj.core.api.Assertions.assertThatIllegalStateException()
        .isThrownBy(SinkProvider::load)
        .withMessageContaining("dev.psc:psc-store");
    assertThat(SinkSettings.builder("h:443").token("psc_v1_secret").header("x", "hidden").build())
        .hasToString(
            "SinkSettings[address=h:443, plaintext=false, token=(given), projectId=none,"
                + " headers=[x]]");
  }
}
