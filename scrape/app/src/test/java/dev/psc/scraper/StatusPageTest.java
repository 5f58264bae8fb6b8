package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.net.Json;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The status page in a real browser: what it shows, that filtering works, and no error on the
 * console.
 */
@Tag("interop")
class StatusPageTest {

  private static final String AFTER =
      """
      <script>
      window.addEventListener('error', e => document.title = 'ERROR ' + e.message);
      document.getElementById('q').value = 'SEARCH';
      document.getElementById('q').dispatchEvent(new Event('input'));
      document.querySelector('#rows tr.row')?.click();
      </script>
      """;

  @TempDir private Path directory;

  private static Map<String, Object> target(int number, boolean good) {
    Map<String, Object> target = new LinkedHashMap<>();
    target.put("id", "t" + number);
    target.put("job", number % 2 == 0 ? "go" : "jvm");
    target.put("profile", "memory");
    target.put("url", "http://10.0.0." + number + ":6060/debug/pprof/allocs");
    target.put("health", good ? "good" : "bad");
    target.put("labels", Map.of("job", "go", "pod", "<b>pod-" + number + "</b>"));
    target.put("discovered", Map.of("__address__", "10.0.0." + number + ":6060"));
    target.put("intervalMs", 10_000);
    target.put("timeoutMs", 13_000);
    target.put("scrapes", 5);
    target.put("failures", good ? 0 : 5);
    target.put("missed", 0);
    target.put("nextScrape", System.currentTimeMillis() + 5_000);
    target.put("lastScrape", System.currentTimeMillis() - 5_000);
    target.put("lastDurationMs", 12);
    target.put("lastBytes", 5_120);
    target.put("hasProfile", good);
    target.put("types", List.of("alloc_space/bytes"));
    if (!good) {
      target.put(
          "error", Map.of("reason", "refused", "message", "connection refused; check the port"));
    }
    return target;
  }

  private static Map<String, Object> status(int count) {
    List<Map<String, Object>> targets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      targets.add(target(i, i % 7 != 3));
    }
    Map<String, Object> store = new LinkedHashMap<>();
    store.put("address", "grpc.polarsignals.com:443");
    store.put("project", "11111111-2222-4333-8444-555555555555");
    store.put("state", "blocked");
    store.put("message", "permission_denied: bind the Profile Writer role");
    store.put("tokenFingerprint", "20d2fd50");
    store.put("tokenSource", "file /var/token");
    store.put("tokenState", "");
    store.put("queuedProfiles", 120);
    store.put("queuedBytes", 40L << 20);
    store.put("queueMaxBytes", 64L << 20);
    store.put("spool", "in memory");
    store.put("oldestAgeMs", 65_000);
    store.put("accepted", 1_000);
    store.put("sent", 880);
    store.put("sentBytes", 9L << 20);
    store.put("retried", 4);
    store.put("dropped", Map.of());
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("version", "test");
    status.put("now", System.currentTimeMillis());
    status.put("startedAt", System.currentTimeMillis() - 3_600_000);
    status.put("ready", true);
    status.put("notReady", "");
    status.put("config", Map.of("path", "scraper.yaml", "error", ""));
    status.put("store", store);
    status.put(
        "jobs",
        List.of(
            Map.of("name", "go", "intervalMs", 10_000, "discovery", List.of()),
            Map.of(
                "name",
                "jvm",
                "intervalMs",
                30_000,
                "discovery",
                List.of(Map.of("kind", "http_sd_configs", "error", "status 500")))));
    status.put("targets", targets);
    status.put(
        "dropped",
        List.of(
            Map.of(
                "job", "go", "rule", "rule 1: keep", "discovered", Map.of("__address__", "h:1"))));
    return status;
  }

  private Path page(int targets, String search) throws Exception {
    String page;
    try (InputStream in = StatusPageTest.class.getResourceAsStream("status.html")) {
      page = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    return Files.writeString(
        directory.resolve("status.html"),
        page.replace("/*STATUS*/", Json.write(status(targets)))
            .replace("</body>", AFTER.replace("SEARCH", search) + "</body>"));
  }

  private String browse(Path page, String... more) throws Exception {
    RealPrograms.assumeOnPath("chromium");
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
                "--enable-logging=stderr",
                "--window-size=1280,1400",
                "--virtual-time-budget=2000",
                "--user-data-dir=" + directory.resolve("profile")));
    command.addAll(List.of(more));
    command.add(page.toUri().toString());
    try (RealPrograms programs = new RealPrograms(directory)) {
      RealPrograms.Result result = programs.run(directory, 90, command.toArray(String[]::new));
      assertThat(result.status()).as(result.out()).isZero();
      return result.out();
    }
  }

  @Test
  void showsTargetsStoreAndTroubleAndFilters() throws Exception {
    String dom = browse(page(50, "10.0.0.3"), "--dump-dom");
    assertThat(dom)
        .contains("permission_denied: bind the Profile Writer role")
        .contains("Discovery of job jvm (http_sd_configs) fails")
        .contains("connection refused; check the port")
        .contains("20d2fd50")
        .contains("rule 1: keep")
        .contains("of 50")
        .contains("Scrape now");
    assertThat(dom).as("labels are text, never markup").doesNotContain("<b>pod-");
    assertThat(dom).doesNotContain("<title>ERROR").doesNotContainPattern("CONSOLE.*Uncaught");
  }

  @Test
  void copesWithFiveThousandTargets() throws Exception {
    long begun = System.nanoTime();
    String dom = browse(page(5_000, ""), "--dump-dom");
    assertThat(dom).contains("Show more (4900)").doesNotContain("<title>ERROR");
    assertThat((System.nanoTime() - begun) / 1e9).isLessThan(60);
  }

  @Test
  void takesAScreenshotInLightAndDark() throws Exception {
    for (String scheme : List.of("light", "dark")) {
      Path picture = Path.of("target", "status-" + scheme + ".png").toAbsolutePath();
      Files.deleteIfExists(picture);
      browse(
          page(50, ""),
          "--screenshot=" + picture,
          "--blink-settings=preferredColorScheme=" + (scheme.equals("dark") ? 0 : 1));
      assertThat(Files.size(picture)).isGreaterThan(20_000);
    }
  }
}
