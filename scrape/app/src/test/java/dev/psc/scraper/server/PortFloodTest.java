package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.psc.scraper.ScraperProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A scraper with a heap of 64 MB while its port is flooded. */
@Tag("slow")
class PortFloodTest {

  private static final int CLIENTS = 1_500;
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

  @Test
  void refusesBodiesOfMoreClientsThanFitIntoItsMemory() throws Exception {
    long files =
        ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getMaxFileDescriptorCount();
    assumeTrue(files > 2 * CLIENTS, "needs ulimit -n of " + 2 * CLIENTS + ", but it is " + files);
    List<Socket> clients = new ArrayList<>();
    try (ScraperProcess scraper = start("")) {
      for (int i = 0; i < CLIENTS; i++) {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), scraper.port());
        clients.add(client);
        send(client, "POST /api/scrape HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");
      }
      for (int round = 0; round < 10; round++) {
        for (Socket client : clients) {
          send(client, "x".repeat(4_000));
        }
        assertThat(scraper.status("/healthz")).as("round %d", round).isEqualTo(200);
      }
      assertThat(scraper.status("/metrics")).isEqualTo(200);
      assertThat(scraper.log()).doesNotContain("OutOfMemory");
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(5));
      assertThat(scraper.exitCode()).isZero();
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  private static void send(Socket client, String text) {
    try {
      client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // Cut off, as the body is refused.
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
      // Requests of the flood may still be in the queue.
      await().atMost(Duration.ofSeconds(30)).until(() -> scraper.status("/metrics") == 200);
      assertThat(scraper.log().lines().count()).as("lines of log").isLessThan(100);
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
      assertThat(scraper.exitCode()).isZero();
    }
  }
}
