package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scraper's jar, programs with pprof endpoints of other projects, and go tool pprof. */
@Tag("interop")
class InteropTest {

  private static final Duration PATIENCE = Duration.ofSeconds(90);

  @TempDir private Path directory;
  private RealPrograms programs;
  private EmbeddedProfileStore store;

  @BeforeEach
  void start() throws Exception {
    programs = new RealPrograms(directory);
    store = EmbeddedProfileStore.builder().start();
    Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
  }

  @AfterEach
  void stop() {
    programs.close();
    store.close();
  }

  /** Today's command line, word for word but for addresses. */
  private Process scrape(String config, String... more) throws Exception {
    Files.writeString(directory.resolve("scraper.yaml"), config);
    String[] arguments = {
      "/parca",
      "--config-path=" + directory.resolve("scraper.yaml"),
      "--store-address=" + store.address(),
      "--bearer-token-file=" + directory.resolve("token"),
      "--grpc-headers=projectID=" + store.project(),
      "--insecure-skip-verify",
      "--http-address=127.0.0.1:0",
      "--mode=scraper-only"
    };
    String[] all = new String[arguments.length + more.length];
    System.arraycopy(arguments, 0, all, 0, arguments.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return programs.startScraper(all);
  }

  private Set<String> names() {
    return store.profiles(store.project()).stream()
        .map(StoredProfile::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private void awaitProfiles(String... names) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(names()).as(programs.scraperLog()).contains(names));
  }

  /** Returns what go tool pprof says of the newest profile of a name. */
  private String pprof(String name, String... flags) throws Exception {
    StoredProfile last =
        store.profiles(store.project()).stream()
            .filter(p -> p.name().equals(name))
            .reduce((a, b) -> b)
            .orElseThrow();
    Path file = Files.write(directory.resolve(name + ".pb.gz"), last.pprof());
    String[] command = new String[flags.length + 4];
    command[0] = "go";
    command[1] = "tool";
    command[2] = "pprof";
    System.arraycopy(flags, 0, command, 3, flags.length);
    command[command.length - 1] = file.toString();
    RealPrograms.Result result = programs.run(directory, 60, command);
    assertThat(result.status()).as(result.out()).isZero();
    return result.out();
  }

  private static String job(String address, String profiling) {
    return """
        scrape_configs:
        - job_name: app
          scrape_interval: 2s
          static_configs:
          - targets: ['%s']
        %s"""
        .formatted(address, profiling);
  }

  private String startGoProgram() throws Exception {
    RealPrograms.assumeOnPath("go");
    Path go = programs.sources("go");
    assertThat(programs.run(go, 120, "go", "build", "-o", "server", ".").status()).isZero();
    return programs.startServer(go, go.resolve("server").toString());
  }

  /** Starts Debian's package with a config; returns its port. */
  private int startPrometheus(String config) throws Exception {
    RealPrograms.assumeOnPath("prometheus");
    int port = freePort();
    Files.writeString(directory.resolve("prometheus.yaml"), config);
    programs.start(
        directory,
        "prometheus",
        "--config.file=" + directory.resolve("prometheus.yaml"),
        "--storage.tsdb.path=" + directory.resolve("tsdb"),
        "--web.listen-address=127.0.0.1:" + port);
    return port;
  }

  @Test
  void scrapesAllFiveProfilesOfAGoProgram() throws Exception {
    String address = startGoProgram();
    Process scraper = scrape(job(address, ""));
    awaitProfiles("memory", "block", "goroutine", "mutex", "process_cpu");

    assertThat(pprof("process_cpu", "-top"))
        .contains("main.burnCPU")
        .containsPattern("Duration: (1\\.9|2)");
    assertThat(pprof("memory", "-top", "-sample_index=alloc_space")).contains("main.keepMemory");
    assertThat(pprof("goroutine", "-top")).contains("runtime.gopark");
    assertThat(pprof("goroutine", "-traces")).contains("main.waitForever");
    assertThat(pprof("mutex", "-top", "-cum")).contains("main.holdMutex");
    assertThat(pprof("block", "-raw")).contains("contentions/count delay/nanoseconds");

    long begun = System.nanoTime();
    scraper.destroy();
    assertThat(scraper.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
    assertThat(scraper.exitValue()).as(programs.scraperLog()).isZero();
    assertThat(programs.scraperLog()).contains("lost=0").doesNotContain(store.token().reveal());
  }

  @Test
  void twoScrapersOfOneGoProgramFindItsProfilerBusyAndGoOn() throws Exception {
    String address = startGoProgram();
    String config = job(address, "");
    scrape(config);
    Path second = Files.createDirectory(directory.resolve("second"));
    try (RealPrograms others = new RealPrograms(second)) {
      Files.writeString(
          second.resolve("scraper.yaml"), config.replace("job_name: app", "job_name: other"));
      others.startScraper(
          "--config-path=" + second.resolve("scraper.yaml"),
          "--store-address=" + store.address(),
          "--bearer-token-file=" + directory.resolve("token"),
          "--grpc-headers=projectID=" + store.project(),
          "--insecure-skip-verify",
          "--http-address=127.0.0.1:0",
          "--mode=scraper-only");
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(programs.scraperLog() + others.scraperLog()).contains("cpu_busy"));
      awaitProfiles("process_cpu", "memory");
    }
  }

  @Test
  void scrapesNodeJs() throws Exception {
    RealPrograms.assumeOnPath("node");
    RealPrograms.assumeOnPath("npm");
    Path node = programs.sources("node");
    programs.assumeRuns(node, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error");
    String address = programs.startServer(node, "node", "server.js");
    scrape(
        job(
            address,
            """
              profiling_config:
                preset: node
                pprof_config:
                  process_cpu: {enabled: true}
            """));
    awaitProfiles("memory", "process_cpu");
    assertThat(pprof("process_cpu", "-raw")).contains("hashMuch");
  }

  @Test
  void scrapesPython() throws Exception {
    RealPrograms.assumeOnPath("python3");
    Path python = programs.sources("python");
    programs.assumeRuns(python, "python3", "-m", "venv", "venv");
    programs.assumeRuns(
        python,
        "venv/bin/pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-r",
        "requirements.txt");
    String address =
        programs.startServer(python, python.resolve("venv/bin/python").toString(), "server.py");
    scrape(
        job(
            address,
            """
              profiling_config:
                preset: python
                pprof_config:
                  process_cpu: {enabled: true}
            """));
    awaitProfiles("memory", "process_cpu");
    assertThat(pprof("process_cpu", "-top")).contains("hash_much");
    assertThat(pprof("memory", "-raw")).contains("keep_memory");
  }

  @Test
  void scrapesRust() throws Exception {
    RealPrograms.assumeOnPath("cargo");
    Path rust = programs.sources("rust");
    programs.assumeRuns(rust, "cargo", "build", "--quiet");
    String address =
        programs.startServer(rust, rust.resolve("target/debug/pprofserver").toString());
    scrape(
        job(
            address,
            """
              profiling_config:
                preset: rust
                pprof_config:
                  memory: {enabled: false}
                  process_cpu: {enabled: true}
            """));
    awaitProfiles("process_cpu");
    assertThat(pprof("process_cpu", "-raw").toLowerCase(Locale.ROOT)).contains("hash_much");
  }

  @Test
  void isAliveForTheHealthProbeOfTodaysManifests() throws Exception {
    RealPrograms.assumeOnPath("go");
    programs.assumeRuns(
        directory,
        "env",
        "GOBIN=" + directory.resolve("bin"),
        "go",
        "install",
        "github.com/grpc-ecosystem/grpc-health-probe@v0.4.61");
    int port = freePort();
    String probe = directory.resolve("bin/grpc-health-probe").toString();
    String address = "-addr=127.0.0.1:" + port;
    assertThat(programs.run(directory, 60, probe, address).status()).isNotZero();

    scrape(job("127.0.0.1:1", ""), "--http-address=127.0.0.1:" + port);

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              RealPrograms.Result result = programs.run(directory, 60, probe, address);
              assertThat(result.out()).contains("SERVING");
              assertThat(result.status()).isZero();
            });
    assertThat(get("http://127.0.0.1:" + port + "/metrics")).contains("psc_");
  }

  @Test
  void readsItsConfigAgainOnHangUp() throws Exception {
    RealPrograms.assumeOnPath("kill");
    assumeFalse(ignoresHangUps(), "started by nohup, so is what this starts: skipped");
    int port = freePort();
    Process scraper = scrape(job("127.0.0.1:1", ""), "--http-address=127.0.0.1:" + port);
    String metrics = "http://127.0.0.1:" + port + "/metrics";
    String discovery = "psc_discovery_up{job=\"%s\"";
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(get(metrics)).contains(discovery.formatted("app")));
    // An unchanged file: what watches for changes has no part in it.
    hangUp(scraper);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(programs.scraperLog()).contains("Config reloaded"));
    // A broken one: it must be reported, and the earlier config stay in use.
    Files.writeString(directory.resolve("scraper.yaml"), "scrape_configs:\n- job_nam: x\n");
    hangUp(scraper);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(programs.scraperLog()).contains(":2:", "job_name", "stays in use"));
    assertThat(get(metrics)).contains("psc_config_last_reload_successful 0");
    Files.writeString(
        directory.resolve("scraper.yaml"),
        job("127.0.0.1:1", "").replace("job_name: app", "job_name: renamed"));
    hangUp(scraper);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(get(metrics)).contains(discovery.formatted("renamed")));
  }

  /** A JVM that was started with the signal ignored keeps ignoring it. */
  private static boolean ignoresHangUps() throws IOException {
    Path status = Path.of("/proc/self/status");
    return Files.exists(status)
        && Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("SigIgn:"))
            .anyMatch(line -> (Integer.parseInt(line.substring(line.length() - 1), 16) & 1) != 0);
  }

  private void hangUp(Process scraper) throws Exception {
    assertThat(programs.run(directory, 10, "kill", "-HUP", "" + scraper.pid()).status()).isZero();
  }

  /** The scraper is a JVM program that offers its profiles: it scrapes itself here. */
  @Test
  void scrapesAJvm() throws Exception {
    int port = freePort();
    scrape(job("127.0.0.1:" + port, ""), "--http-address=127.0.0.1:" + port);
    awaitProfiles("memory", "goroutine", "mutex", "block", "process_cpu");
    RealPrograms.assumeOnPath("go");
    assertThat(pprof("goroutine", "-traces")).contains("java.lang.Thread");
    assertThat(pprof("process_cpu", "-raw")).contains("samples/count cpu/nanoseconds");
    assertThat(pprof("memory", "-raw")).contains("alloc_space/bytes");
  }

  /** The config of the setup guide, word for word but for the address of the API server. */
  @Test
  void scrapesPodsAsTheSetupGuideConfiguresIt() throws Exception {
    String address = startGoProgram();
    try (PodListServer api = new PodListServer(pod(address))) {
      scrape(
          guideConfig()
              .replace(
                  "- role: pod", "- role: pod\n    api_server: 'http://" + api.address() + "'"));
      awaitProfiles("memory", "goroutine");
      assertThat(store.profiles(store.project()).get(0).labels().toMap())
          .containsEntry("job", "kubernetes-pods")
          .containsEntry("namespace", "shop")
          .containsEntry("pod", "cart-1")
          .containsEntry("container", "cart")
          .containsEntry("app_kubernetes_io_name", "cart")
          .containsEntry("instance", address);
    }
  }

  private static String guideConfig() throws IOException {
    String manifest = Files.readString(Path.of("deploy/kubernetes.yaml"));
    String block = manifest.substring(manifest.indexOf("polarsignals-scraper.yaml: |-\n"));
    return block
        .lines()
        .skip(1)
        .takeWhile(line -> line.startsWith("    "))
        .map(line -> line.substring(4))
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static String pod(String address) {
    String port = address.substring(address.lastIndexOf(':') + 1);
    return """
        {"metadata": {"name": "cart-1", "namespace": "shop", "uid": "u1", "resourceVersion": "5",
          "labels": {"app.kubernetes.io/name": "cart"}},
         "spec": {"nodeName": "n1", "containers": [
           {"name": "cart", "image": "cart:1", "ports": [{"name": "http", "containerPort": %s, "protocol": "TCP"}]}]},
         "status": {"phase": "Running", "podIP": "127.0.0.1", "hostIP": "10.0.0.1",
           "conditions": [{"type": "Ready", "status": "True"}]}}
        """
        .formatted(port);
  }

  /** Debian's package, with its own config, scrapes the scraper as today's is scraped. */
  @Test
  void isScrapedByPrometheus() throws Exception {
    RealPrograms.assumeOnPath("prometheus");
    int port = freePort();
    scrape(job("127.0.0.1:" + port, ""), "--http-address=127.0.0.1:" + port);
    int prometheus =
        startPrometheus(
            """
            scrape_configs:
            - job_name: scraper
              scrape_interval: 1s
              static_configs:
              - targets: ['127.0.0.1:%d']
            """
                .formatted(port));
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                assertThat(
                        get(
                            "http://127.0.0.1:"
                                + prometheus
                                + "/api/v1/query?query=psc_scrapes_total"))
                    .contains("\"outcome\":\"ok\"", "\"instance\":\"127.0.0.1:" + port));
    RealPrograms.assumeOnPath("promtool");
    Files.writeString(directory.resolve("metrics"), get("http://127.0.0.1:" + port + "/metrics"));
    RealPrograms.Result lint =
        programs.run(
            directory, 60, "sh", "-c", "promtool check metrics < metrics && echo no complaint");
    assertThat(lint.out()).contains("no complaint");
  }

  /** And the other way: Prometheus, a Go service of a package, is a target. */
  @Test
  void scrapesPrometheus() throws Exception {
    int port = startPrometheus("scrape_configs: []\n");
    scrape(job("127.0.0.1:" + port, ""));
    awaitProfiles("memory", "block", "goroutine", "mutex", "process_cpu");
    RealPrograms.assumeOnPath("go");
    assertThat(pprof("goroutine", "-raw")).contains("github.com/prometheus/prometheus");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String get(String url) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
