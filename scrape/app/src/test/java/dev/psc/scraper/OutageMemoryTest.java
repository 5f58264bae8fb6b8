package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.pprof.ProfileBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A scraper with a heap of 64 MB whose store is down, with more profiles than fit. */
@EnabledOnOs(OS.LINUX) // Every address in 127.0.0.0/8 is this machine.
class OutageMemoryTest {

  private static final int FUNCTIONS = 400;

  @TempDir private Path directory;
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private HttpServer target;

  @BeforeEach
  void start() throws IOException {
    byte[] profile = profile();
    assertThat(profile.length).isBetween(12_000, 40_000);
    target = HttpServer.create(new InetSocketAddress(0), 0);
    target.setExecutor(threads);
    target.createContext(
        "/debug/pprof/",
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
    threads.shutdownNow();
  }

  /** A profile of about 17 kB whose names do not compress. */
  private static byte[] profile() {
    SplittableRandom random = new SplittableRandom(1);
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    int mapping = profile.mapping("app", "");
    for (int i = 0; i < FUNCTIONS; i++) {
      String name = Long.toString(random.nextLong(), 36) + Long.toString(random.nextLong(), 36);
      int function = profile.function(name, name, "main.go", 1);
      int location = profile.location(mapping, 0x10 + i, function, 7);
      profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, random.nextInt(1 << 20));
    }
    return profile.build();
  }

  private String config(int targets, String interval) {
    String addresses =
        IntStream.range(0, targets)
            .mapToObj(
                i ->
                    "'127.0."
                        + i / 200
                        + "."
                        + (i % 200 + 1)
                        + ":"
                        + target.getAddress().getPort()
                        + "'")
            .collect(Collectors.joining(", "));
    return "scrape_configs:\n- job_name: a\n  scrape_interval: "
        + interval
        + "\n  scrape_timeout: "
        + interval
        + "\n  static_configs: [{targets: ["
        + addresses
        + "]}]\n";
  }

  @Test
  void losesOnlyWhatItCounts() throws Exception {
    outage(200, "2s", 2_000, Duration.ofSeconds(45));
  }

  @Test
  @Tag("slow")
  void losesOnlyWhatItCountsOfAThousandTargets() throws Exception {
    outage(1_000, "10s", 500_000, Duration.ofSeconds(Long.getLong("psc.soak.seconds", 60)));
  }

  /** Runs until this many profiles were accepted or the time is over. */
  private void outage(int targets, String interval, long profiles, Duration atMost)
      throws Exception {
    try (ScraperProcess scraper =
        ScraperProcess.start(
            directory,
            "",
            List.of("-Xmx64m"),
            config(targets, interval),
            "--store-address=127.0.0.1:1",
            "--insecure",
            "--queue-max-bytes=64MiB",
            "--shutdown-timeout=1s")) {
      assertThat(scraper.status("/healthz")).as(scraper.log()).isEqualTo(200);
      long end = System.nanoTime() + atMost.toNanos();
      await()
          .atMost(atMost.plusSeconds(60))
          .pollInterval(Duration.ofSeconds(1))
          .ignoreExceptionsInstanceOf(IOException.class) // of an overloaded machine
          .until(
              () ->
                  !scraper.isAlive()
                      || System.nanoTime() - end > 0
                      || sum(scraper.page("/metrics"), "psc_delivery_accepted_total") > profiles);
      assertThat(scraper.isAlive()).as("alive").isTrue();
      String metrics =
          await().ignoreExceptions().until(() -> scraper.page("/metrics"), text -> true);
      double accepted = sum(metrics, "psc_delivery_accepted_total");
      double queued = sum(metrics, "psc_delivery_queue_profiles");
      double dropped = sum(metrics, "psc_delivery_dropped_total");
      assertThat(accepted).isPositive();
      assertThat(queued + dropped).isEqualTo(accepted);
      assertThat(sum(metrics, "psc_delivery_queue_bytes")).isLessThanOrEqualTo(16 << 20);
      assertThat(Files.size(scraper.logFile())).as("bytes of log").isLessThan(1_000_000);
      assertThat(scraper.log()).contains("--queue-max-bytes").doesNotContain("OutOfMemoryError");
      System.out.printf(
          "accepted %.0f, queued %.0f, dropped %.0f, log %d bytes%n",
          accepted, queued, dropped, Files.size(scraper.logFile()));
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
      assertThat(scraper.exitCode()).isZero();
    }
  }

  private static double sum(String metrics, String name) {
    return metrics
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }
}
