package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.store.proto.scrape.ScrapeServiceGrpc;
import dev.psc.store.proto.scrape.Targets;
import dev.psc.store.proto.scrape.TargetsRequest;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scraper as a whole, with a real target and a real store, in this process. */
class ScraperRunTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private EmbeddedProfileStore store;
  private HttpServer target;
  private Path config;

  @BeforeEach
  void start() throws IOException {
    store = EmbeddedProfileStore.builder().start();
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] heap = heap();
    target.createContext(
        "/debug/pprof/allocs",
        exchange -> {
          exchange.sendResponseHeaders(200, heap.length);
          exchange.getResponseBody().write(heap);
          exchange.close();
        });
    target.start();
    config = directory.resolve("scraper.yaml");
    write("app", "");
    Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
    store.writeAuthority(directory.resolve("ca.pem"));
  }

  @AfterEach
  void stop() {
    target.stop(0);
    store.close();
  }

  private static byte[] heap() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_objects", "count");
    profile.sampleType("alloc_space", "bytes");
    int function = profile.function("main.keep", "main.keep", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 3, 4096);
    return profile.build();
  }

  private void write(String job, String more) throws IOException {
    Files.writeString(
        config,
        """
        scrape_configs:
        - job_name: %s
          scrape_interval: 500ms
          static_configs:
          - targets: ['127.0.0.1:%d', 'bad/address:1']
          - targets: ['127.0.0.1:1']
            labels: {drop: me}
          relabel_configs:
          - source_labels: [drop]
            regex: me
            action: drop
          profiling_config:
            pprof_config:
              process_cpu: {enabled: false}
              mutex: {enabled: false}
              block: {enabled: false}
        %s\
        """
            .formatted(job, target.getAddress().getPort(), more)
            .replace("'bad/address:1'", "'127.0.0.1:2'"));
  }

  private Options options(String... more) throws UsageException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--mode=scraper-only",
                "--config-path=" + config,
                "--store-address=" + store.address(),
                "--bearer-token-file=" + directory.resolve("token"),
                "--ca-file=" + directory.resolve("ca.pem"),
                "--grpc-headers=projectID=" + store.project(),
                "--external-label=region=eu",
                "--http-address=127.0.0.1:0",
                "--shutdown-timeout=2s"));
    arguments.addAll(List.of(more));
    return CommandLineReader.read(arguments.toArray(String[]::new), Map.of());
  }

  private static HttpResponse<String> call(
      ScraperRun run, String method, String path, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + run.port() + path))
            .method(method, HttpRequest.BodyPublishers.noBody());
    if (headers.length > 0) {
      request.headers(headers);
    }
    return HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void deliversWhatItScrapesWithLabelsAndTellsOfIt() throws Exception {
    try (ScraperRun run = ScraperRun.start(options())) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  store.profiles(store.project()).stream()
                      .anyMatch(p -> p.name().equals("memory")));
      assertThat(store.profiles(store.project()).get(0).labels().toMap())
          .containsEntry("job", "app")
          .containsEntry("region", "eu")
          .containsEntry("instance", "127.0.0.1:" + target.getAddress().getPort());
      await().atMost(PATIENCE).until(() -> call(run, "GET", "/readyz").statusCode() == 200);
      String status = call(run, "GET", "/api/status").body();
      assertThat(status)
          .contains("\"health\":\"up\"", "\"profile\":\"memory\"", "\"state\":\"ok\"")
          .contains("rule 0: ", "\"drop\":\"me\"")
          .contains("404")
          .doesNotContain(store.token().reveal());
      String down = call(run, "GET", "/api/status?health=down&q=127.0.0.1:2+refused").body();
      assertThat(down).contains("127.0.0.1:2", "\"matching\":1,\"page\":1,\"pages\":1");
      assertThat(call(run, "GET", "/api/status?q=nothing+like+that").body())
          .contains("\"targets\":[]", "\"matching\":0");
      assertThat(call(run, "GET", "/status").body())
          .contains("<title>psc-scraper")
          .contains("memory");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(call(run, "GET", "/metrics").body())
                      .containsPattern("psc_delivery_sent_total [1-9]")
                      .containsPattern("psc_scrapes_total\\{job=\"app\",outcome=\"ok\"} [1-9]")
                      .contains("parca_target_scrape_pool_sync_total{scrape_job=\"app\"}"));
      assertThat(call(run, "GET", "/healthz").body()).isEqualTo("ok\n");
      assertThat(call(run, "GET", "/nothing").statusCode()).isEqualTo(404);
      assertThat(call(run, "GET", "/debug/pprof/goroutine?debug=1").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void scrapesAtOnceAndDrawsTheLastProfile() throws Exception {
    try (ScraperRun run = ScraperRun.start(options())) {
      String id =
          await()
              .atMost(PATIENCE)
              .until(
                  () ->
                      run.scraper().snapshot().targets().stream()
                          .filter(s -> s.target().labels().valueOf("__name__").equals("memory"))
                          .filter(s -> s.target().uri().getPort() == target.getAddress().getPort())
                          .map(s -> s.target().id())
                          .findFirst()
                          .orElse(""),
                  found -> !found.isEmpty());
      assertThat(call(run, "GET", "/api/scrape?target=" + id).statusCode()).isEqualTo(405);
      HttpResponse<String> scraped = call(run, "POST", "/api/scrape?target=" + id);
      assertThat(scraped.body()).startsWith("scraped ");
      assertThat(call(run, "GET", "/flamegraph?target=" + id).body()).contains("main.keep");
      assertThat(call(run, "GET", "/api/target?id=" + id).body())
          .contains("alloc_space/bytes", "\"discovered\":{", "\"health\":\"up\"");
      assertThat(call(run, "GET", "/api/target?id=none").statusCode()).isEqualTo(404);
      assertThat(call(run, "GET", "/flamegraph?target=" + id + "&base=" + id).body())
          .contains("<html", " → ");
      assertThat(call(run, "GET", "/flamegraph?base=" + id).statusCode()).isEqualTo(404);
      assertThat(call(run, "POST", "/api/scrape?target=none").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void reloadsAndKeepsTheEarlierConfigWhenTheNewOneIsBroken() throws Exception {
    try (ScraperRun run = ScraperRun.start(options())) {
      write("other", "");
      assertThat(call(run, "POST", "/-/reload").statusCode()).isEqualTo(200);
      await()
          .atMost(PATIENCE)
          .until(() -> run.scraper().snapshot().jobs().get(0).name().equals("other"));
      write("other", "  scrape_intervall: 1s\n");
      HttpResponse<String> refused = call(run, "POST", "/-/reload");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(refused.body()).contains("scraper.yaml:", "scrape_interval");
      assertThat(call(run, "GET", "/metrics").body())
          .contains("psc_config_last_reload_successful 0");
      assertThat(run.jobs()).extracting(job -> job.name()).containsExactly("other");
    }
  }

  @Test
  void noticesAChangedFileByItself() throws Exception {
    try (ScraperRun run = ScraperRun.start(options())) {
      write("renamed", "");
      await()
          .atMost(PATIENCE)
          .until(() -> run.scraper().snapshot().jobs().get(0).name().equals("renamed"));
    }
  }

  /** Kubernetes swaps a symlink to a directory when a ConfigMap changes; the file stays a link. */
  @Test
  void noticesThatAConfigMapIsSwapped() throws Exception {
    Path volume = Files.createDirectory(directory.resolve("volume"));
    Path mounted = volume.resolve("scraper.yaml");
    swap(volume, "first");
    Files.createSymbolicLink(mounted, Path.of("..data", "scraper.yaml"));
    try (ScraperRun run = ScraperRun.start(options("--config-path=" + mounted))) {
      assertThat(run.scraper().snapshot().jobs().get(0).name()).isEqualTo("first");
      swap(volume, "second");
      await()
          .atMost(PATIENCE)
          .until(() -> run.scraper().snapshot().jobs().get(0).name().equals("second"));
    }
  }

  private void swap(Path volume, String job) throws IOException {
    write(job, "");
    Path version = Files.createDirectory(volume.resolve("..version-" + job));
    Files.copy(config, version.resolve("scraper.yaml"));
    Path link = Files.createSymbolicLink(volume.resolve("..data_tmp"), version.getFileName());
    Files.move(link, volume.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void documentsEveryMetricAndWritesEachInOnePlace() throws Exception {
    String readme = Files.readString(Path.of("README.md"));
    try (ScraperRun run = ScraperRun.start(options())) {
      await().atMost(PATIENCE).until(() -> call(run, "GET", "/metrics").body().contains("\"ok\""));
      String metrics = call(run, "GET", "/metrics").body();
      List<String> names =
          metrics
              .lines()
              .filter(line -> line.startsWith("# TYPE "))
              .map(line -> line.split(" ", -1)[2])
              .toList();
      assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(20);
      assertThat(names).allSatisfy(name -> assertThat(readme).contains("`" + name + "`"));
      String current = "";
      for (String line : metrics.lines().toList()) {
        if (line.startsWith("# TYPE ")) {
          current = line.split(" ", -1)[2];
        } else if (!line.startsWith("#")) {
          assertThat(line).startsWith(current);
        }
      }
    }
  }

  @Test
  void listsTargetsOverGrpcOnTheSamePort() throws Exception {
    try (ScraperRun run = ScraperRun.start(options())) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", run.port()).usePlaintext().build();
      try {
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  Targets targets =
                      ScrapeServiceGrpc.newBlockingStub(channel)
                          .targets(TargetsRequest.getDefaultInstance())
                          .getTargetsOrThrow("app");
                  assertThat(targets.getTargetsList())
                      .anyMatch(t -> t.getUrl().endsWith("/debug/pprof/allocs"))
                      .anyMatch(t -> t.getUrl().isEmpty());
                });
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void asksForTheTokenEverywhereButAtHealth() throws Exception {
    Path token = Files.writeString(directory.resolve("http-token"), "letmein\n");
    try (ScraperRun run = ScraperRun.start(options("--http-token-file=" + token))) {
      assertThat(call(run, "GET", "/healthz").statusCode()).isEqualTo(200);
      assertThat(call(run, "GET", "/metrics").statusCode()).isEqualTo(401);
      assertThat(call(run, "GET", "/metrics", "authorization", "Bearer wrong").statusCode())
          .isEqualTo(401);
      assertThat(call(run, "GET", "/metrics", "authorization", "Bearer letmein").statusCode())
          .isEqualTo(200);
      String basic =
          java.util.Base64.getEncoder()
              .encodeToString("any:letmein".getBytes(StandardCharsets.UTF_8));
      assertThat(call(run, "GET", "/status", "authorization", "Basic " + basic).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void exportsOverOtlpBesideTheStoreAndWithoutOne() throws Exception {
    List<RawProfile> exported = new CopyOnWriteArrayList<>();
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/v1development/profiles",
        exchange -> {
          try (InputStream body = new GZIPInputStream(exchange.getRequestBody())) {
            exported.addAll(OtlpProfileSink.decode(body.readAllBytes()));
          }
          exchange.sendResponseHeaders(200, -1);
          exchange.close();
        });
    receiver.start();
    String otlp = "--otlp-endpoint=http://127.0.0.1:" + receiver.getAddress().getPort();
    try {
      try (ScraperRun run = ScraperRun.start(options(otlp))) {
        await()
            .atMost(PATIENCE)
            .until(() -> !exported.isEmpty() && !store.profiles(store.project()).isEmpty());
        assertThat(exported.get(0).labels().valueOf("region")).isEqualTo("eu");
        assertThat(run.store().delivery().snapshot().droppedTotal()).isZero();
      }
      exported.clear();
      Options alone =
          CommandLineReader.read(
              new String[] {
                "--mode=scraper-only",
                "--config-path=" + config,
                otlp,
                "--http-address=127.0.0.1:0",
                "--shutdown-timeout=2s"
              },
              Map.of());
      try (ScraperRun run = ScraperRun.start(alone)) {
        await().atMost(PATIENCE).until(() -> run.store().delivery().snapshot().sent() > 0);
        assertThat(exported).isNotEmpty();
      }
    } finally {
      receiver.stop(0);
    }
  }

  @Test
  void keepsProfilesOnDiskWhileTheStoreIsAwayAndSendsThemAfterARestart() throws Exception {
    store.stop();
    String spool = "--spool-dir=" + directory.resolve("spool");
    try (ScraperRun run = ScraperRun.start(options(spool, "--shutdown-timeout=1s"))) {
      await().atMost(PATIENCE).until(() -> run.store().delivery().snapshot().accepted() >= 2);
    }
    store.start();
    target.stop(0);
    try (ScraperRun run = ScraperRun.start(options(spool))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(store.profiles(store.project()).size())
                      .as(run.store().delivery().snapshot().toString())
                      .isGreaterThanOrEqualTo(2));
      assertThat(run.store().delivery().snapshot().replayed()).isPositive();
    }
  }

  @Test
  void refusesContradictionsWithWhatToDo() throws Exception {
    assertThatThrownBy(() -> ScraperRun.start(options("--bearer-token=x")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--bearer-token-file");
    assertThatThrownBy(() -> ScraperRun.start(options("--client-cert-file=x")))
        .hasMessageContaining("--client-key-file");
    assertThatThrownBy(() -> ScraperRun.start(options("--queue-max-bytes=1KiB")))
        .hasMessageContaining("--queue-max-bytes must be at least")
        .hasMessageNotContaining("--store-address");
    assertThatThrownBy(() -> ScraperRun.start(options("--external-label=a-b=c")))
        .hasMessageContaining("--external-label");
    assertThatThrownBy(() -> ScraperRun.start(options("--bearer-token-file=/no/such")))
        .hasMessageContaining("/no/such");
  }

  private record Result(int status, String out, String err) {}

  private Result program(String... more) throws UsageException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--mode=scraper-only",
                "--config-path=" + config,
                "--store-address=" + store.address(),
                "--ca-file=" + directory.resolve("ca.pem")));
    arguments.addAll(List.of(more));
    int status =
        PscScraper.run(
            arguments.toArray(String[]::new),
            Map.of(),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Result(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** A config whose targets all answer. */
  private void writeHealthy() throws IOException {
    Files.writeString(
        config,
        """
        scrape_configs:
        - job_name: app
          static_configs:
          - targets: ['127.0.0.1:%d']
          profiling_config:
            pprof_config:
              process_cpu: {enabled: false}
              goroutine: {enabled: false}
              mutex: {enabled: false}
              block: {enabled: false}
        """
            .formatted(target.getAddress().getPort()));
  }

  private Result check(String... more) throws UsageException {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--check",
                "--http-address=127.0.0.1:0",
                "--bearer-token-file=" + directory.resolve("token"),
                "--grpc-headers=projectID=" + store.project()));
    flags.addAll(List.of(more));
    return program(flags.toArray(String[]::new));
  }

  @Test
  void checkFetchesEachTargetOnce() throws Exception {
    writeHealthy();
    Result good = check();
    assertThat(good.status()).as(good.out() + good.err()).isZero();
    assertThat(good.out()).containsPattern("ok +targets fetched +1 of 1 profile");
    assertThat(store.profiles(store.project())).as("nothing is sent").isEmpty();

    write("app", "");
    Result bad = check();
    assertThat(bad.status()).isEqualTo(1);
    assertThat(bad.out())
        .containsPattern("wrong +targets fetched +refused: http://127.0.0.1:2/")
        .containsPattern("wrong +targets fetched +not_found: ")
        .containsPattern("wrong +targets fetched +1 of 4 profile");
  }

  @Test
  void checkOfAProjectTokenReportsTheTokenOnly() throws Exception {
    Files.writeString(directory.resolve("jwt"), "eyJhbGciOiJIUzI1NiJ9.eyJwIjoxfQ.c2ln");
    Result jwt =
        program(
            "--check",
            "--http-address=127.0.0.1:0",
            "--bearer-token-file=" + directory.resolve("jwt"));
    assertThat(jwt.out().lines().filter(line -> line.startsWith("wrong")))
        .filteredOn(line -> line.contains("token") || line.contains("project"))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("old project token");
  }

  @Test
  void dropsUnsentProfilesAtTheAgeOfTheFlag() throws Exception {
    store.stop();
    try (ScraperRun run =
        ScraperRun.start(options("--profile-max-age=1s", "--shutdown-timeout=1s"))) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(
                          run.store().delivery().snapshot().dropped().getOrDefault("expired", 0L))
                      .isPositive());
    }
  }

  @Test
  void checkWarnsOfNoTargets() throws Exception {
    Files.writeString(config, "scrape_configs:\n- job_name: app\n");
    Result none = check();
    assertThat(none.status()).as(none.out()).isZero();
    assertThat(none.out()).containsPattern("warning +targets discovered +no job has a target");
  }

  @Test
  void checkFailsWhereTheStartWould() throws Exception {
    writeHealthy();
    Result mode = check("--mode=all");
    assertThat(mode.status()).isEqualTo(1);
    assertThat(mode.out()).containsPattern("wrong +mode +--mode=all").contains("scraper-only");

    String busy = "--http-address=127.0.0.1:" + target.getAddress().getPort();
    Result address = check(busy);
    assertThat(address.status()).isEqualTo(1);
    assertThat(address.out()).containsPattern("wrong +HTTP address free +" + busy);

    Path file = Files.writeString(directory.resolve("file"), "");
    Result spool = check("--spool-dir=" + file.resolve("spool"));
    assertThat(spool.status()).isEqualTo(1);
    assertThat(spool.out()).containsPattern("wrong +spool writable +--spool-dir: .* is not a dir");
    Result writable = check("--spool-dir=" + directory.resolve("spool"));
    assertThat(writable.status()).as(writable.out()).isZero();
    assertThat(directory.resolve("spool")).doesNotExist();
  }

  @Test
  void refusesAnAddressThatContradictsInsecure() throws Exception {
    assertThatThrownBy(
            () -> ScraperRun.start(options("--insecure", "--store-address=HTTPS://store:443")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--store-address=https://… requires TLS, but --insecure");
    assertThatThrownBy(() -> ScraperRun.start(options("--insecure", "--store-address=store")))
        .hasMessageContaining("--store-address has no port");
  }

  @Test
  void sendsALargeProfileThatPassesTheBodySizeLimit() throws Exception {
    byte[] large = largeProfile();
    assertThat(large.length).isBetween(40 << 20, 60 << 20);
    target.removeContext("/debug/pprof/allocs");
    target.createContext(
        "/debug/pprof/allocs",
        exchange -> {
          exchange.sendResponseHeaders(200, large.length);
          exchange.getResponseBody().write(large);
          exchange.close();
        });
    writeHealthy();
    try (ScraperRun run = ScraperRun.start(options())) {
      await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(() -> assertThat(store.profiles(store.project())).isNotEmpty());
      assertThat(run.store().delivery().snapshot().droppedTotal()).isZero();
    }
  }

  /** A profile with random texts, which no compression makes smaller. */
  private static byte[] largeProfile() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    int mapping = profile.mapping("app", "");
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 64; i++) {
      char[] name = new char[1 << 20];
      for (int c = 0; c < name.length; c++) {
        name[c] = (char) (' ' + 1 + random.nextInt(94));
      }
      String text = new String(name);
      int function = profile.function(text, text, "main.go", 1);
      int location = profile.location(mapping, 0x10 + i, function, 7);
      profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 4096);
    }
    return profile.build();
  }

  @Test
  void checksStepByStep() throws Exception {
    writeHealthy();
    String token = "--bearer-token-file=" + directory.resolve("token");
    Result good = check();
    assertThat(good.status()).as(good.out() + good.err()).isZero();
    assertThat(good.out()).contains("project permitted", "all checks passed");

    Result wrongProject =
        program("--check", token, "--grpc-headers=projectID=00000000-0000-4000-8000-000000000000");
    assertThat(wrongProject.status()).isEqualTo(1);
    assertThat(wrongProject.out()).containsPattern("wrong +project permitted");

    Files.writeString(directory.resolve("jwt"), "eyJhbGciOiJIUzI1NiJ9.eyJwIjoxfQ.c2ln");
    Result jwt =
        program(
            "--check",
            "--output=json",
            "--bearer-token-file=" + directory.resolve("jwt"),
            "--grpc-headers=projectID=" + store.project());
    assertThat(jwt.status()).isEqualTo(1);
    assertThat(jwt.out())
        .contains("{\"step\":\"token well-formed\",\"result\":\"wrong\"")
        .contains("service account");

    store.stop();
    Result dead = program("--check", token, "--grpc-headers=projectID=" + store.project());
    assertThat(dead.status()).isEqualTo(1);
    assertThat(dead.out()).containsPattern("wrong +TCP connection");
  }

  @Test
  void printsTargetsWithoutAStore() throws Exception {
    Result text = program("--print-targets");
    assertThat(text.status()).as(text.err()).isZero();
    assertThat(text.out())
        .contains("kept     http://127.0.0.1:" + target.getAddress().getPort())
        .contains("dropped  by rule 0");
    Result json = program("--print-targets", "--output=json");
    assertThat(json.out()).contains("\"targets\":[{", "\"rule\":0", "\"discovered\":{");
  }

  @Test
  void printTargetsExitsWithOneWhenADiscoveryFailed() throws Exception {
    Files.writeString(
        config,
        """
        scrape_configs:
          - job_name: cluster
            kubernetes_sd_configs:
              - {role: pod, kubeconfig_file: absent.kubeconfig}
        """);
    Result failed = program("--print-targets");
    assertThat(failed.status()).isEqualTo(1);
    assertThat(failed.out()).contains("kubernetes_sd_configs fails: kubeconfig");
    assertThat(program("--print-targets", "--output=json").status()).isEqualTo(1);
  }

  @Test
  void printsTheConfigWithAllDefaultsAndItReadsTheSame() throws Exception {
    Result first = program("--print-config");
    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.out())
        .contains("scrape_timeout: 3s500ms", "/debug/pprof/allocs")
        .contains("request to the store, from the largest body_size_limit: 68157440 bytes");
    Files.writeString(config, first.out());
    assertThat(program("--print-config").out()).isEqualTo(first.out());
  }

  @Test
  void saysWhatIsWrongWithTheCommandLine() throws Exception {
    assertThat(program("--mode=all").err()).contains("--mode=scraper-only");
    assertThat(program("--mode=all").status()).isEqualTo(2);
    assertThat(program("--enable-persistence").err()).contains("--enable-persistence");
    assertThat(program("--log-level=loud").err()).contains("--log-level", "debug");
    Files.writeString(config, "scrape_configs:\n- job_name: a\n  scrape_intervall: 1s\n");
    assertThat(program("--print-config").err()).contains(":3:", "scrape_interval");
    Files.delete(config);
    assertThat(program("--print-config").err()).contains("does not exist");
  }
}
