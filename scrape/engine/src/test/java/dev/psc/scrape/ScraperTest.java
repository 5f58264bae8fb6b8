package dev.psc.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.testing.TestTargets;
import dev.psc.testkit.TestProfiles;
import dev.psc.testkit.contract.ProfileSourceContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(120)
@Isolated("counts the JVM's threads and files")
class ScraperTest {

  private static final byte[] GOOD = TestProfiles.cpu("main");
  private static final Duration OFTEN = Duration.ofMillis(200);

  private final Queue<RawProfile> received = new ConcurrentLinkedQueue<>();
  private final ProfileReceiver receiver =
      profile -> {
        received.add(profile);
        return new Acceptance.Accepted();
      };
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.start(call -> call.answer(200, "application/octet-stream", GOOD));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
  }

  private ScrapeJob.Builder job(String name) {
    return TestTargets.job(name).interval(OFTEN);
  }

  private static void awaiting(Check check) {
    await().atMost(RecordingSink.PATIENCE).pollInterval(Duration.ofMillis(20)).until(check::holds);
  }

  private interface Check {
    boolean holds() throws Exception;
  }

  /** A discovery whose groups a test publishes; equal only to itself. */
  private static final class Published implements DiscoveryConfig {
    private final AtomicReference<TargetSink> sink = new AtomicReference<>();
    private final AtomicInteger created = new AtomicInteger();

    @Override
    public String key() {
      return "published";
    }

    @Override
    public TargetDiscovery create(DiscoveryContext context) {
      created.incrementAndGet();
      return new TargetDiscovery() {
        @Override
        public void start(TargetSink to) {
          sink.set(to);
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public Map<String, Object> settings() {
      return Map.of();
    }

    void targets(String... addresses) {
      sink.get()
          .replace(List.of(TargetGroup.ofAddresses("0", List.of(addresses), LabelSet.empty())));
    }
  }

  private long requests(String path) {
    return server.heads().stream().filter(head -> head.startsWith("GET " + path)).count();
  }

  @Test
  void deliversWithLabels() {
    try (Scraper scraper =
        Scraper.builder()
            .externalLabels(LabelSet.of("region", "eu"))
            .job(job("a").discovery(StaticDiscovery.of(server.address())).build())
            .build()) {
      Queue<String> threads = new ConcurrentLinkedQueue<>();
      scraper.start(
          profile -> {
            threads.add(Thread.currentThread().getName());
            return receiver.accept(profile);
          });
      awaiting(() -> received.size() >= 2);
      assertThat(threads)
          .as("bounded, and ours")
          .allMatch(name -> name.startsWith("psc-scrape-worker"));
      assertThat(received.peek().labels().toMap())
          .isEqualTo(
              Map.of(
                  "__name__", "memory",
                  "job", "a",
                  "instance", server.address(),
                  "region", "eu"));
    }
  }

  @Test
  void splitsProfilesIntoSeriesByLabelsOfSamples() throws IOException {
    ProfileBuilder body = ProfileBuilder.create();
    body.sampleType("cpu", "nanoseconds");
    body.periodType("cpu", "nanoseconds", 1);
    int function = body.function("f", "", "F", 1);
    int[] stack = {body.location(body.mapping("app", ""), 0, function, 2)};
    body.sample(stack, 0, 1, body.labels("route", "/a", "job", "ignored"), 1);
    body.sample(stack, 0, 1, body.labels("route", "/b"), 1);
    body.sample(stack, 0, 1, body.labels("route", "/c"), 1);
    body.sample(stack, 0, 1, ProfileBuilder.NO_LABELS, 1);
    byte[] bytes = body.build();
    try (TestServer labelled =
            TestServer.start(call -> call.answer(200, "application/octet-stream", bytes));
        Scraper scraper =
            Scraper.builder()
                .job(
                    job("a")
                        .splitBy(2, List.of("route", "job"))
                        .discovery(StaticDiscovery.of(labelled.address()))
                        .build())
                .build()) {
      scraper.start(receiver);
      awaiting(() -> received.size() >= 6);
      List<String> series =
          received.stream()
              .limit(6)
              .map(p -> p.labels().valueOf("job") + p.labels().valueOf("route"))
              .toList();
      assertThat(series).containsExactly("a/a", "a/b", "a", "a/a", "a/b", "a");
    }
  }

  @Test
  void aSinkThatHangsHoldsUpNeitherScrapesNorNewTargetsNorTheEnd() {
    Published discovery = new Published();
    ProfileSink hanging =
        new ProfileSink() {
          @Override
          public String name() {
            return "hanging";
          }

          @Override
          public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
            return new CompletableFuture<>();
          }

          @Override
          public void close() {}
        };
    Delivery delivery = Delivery.builder(hanging).closeTimeout(Duration.ofSeconds(1)).build();
    delivery.start();
    Scraper scraper = Scraper.builder().job(job("a").discovery(discovery).build()).build();
    scraper.start(delivery);
    discovery.targets(server.address());
    awaiting(() -> server.heads().size() >= 3);
    discovery.targets("localhost:" + server.port());
    awaiting(() -> server.heads().stream().anyMatch(head -> head.contains("Host: localhost")));
    long start = System.nanoTime();
    scraper.close();
    assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
    delivery.close();
  }

  @Test
  void aTargetThatAnswersGarbageIsAskedOnceAnInterval() {
    server.handler(call -> call.answer(200, "text/plain", "garbage"));
    try (Scraper scraper =
        Scraper.builder()
            .job(
                job("a")
                    .interval(Duration.ofMillis(500))
                    .discovery(StaticDiscovery.of(server.address()))
                    .build())
            .build()) {
      long start = System.nanoTime();
      scraper.start(receiver);
      awaiting(() -> server.heads().size() >= 4);
      long intervals = (System.nanoTime() - start) / 500_000_000;
      assertThat((long) server.heads().size()).isLessThanOrEqualTo(intervals + 2);
    }
  }

  @Test
  void reloadsWhileTargetsFlapNeverBlockEachOther() throws Exception {
    Published discovery = new Published();
    ScrapeJob one = job("a").discovery(discovery).build();
    ScrapeJob other =
        one.toBuilder()
            .relabeling(List.of(RelabelRule.builder().targetLabel("x").replacement("1").build()))
            .build();
    try (Scraper scraper = Scraper.builder().job(one).build()) {
      scraper.start(receiver);
      CompletableFuture<Void> updates =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  discovery.targets("127.0.0.1:1", "127.0.0." + (i % 200 + 1) + ":1");
                }
              });
      for (int i = 0; i < 1_000; i++) {
        scraper.reload(i % 2 == 0 ? List.of(other) : List.of(one));
        if (i % 100 == 0) {
          assertThat(scraper.snapshot().jobs()).hasSize(1);
        }
      }
      updates.get(60, TimeUnit.SECONDS);
      discovery.targets("127.0.0.1:7");
      awaiting(
          () ->
              scraper.snapshot().targets().stream()
                  .map(status -> status.target().labels().valueOf("instance"))
                  .toList()
                  .equals(List.of("127.0.0.1:7")));
      assertThat(discovery.created).as("an equal discovery keeps running").hasValue(1);
    }
  }

  @Test
  void anUnchangedJobKeepsItsLoopsOverAReloadAndOthersEnd() {
    ScrapeJob kept = job("kept").discovery(StaticDiscovery.of(server.address())).build();
    ScrapeJob gone =
        ScrapeJob.builder("gone")
            .interval(OFTEN)
            .onlyProfiles(
                Map.of("memory", ProfileSettings.builder().enabled(true).path("/gone").build()))
            .discovery(StaticDiscovery.of(server.address()))
            .build();
    try (Scraper scraper = Scraper.builder().job(kept).job(gone).build()) {
      scraper.start(receiver);
      awaiting(() -> requests("/gone") >= 2 && scrapes(scraper, "kept") >= 2);
      scraper.reload(List.of(job("kept").discovery(StaticDiscovery.of(server.address())).build()));
      long asked = requests("/gone");
      long scrapes = scrapes(scraper, "kept");
      assertThat(scrapes).as("not counted again from 0").isGreaterThanOrEqualTo(2);
      awaiting(() -> scrapes(scraper, "kept") >= scrapes + 4);
      assertThat(requests("/gone")).isLessThanOrEqualTo(asked + 1);
      assertThat(scraper.snapshot().jobs())
          .extracting(ScraperSnapshot.Job::name)
          .containsExactly("kept");
    }
  }

  private static long scrapes(Scraper scraper, String job) {
    return scraper.snapshot().targets().stream()
        .filter(status -> status.target().job().name().equals(job))
        .mapToLong(TargetStatus::scrapes)
        .sum();
  }

  @Test
  void whatIsKnownForADeltaOutlivesAReloadThatChangesTheJob() throws Exception {
    AtomicLong allocated = new AtomicLong(1_000);
    server.handler(
        call -> call.answer(200, "application/octet-stream", allocs(allocated.addAndGet(10))));
    ScrapeJob before =
        ScrapeJob.builder("a")
            .interval(Duration.ofDays(365))
            .onlyProfiles(
                Map.of(
                    "memory",
                    ProfileSettings.builder()
                        .enabled(true)
                        .path("/debug/pprof/allocs")
                        .computeDelta(true)
                        .build()))
            .discovery(StaticDiscovery.of(server.address()))
            .build();
    try (Scraper scraper = Scraper.builder().job(before).build()) {
      scraper.start(receiver);
      awaiting(() -> scraper.snapshot().targets().size() == 1);
      assertThat(now(scraper).reason()).isEqualTo("first_delta");
      assertThat(scraper.snapshot().targets().get(0).health()).isEqualTo(TargetStatus.Health.UP);
      scraper.reload(List.of(before.toBuilder().bodySizeLimitBytes(1 << 20).build()));
      awaiting(
          () -> scraper.snapshot().targets().get(0).target().job().bodySizeLimitBytes() == 1 << 20);
      assertThat(now(scraper).reason()).isEqualTo("ok");
      byte[] delta = received.remove().pprof();
      assertThat(dev.psc.pprof.Profile.parse(delta).total(0)).isEqualTo(10);
    }
  }

  private static ScrapeReport now(Scraper scraper) throws Exception {
    return scraper
        .scrapeNow(scraper.snapshot().targets().get(0).target().id())
        .get(60, TimeUnit.SECONDS);
  }

  private static byte[] allocs(long bytes) {
    ProfileBuilder builder = ProfileBuilder.create();
    builder.sampleType("alloc_space", "bytes");
    builder.periodType("space", "bytes", 1).timeNanos(bytes);
    int main = builder.location(0, 0, builder.function("main", "", "", 0), 0);
    builder.sample(new int[] {main}, 0, 1, ProfileBuilder.NO_LABELS, bytes);
    return builder.build();
  }

  @Test
  void aDiscoveryThatFailsKeepsItsTargetsAndSaysWhy() {
    Published discovery = new Published();
    Queue<String> told = new ConcurrentLinkedQueue<>();
    ScrapeListener listener =
        new ScrapeListener() {
          @Override
          public void discoveryFailed(String job, String key, String message) {
            told.add(job + " " + key + " " + message);
          }

          @Override
          public void targetsChanged(String job, int kept, int dropped, int invalid) {
            told.add(job + " " + kept + " " + dropped + " " + invalid);
          }
        };
    try (Scraper scraper =
        Scraper.builder().job(job("a").discovery(discovery).build()).listener(listener).build()) {
      scraper.start(receiver);
      discovery.targets(server.address(), "bad/address");
      awaiting(() -> told.contains("a 1 0 1"));
      discovery.sink.get().failed("the inventory is down; check it");
      awaiting(() -> told.contains("a published the inventory is down; check it"));
      ScraperSnapshot.Job job = scraper.snapshot().jobs().get(0);
      assertThat(job.discoveries().get(0).error()).contains("the inventory is down; check it");
      assertThat(job.targets()).hasSize(1);
      discovery.targets(server.address());
      awaiting(() -> scraper.snapshot().jobs().get(0).discoveries().get(0).error().isEmpty());
    }
  }

  @Test
  void faultsOfADiscoveryOrAListenerStayTheirOwn() {
    DiscoveryConfig broken =
        new DiscoveryConfig() {
          @Override
          public String key() {
            return "broken";
          }

          @Override
          public TargetDiscovery create(DiscoveryContext context) {
            throw new IllegalStateException("no");
          }

          @Override
          public Map<String, Object> settings() {
            return Map.of();
          }
        };
    ScrapeListener listener =
        new ScrapeListener() {
          @Override
          public void targetsChanged(String job, int kept, int dropped, int invalid) {
            throw new IllegalStateException("listener");
          }
        };
    try (Scraper scraper =
        Scraper.builder()
            .job(job("b").discovery(broken).build())
            .job(job("a").discovery(StaticDiscovery.of(server.address())).build())
            .listener(listener)
            .build()) {
      scraper.start(receiver);
      awaiting(() -> received.size() >= 2);
      assertThat(scraper.snapshot().jobs().get(0).discoveries().get(0).error())
          .hasValueSatisfying(error -> assertThat(error).contains("broken failed to start"));
    }
  }

  @Test
  void looksWithoutScraping() throws Exception {
    Scraper scraper =
        Scraper.builder()
            .job(job("a").discovery(StaticDiscovery.of(server.address(), "h:1")).build())
            .build();
    ScraperSnapshot seen = scraper.discover(Duration.ofSeconds(20));
    assertThat(seen.targets()).hasSize(2);
    assertThat(server.heads()).isEmpty();
    assertThatThrownBy(() -> scraper.start(receiver)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void explainsWhatRulesDoToATarget() throws Exception {
    try (Scraper scraper =
        Scraper.builder()
            .job(
                job("a")
                    .relabeling(
                        List.of(RelabelRule.builder().targetLabel("x").replacement("1").build()))
                    .discovery(StaticDiscovery.of(server.address()))
                    .build())
            .build()) {
      scraper.start(receiver);
      awaiting(() -> scraper.snapshot().targets().size() == 1);
      LabelSet discovered = scraper.snapshot().targets().get(0).target().discovered();
      assertThat(scraper.explain("a", discovered).get(0)).asString().contains("x=\"1\"");
      assertThatThrownBy(() -> scraper.explain("none", discovered)).hasMessage("unknown job none");
    }
  }

  @Test
  void aThousandTargetsNeedAFewThreadsAndKeepTheirConnections() {
    List<String> addresses = new ArrayList<>();
    List<LabelSet> targets = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      targets.add(LabelSet.of(TargetGroup.ADDRESS, server.address(), "instance", "i" + i));
      addresses.add("i" + i);
    }
    ScrapeJob job =
        TestTargets.job("many")
            .interval(Duration.ofSeconds(1))
            .discovery(
                new StaticDiscovery(List.of(new TargetGroup("0", targets, LabelSet.empty()))))
            .build();
    try (Scraper scraper = Scraper.builder().job(job).build()) {
      long before = threads();
      scraper.start(receiver);
      awaiting(() -> received.size() >= 1_500);
      assertThat(threads() - before).isLessThan(20);
      assertThat(scraper.snapshot().targets()).hasSameSizeAs(addresses);
    }
  }

  @Test
  @Tag("slow")
  @EnabledOnOs(OS.LINUX)
  void aThousandTargetsThatComeAndGoLeaveNoFileDescriptors() throws Exception {
    Published fleet = new Published();
    try (Scraper scraper = Scraper.builder().job(job("pods").discovery(fleet).build()).build()) {
      scraper.start(receiver);
      awaiting(() -> fleet.sink.get() != null);
      long before = openFiles();
      for (int round = 0; round < 10; round++) {
        List<TestServer> pods = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          pods.add(TestServer.start(call -> call.answer(200, "application/octet-stream", GOOD)));
        }
        fleet.targets(pods.stream().map(TestServer::address).toArray(String[]::new));
        awaiting(() -> pods.stream().noneMatch(pod -> pod.heads().isEmpty()));
        fleet.targets();
        for (TestServer pod : pods) {
          pod.close();
        }
      }
      awaiting(() -> openFiles() < before + 50); // the client's own, and jars opened meanwhile
    }
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !thread.getName().equals("psc-test-server"))
        .count();
  }

  @Test
  void leavesNoThreadsBehind() {
    for (int i = 0; i < 10; i++) {
      Scraper scraper =
          Scraper.builder()
              .job(job("a").discovery(StaticDiscovery.of(server.address())).build())
              .build();
      scraper.start(receiver);
      scraper.close();
      scraper.close();
    }
    await()
        .atMost(RecordingSink.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("psc-scrape")));
  }

  @Test
  void twoJobsOfOneNameAreRefused() {
    ScrapeJob job = job("a").build();
    assertThatThrownBy(() -> Scraper.builder().job(job).job(job).build())
        .hasMessage("two jobs have the name \"a\"");
    try (Scraper scraper = Scraper.builder().job(job).build()) {
      assertThatThrownBy(() -> scraper.reload(List.of(job, job))).hasMessageContaining("two jobs");
    }
  }

  @Nested
  class Contract extends ProfileSourceContract {
    @Override
    protected ProfileSource source() {
      return Scraper.builder()
          .job(job("a").discovery(StaticDiscovery.of(server.address())).build())
          .build();
    }
  }

  @Test
  void scrapesATargetOfTheSnapshotNow() throws Exception {
    try (Scraper scraper =
        Scraper.builder()
            .job(
                TestTargets.job("a")
                    .interval(Duration.ofDays(365))
                    .discovery(StaticDiscovery.of(server.address()))
                    .build())
            .build()) {
      scraper.start(receiver);
      awaiting(() -> scraper.snapshot().targets().size() == 1);
      Target target = scraper.snapshot().targets().get(0).target();
      ScrapeReport report = scraper.scrapeNow(target.id()).get(60, TimeUnit.SECONDS);
      assertThat(report.message()).isEmpty();
      assertThat(report.sizeBytes()).isPositive();
      assertThat(received).hasSize(1);
    }
  }
}
