package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.pprof.ProfileBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** SIGTERM in each phase of a scraper's work, with the default flags. */
class ShutdownTest {

  private static final Duration LIMIT = Duration.ofSeconds(5);

  @TempDir private Path directory;
  private HttpServer target;

  @BeforeEach
  void start() throws IOException {
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    target.setExecutor(Executors.newCachedThreadPool());
    byte[] profile = profile();
    target.createContext(
        "/debug/pprof/allocs",
        exchange -> {
          exchange.sendResponseHeaders(200, profile.length);
          exchange.getResponseBody().write(profile);
          exchange.close();
        });
    target.start();
  }

  @AfterEach
  void stop() {
    target.stop(0);
  }

  private static byte[] profile() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    int function = profile.function("main.f", "main.f", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 4096);
    return profile.build();
  }

  private String config() {
    return "scrape_configs:\n- job_name: a\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
        + "  static_configs: [{targets: ['127.0.0.1:"
        + target.getAddress().getPort()
        + "']}]\n  profiling_config:\n    pprof_config:\n"
        + "      memory: {enabled: true, path: /debug/pprof/allocs}\n"
        + "      block: {enabled: false}\n      goroutine: {enabled: false}\n"
        + "      mutex: {enabled: false}\n      process_cpu: {enabled: false}\n";
  }

  private static boolean hasScraped(ScraperProcess scraper) throws Exception {
    return scraper
        .page("/metrics")
        .lines()
        .anyMatch(line -> line.matches("psc_delivery_accepted_total [1-9].*"));
  }

  @Test
  void endsInTimeWithAStoreThatAcceptsConnectionsAndNeverAnswers() throws Exception {
    try (ServerSocket store = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ScraperProcess scraper =
            ScraperProcess.start(
                directory,
                "",
                List.of("-Xmx128m"),
                config(),
                "--store-address=127.0.0.1:" + store.getLocalPort(),
                "--insecure")) {
      await().atMost(Duration.ofSeconds(60)).until(() -> hasScraped(scraper));
      assertThat(scraper.terminate()).isLessThan(LIMIT);
      assertThat(scraper.exitCode()).isZero();
      assertThat(scraper.log()).contains("lost=", "--spool-dir");
    }
  }

  @Test
  void endsInTimeWhileTargetsAndDiscoveriesDoNotAnswer() throws Exception {
    try (ServerSocket deaf = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        ScraperProcess scraper =
            ScraperProcess.start(
                directory,
                "",
                List.of("-Xmx128m"),
                config()
                    + "- job_name: b\n  http_sd_configs: [{url: 'http://127.0.0.1:"
                    + deaf.getLocalPort()
                    + "/'}]\n- job_name: c\n  static_configs: [{targets: ['127.0.0.1:"
                    + deaf.getLocalPort()
                    + "']}]\n",
                "--store-address=127.0.0.1:1",
                "--insecure")) {
      await().atMost(Duration.ofSeconds(60)).until(() -> hasScraped(scraper));
      assertThat(scraper.terminate()).isLessThan(LIMIT);
      assertThat(scraper.exitCode()).isZero();
    }
  }

  @Test
  void endsInTimeDuringCpuProfilesOfItsOwn() throws Exception {
    try (ScraperProcess scraper =
        ScraperProcess.start(
            directory,
            "",
            List.of("-Xmx128m"),
            config(),
            "--store-address=127.0.0.1:1",
            "--insecure")) {
      CompletableFuture<Integer> profile =
          CompletableFuture.supplyAsync(() -> scraper.status("/debug/pprof/profile?seconds=30"));
      await().atMost(Duration.ofSeconds(60)).until(() -> hasScraped(scraper));
      assertThat(scraper.terminate()).isLessThan(LIMIT);
      assertThat(scraper.exitCode()).isZero();
      assertThat(profile.get()).isNotEqualTo(200);
      assertThat(scraper.log()).doesNotContain("level=error");
    }
  }
}
