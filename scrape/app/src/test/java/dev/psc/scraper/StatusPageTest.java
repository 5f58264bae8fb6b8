package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scraper.cli.CommandLineReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The status page in a real browser, served by a running scraper: what it shows, its filters, and
 * that it fits a phone. A server in between adds a script to the page that acts like its user.
 */
@Tag("interop")
class StatusPageTest {

  /** Reports errors, what scrolls sideways, and what has the focus, in attributes of the body. */
  private static final String REPORT =
      """
      <script>
      window.addEventListener('error', e => document.body.dataset.failed = e.message);
      window.addEventListener('unhandledrejection', e => document.body.dataset.failed = e.reason);
      setInterval(() => {
        document.body.dataset.sideways = document.documentElement.scrollWidth > innerWidth;
        document.body.dataset.focus = document.activeElement.dataset.key || '';
      }, 100);
      ACTION
      </script>
      """;

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir private Path directory;
  private HttpServer target;
  private HttpServer between;
  private String action = "";
  private int port;

  @BeforeEach
  void start() throws IOException {
    byte[] heap = heap();
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.createContext("/debug/pprof/allocs", exchange -> answer(exchange, 200, heap));
    target.start();
    between = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    between.createContext("/", this::relay);
    between.start();
  }

  @AfterEach
  void stop() {
    target.stop(0);
    between.stop(0);
  }

  private static byte[] heap() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    int function = profile.function("main.keep", "main.keep", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 4096);
    return profile.build();
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  /** Passes a request on, and adds the script to pages. */
  private void relay(HttpExchange exchange) throws IOException {
    try {
      HttpResponse<String> response =
          CLIENT.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + port + exchange.getRequestURI()))
                  .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.noBody())
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      String body = response.body();
      String type = response.headers().firstValue("content-type").orElse("text/plain");
      exchange.getResponseHeaders().set("content-type", type);
      if (type.startsWith("text/html")) {
        body = body.replace("</body>", REPORT.replace("ACTION", action) + "</body>");
      }
      answer(exchange, response.statusCode(), body.getBytes(StandardCharsets.UTF_8));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.close();
    }
  }

  /** Starts a scraper with one target that is up, and dead ones with five profiles each. */
  private ScraperRun scraper(int dead, String interval) throws Exception {
    String addresses =
        IntStream.range(0, dead)
            .mapToObj(i -> "'127.%d.%d.1:1'".formatted(i / 250, i % 250 + 1))
            .collect(Collectors.joining(", "));
    Path config = directory.resolve("scraper.yaml");
    Files.writeString(
        config,
        """
        scrape_configs:
        - job_name: shop
          scrape_interval: 1s
          scrape_timeout: 1s
          static_configs:
          - targets: ['127.0.0.1:%d']
            labels: {namespace: 'prod', pod: '<b>shop-7d9f</b>'}
          profiling_config:
            pprof_config:
              process_cpu: {enabled: false}
              mutex: {enabled: false}
              block: {enabled: false}
              goroutine: {enabled: false}
        - job_name: dead
          scrape_interval: %s
          static_configs:
          - targets: [%s]
            labels: {namespace: 'stage', pod: 'dead-0'}
          - targets: ['127.0.0.1:9', '127.0.0.1:10']
            labels: {drop: me}
          - targets: ['no port']
          relabel_configs:
          - {source_labels: [drop], regex: me, action: drop}
          profiling_config:
            pprof_config:
              threads: {enabled: true, path: /debug/pprof/threadcreate}
        """
            .formatted(target.getAddress().getPort(), interval, addresses));
    ScraperRun run =
        ScraperRun.start(
            CommandLineReader.read(
                new String[] {
                  "--mode=scraper-only",
                  "--config-path=" + config,
                  "--store-address=127.0.0.1:1",
                  "--insecure",
                  "--http-address=127.0.0.1:0",
                  "--shutdown-timeout=1s"
                },
                Map.of()));
    port = run.port();
    return run;
  }

  private String get(String path) throws Exception {
    return CLIENT
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private void awaitStatus(String query, String content) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> get("/api/status" + query).contains(content));
  }

  private String browse(String query, String action, String... more) throws Exception {
    RealPrograms.assumeOnPath("chromium");
    this.action = action;
    List<String> command =
        new ArrayList<>(
            List.of(
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
                "--no-proxy-server",
                "--window-size=1280,1400",
                "--virtual-time-budget=4000",
                "--user-data-dir=" + directory.resolve("profile")));
    command.addAll(List.of(more));
    command.add("http://127.0.0.1:" + between.getAddress().getPort() + "/status" + query);
    try (RealPrograms programs = new RealPrograms(directory)) {
      RealPrograms.Result result = programs.run(directory, 120, command.toArray(String[]::new));
      assertThat(result.status()).as(result.out()).isZero();
      assertThat(result.out()).doesNotContain("data-failed");
      return result.out();
    }
  }

  @Test
  void showsADeadTargetAsOneRowWithOneErrorBeforeTheOthers() throws Exception {
    try (ScraperRun run = scraper(1, "1s")) {
      assertThat(run.port()).isPositive();
      awaitStatus("?job=dead&health=down", "\"matching\":1");
      awaitStatus("?job=shop&health=up", "\"matching\":1");
      String dom = browse("", "", "--dump-dom");
      String rows = dom.substring(dom.indexOf("id=\"rows\""), dom.indexOf("id=\"pager\""));
      assertThat(rows.split("<tr ", -1)).as("rows").hasSize(3);
      assertThat(rows.indexOf(">down<")).isPositive().isLessThan(rows.indexOf(">up<"));
      assertThat(rows.split("connection refused", -1)).as("errors").hasSize(2);
      assertThat(rows)
          .contains("namespace=\"prod\"", "pod=\"&lt;b&gt;shop-7d9f&lt;/b&gt;\"")
          .contains(">memory<", ">process_cpu<", ">goroutine<")
          .doesNotContain("<b>shop");
      assertThat(dom)
          .contains("1 down</a>", "1 up</a>", "2 dropped</a>", "1 invalid</a>", "rule 0: ")
          .contains(
              "memory, block, goroutine, mutex, process_cpu, threads</td>", "(5 more reasons)</td>")
          .contains("<option>memory</option>".replace("<option>", "<option value=\"memory\">"))
          .doesNotContain("/debug/pprof/allocs</option>");
    }
  }

  @Test
  void filtersOnTheServerAndKeepsTheFocusOverRefreshes() throws Exception {
    try (ScraperRun run = scraper(60, "1h")) {
      assertThat(run.port()).isPositive();
      awaitStatus("?job=shop&health=up", "\"matching\":1");
      String filtered = browse("?job=shop", "", "--dump-dom");
      assertThat(filtered).contains("1 of 61").doesNotContain(">127.0.1.1:1<");
      assertThat(browse("?page=2", "", "--dump-dom")).contains("page 2 of 2");
      String clicked =
          browse(
              "?q=" + target.getAddress().getPort(),
              "const row = document.querySelector('#rows tr.row'); row.focus(); row.click();"
                  + " setTimeout(load, 1000);",
              "--dump-dom");
      assertThat(clicked)
          .contains("data-focus=\"row shop 127.0.0.1:" + target.getAddress().getPort() + "\"")
          .contains("aria-expanded=\"true\"")
          .contains("alloc_space/bytes", "Scrape now", "Flame graph");
    }
  }

  @Test
  void fitsAPhoneAndTakesScreenshotsInLightAndDarkWithFewAndManyTargets() throws Exception {
    for (int dead : new int[] {1, 1_000}) {
      try (ScraperRun run = scraper(dead, dead == 1 ? "1s" : "10m")) {
        assertThat(run.port()).isPositive();
        awaitStatus("?job=dead&health=down", "\"health\":\"down\"");
        awaitStatus("?job=shop&health=up", "\"matching\":1");
        long begun = System.nanoTime();
        String dom = browse("", "", "--dump-dom", "--window-size=390,844");
        assertThat(dom).contains("data-sideways=\"false\"");
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(60));
        for (String scheme : List.of("light", "dark", "phone")) {
          Path picture =
              Path.of("target", "status-" + scheme + "-" + dead * 5 + ".png").toAbsolutePath();
          Files.deleteIfExists(picture);
          browse(
              "",
              "",
              "--screenshot=" + picture,
              scheme.equals("phone") ? "--window-size=390,1600" : "--window-size=1280,1400",
              "--blink-settings=preferredColorScheme=" + (scheme.equals("dark") ? 0 : 1));
          assertThat(Files.size(picture)).isGreaterThan(20_000);
        }
      }
    }
  }
}
