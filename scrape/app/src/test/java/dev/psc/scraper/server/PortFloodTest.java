package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scraper.ScraperProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A scraper with a heap of 64 MB while its port is flooded. */
@Tag("slow")
class PortFloodTest {

  private static final String CONFIG =
      """
      scrape_configs:
      - job_name: a
        scrape_interval: 1s
        scrape_timeout: 1s
        static_configs: [{targets: ['127.0.0.1:1']}]
      """;

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource
  void keepsAnsweringAndEnds(Flood flood) throws Exception {
    flood(flood, "");
  }

  @ParameterizedTest
  @EnumSource(names = {"SLOW_HEADS", "CONNECTIONS"})
  void survivesALackOfFileDescriptors(Flood flood) throws Exception {
    try (ScraperProcess scraper = start("ulimit -n 150;")) {
      flood.attack(scraper.port(), Duration.ofSeconds(3), () -> true);
      await().atMost(Duration.ofSeconds(30)).until(() -> scraper.status("/healthz") == 200);
      assertThat(scraper.log().length()).isLessThan(100_000);
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
    }
  }

  private ScraperProcess start(String limits) throws IOException {
    return ScraperProcess.start(
        directory,
        limits,
        List.of("-Xmx64m"),
        CONFIG,
        "--store-address=127.0.0.1:1",
        "--insecure",
        "--shutdown-timeout=1s");
  }

  private void flood(Flood flood, String limits) throws Exception {
    try (ScraperProcess scraper = start(limits)) {
      assertThat(scraper.status("/healthz")).as(scraper.log()).isEqualTo(200);
      int answers =
          flood.attack(scraper.port(), Flood.TIME, () -> scraper.status("/healthz") == 200);
      assertThat(answers).as("healthy answers during the flood").isPositive();
      assertThat(scraper.isAlive()).as(scraper.log()).isTrue();
      assertThat(scraper.status("/metrics")).isEqualTo(200);
      assertThat(scraper.log().lines().count()).as("lines of log").isLessThan(100);
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
      assertThat(scraper.exitCode()).isZero();
    }
  }
}
