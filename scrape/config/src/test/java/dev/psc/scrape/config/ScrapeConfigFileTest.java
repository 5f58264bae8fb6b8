package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.target.ScrapeJob;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;

class ScrapeConfigFileTest {

  /** sample_type {type: 1, unit: 2}, one sample of one location, period type, strings. */
  private static final byte[] PROFILE = {
    0x0a, 4, 0x08, 1, 0x10, 2, 0x12, 6, 0x0a, 1, 1, 0x12, 1, 5, 0x22, 2, 0x08, 1, 0x32, 0, 0x32, 1,
    'n', 0x32, 5, 'c', 'o', 'u', 'n', 't'
  };

  private static List<ScrapeJob> parse(String yaml) {
    return ScrapeConfigFile.parse(yaml, "test.yaml", Path.of("/etc/test"));
  }

  @Test
  void reportsEveryProblemWithItsPlaceAndTheNearestKey() {
    ConfigException thrown =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                parse(
                    """
                    scrape_configs:
                      - job_name: a
                        scrape_intervall: 10s
                        scheme: ftp
                        relabel_configs:
                          - regex: "a(?=b)"
                            target_label: x
                      - job_name: a
                        static_configs: [{targets: ["http://h:1"]}]
                    """));
    assertThat(thrown.problems())
        .extracting("path")
        .containsExactly(
            "scrape_configs[0].scrape_intervall",
            "scrape_configs[0].scheme",
            "scrape_configs[0].relabel_configs[0].regex",
            "scrape_configs[1].job_name",
            "scrape_configs[1].static_configs[0].targets[0]");
    assertThat(thrown)
        .hasMessageContaining("test.yaml:3:5")
        .hasMessageContaining("did you mean \"scrape_interval\"?");
  }

  @Test
  void keepsTheDefaultsOfWhatAProfileDoesNotSet() {
    ScrapeJob job =
        parse(
                """
                scrape_configs:
                  - job_name: a
                    profiling_config: {pprof_config: {process_cpu: {enabled: true}, memory: {enabled: false}}}
                """)
            .get(0);
    assertThat(Objects.requireNonNull(job.profiles().get("process_cpu")).delta()).isTrue();
    assertThat(Objects.requireNonNull(job.profiles().get("memory")).enabled()).isFalse();
    assertThat(job.profiles().values()).filteredOn(profile -> profile.enabled()).hasSize(4);
  }

  @Test
  void expandsPresets() {
    ScrapeJob job =
        parse(
                """
                scrape_configs:
                  - job_name: a
                    kubernetes_preset: annotations
                    profiling_config: {preset: node, pprof_config: {block: {enabled: true}}}
                """)
            .get(0);
    assertThat(Objects.requireNonNull(job.profiles().get("memory")).path())
        .isEqualTo("/debug/pprof/heap");
    assertThat(Objects.requireNonNull(job.profiles().get("block")).enabled()).isTrue();
    assertThat(Objects.requireNonNull(job.profiles().get("mutex")).enabled()).isFalse();
    assertThat(job.relabeling().rules()).isNotEmpty();
  }

  @Test
  void scrapesWhatTheConfigurationNames() throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          boolean found = exchange.getRequestURI().getPath().equals("/p/debug/pprof/allocs");
          exchange.sendResponseHeaders(found ? 200 : 404, found ? PROFILE.length : -1);
          try (var body = exchange.getResponseBody()) {
            body.write(found ? PROFILE : new byte[0]);
          }
        });
    server.start();
    Queue<RawProfile> received = new ConcurrentLinkedQueue<>();
    String address = "127.0.0.1:" + server.getAddress().getPort();
    List<ScrapeJob> jobs =
        parse(
            """
            scrape_configs:
              - job_name: api
                scrape_interval: 200ms
                static_configs: [{targets: ["%s"], labels: {env: test}}]
                profiling_config:
                  path_prefix: /p/
                  pprof_config:
                    process_cpu: {enabled: false}
                    block: {enabled: false}
                    mutex: {enabled: false}
            """
                .formatted(address));
    try (Scraper scraper = Scraper.builder().jobs(jobs).build()) {
      scraper.start(
          profile -> {
            received.add(profile);
            return new Acceptance.Accepted();
          });
      await().atMost(Duration.ofSeconds(20)).until(() -> received.size() >= 2);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  scraper.snapshot().targets().stream()
                      .anyMatch(
                          target ->
                              target.health() == TargetStatus.Health.DOWN
                                  && target.lastError().contains("returned 404")));
      assertThat(received.peek().labels().toMap())
          .containsEntry("__name__", "memory")
          .containsEntry("job", "api")
          .containsEntry("instance", address)
          .containsEntry("env", "test");
    } finally {
      server.stop(0);
    }
  }
}
