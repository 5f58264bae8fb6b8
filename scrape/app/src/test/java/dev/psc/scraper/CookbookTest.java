package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.FanOut;
import dev.psc.delivery.TransformChain;
import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.ProfileTransform.Result;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.ProfileLabels;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.PollingDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes of the cookbook, each run for real. */
class CookbookTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path directory;

  /** Who holds the connections of a pool, as a profile. */
  static final class PoolSource implements ProfileSource {
    private final Supplier<Map<String, Integer>> holders;
    private final Timer timer = new Timer("pool-profiles", true);

    PoolSource(Supplier<Map<String, Integer>> holders) {
      this.holders = holders;
    }

    @Override
    public void start(ProfileReceiver receiver) {
      TimerTask task =
          new TimerTask() {
            @Override
            public void run() {
              receiver.accept(profile());
            }
          };
      timer.schedule(task, 0, 10_000);
    }

    private RawProfile profile() {
      ProfileBuilder pprof =
          ProfileBuilder.create().timeNanos(System.currentTimeMillis() * 1_000_000);
      pprof.sampleType("connections", "count");
      pprof.periodType("connections", "count", 1);
      int mapping = pprof.mapping("pool", "");
      holders
          .get()
          .forEach(
              (holder, count) -> {
                int function = pprof.function(holder, "", "", 0);
                int[] stack = {pprof.location(mapping, 0, function, 0)};
                pprof.sample(stack, 0, 1, ProfileBuilder.NO_LABELS, count);
              });
      return RawProfile.of(LabelSet.of("__name__", "connections", "job", "shop"), pprof.build());
    }

    @Override
    public void close() {
      timer.cancel();
    }
  }

  @Test
  void ownSource() {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start();
        Delivery delivery = Delivery.create(sink(store));
        PoolSource source = new PoolSource(() -> Map.of("Checkout.pay", 7, "Cart.load", 2))) {
      delivery.start();
      source.start(delivery);
      await().atMost(PATIENCE).until(() -> store.profileCount() == 1);
      assertThat(store.merged(store.project(), "connections").orElseThrow().total(0)).isEqualTo(9);
    }
  }

  @Test
  void ownTransform() {
    ProfileTransform noCanaries =
        profile ->
            profile.labels().valueOf("track").equals("canary")
                ? new Result.Withhold("canary", "canaries are profiled elsewhere")
                : new Result.Pass(
                    profile.toBuilder().labels(profile.labels().with("region", "eu")).build());
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start();
        Delivery delivery = Delivery.create(sink(store))) {
      delivery.start();
      ProfileReceiver receiver = TransformChain.of(delivery, noCanaries);

      assertThat(receiver.accept(profile("track", "canary")).isAccepted()).isFalse();
      assertThat(receiver.accept(profile("track", "stable")).isAccepted()).isTrue();
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(store.profiles())
          .singleElement()
          .satisfies(stored -> assertThat(stored.labels().valueOf("region")).isEqualTo("eu"));
    }
  }

  /** Counts what passes; a real one would write to a queue or a bucket. */
  static final class CountingSink implements ProfileSink {
    final LongAdder bytes = new LongAdder();

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      batch.forEach(profile -> bytes.add(profile.sizeBytes()));
      return CompletableFuture.completedFuture(new SendOutcome.Accepted());
    }

    @Override
    public void close() {}
  }

  @Test
  void ownSink() {
    CountingSink sink = new CountingSink();
    try (Delivery delivery = Delivery.create(sink)) {
      delivery.start();
      RawProfile profile = profile("job", "shop");
      delivery.accept(profile);
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(sink.bytes.sum()).isEqualTo(profile.sizeBytes());
    }
  }

  @Test
  void severalStores() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      ProfileSink cloud = sink(store);
      FanOut both =
          FanOut.of(
              Delivery.builder(cloud).closeSink(true).spool(directory.resolve("spool")).build(),
              Delivery.create(DirectorySink.create(directory.resolve("profiles"))));
      both.start();
      both.accept(profile("job", "shop"));
      assertThat(both.flush(PATIENCE)).isTrue();
      both.close();
      assertThat(store.profileCount()).isEqualTo(1);
    }
    try (Stream<Path> files = Files.walk(directory.resolve("profiles"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".pb.gz"))).hasSize(1);
    }
  }

  /** Computes for long enough to be sampled. */
  private static String handle(String route) {
    long end = System.nanoTime() + 500_000_000L;
    long hash = route.hashCode();
    while (System.nanoTime() < end) {
      hash = hash * 31 + 7;
    }
    return Long.toString(hash);
  }

  @Test
  void labelsOfTheRequest() {
    List<RawProfile> pushed = new CopyOnWriteArrayList<>();
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .profiles(JvmProfile.PROCESS_CPU)
            .interval(Duration.ofSeconds(1))
            .receiver(
                profile -> {
                  pushed.add(profile);
                  return new Acceptance.Accepted();
                })
            .start()) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                String route = "/cart/{id}";
                ProfileLabels.run(LabelSet.of("endpoint", route), () -> handle(route));
                assertThat(pushed).anySatisfy(CookbookTest::isOfTheRoute);
              });
      assertThat(profiling.status().unavailable()).isEmpty();
    }
  }

  private static void isOfTheRoute(RawProfile profile) throws Exception {
    assertThat(Profile.parse(profile.pprof()).samples())
        .anySatisfy(sample -> assertThat(sample.labels().toString()).contains("/cart/{id}"));
  }

  /** Targets of a registry of one's own, asked every 30 seconds. */
  record RegistryDiscovery(String service, Supplier<List<String>> registry)
      implements DiscoveryConfig {

    @Override
    public String key() {
      return "registry_sd_configs";
    }

    @Override
    public TargetDiscovery create(DiscoveryContext context) {
      return new PollingDiscovery(
          "registry " + service,
          Duration.ofSeconds(30),
          () ->
              List.of(
                  TargetGroup.ofAddresses(
                      service, registry.get(), LabelSet.of("service", service))),
          context);
    }

    @Override
    public Map<String, Object> settings() {
      return Map.of("service", service);
    }
  }

  @Test
  void ownDiscovery() throws Exception {
    HttpServer target =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] pprof = profile("job", "shop").pprof();
    target.createContext(
        "/debug/pprof/goroutine",
        exchange -> {
          exchange.sendResponseHeaders(200, pprof.length);
          exchange.getResponseBody().write(pprof);
          exchange.close();
        });
    target.start();
    List<String> addresses = List.of("127.0.0.1:" + target.getAddress().getPort());
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start();
        Delivery delivery = Delivery.create(sink(store));
        Scraper scraper =
            Scraper.builder()
                .job(
                    ScrapeJob.builder("shop")
                        .interval(Duration.ofSeconds(1))
                        .discovery(new RegistryDiscovery("cart", () -> addresses))
                        .build())
                .build()) {
      delivery.start();
      scraper.start(delivery);
      await().atMost(PATIENCE).until(() -> store.profileCount() > 0);
      assertThat(store.profiles().get(0).labels().valueOf("service")).isEqualTo("cart");
    } finally {
      target.stop(0);
    }
  }

  private static RawProfile profile(String label, String value) {
    ProfileBuilder pprof =
        ProfileBuilder.create().timeNanos(System.currentTimeMillis() * 1_000_000);
    pprof.sampleType("goroutine", "count");
    int function = pprof.function("main.wait", "main.wait", "main.go", 1);
    int[] stack = {pprof.location(pprof.mapping("app", ""), 0x10, function, 7)};
    pprof.sample(stack, 0, 1, ProfileBuilder.NO_LABELS, 3);
    return RawProfile.of(LabelSet.of("__name__", "goroutine", label, value), pprof.build());
  }

  private static ProfileSink sink(EmbeddedProfileStore store) {
    ManagedChannel channel = store.openChannel();
    return GrpcProfileSink.builder(channel).ownedChannel(channel).build();
  }
}
