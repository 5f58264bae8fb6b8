package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.pprof.ProfileBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pages of a scraper with 50,000 targets and the heap of the manifest, asked by 20 clients in a
 * loop while it scrapes. {@code -Dpsc.soak.seconds} sets how long.
 */
@Tag("slow")
class StatusLoadTest {

  private static final int ADDRESSES = 10_000;
  private static final int CLIENTS = 20;
  private static final long MAX_RESPONSE_BYTES = 5_000_000;
  private static final Duration LOAD = Duration.ofSeconds(Long.getLong("psc.soak.seconds", 20));
  private static final List<String> PATHS =
      List.of(
          "/status",
          "/api/status",
          "/api/status?health=up&page=7",
          "/api/status?q=no+such+target+anywhere",
          "/api/status?job=many&page=200",
          "/metrics",
          "/readyz");

  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @TempDir private Path directory;

  @Test
  void pagesOfFiftyThousandTargetsNeitherEndTheProcessNorDelayAScrape() throws Exception {
    HttpServer target = target();
    int port = freePort();
    Path log = directory.resolve("log");
    Process scraper = start(config(target.getAddress().getPort()), port, log);
    try {
      await()
          .atMost(Duration.ofMinutes(3))
          .ignoreExceptions()
          .until(
              () ->
                  get(port, "/api/status", new AtomicLong()).contains("\"kept\":" + ADDRESSES * 5));
      AtomicLong largest = new AtomicLong();
      AtomicLong answered = new AtomicLong();
      long before = metric(port, "psc_scrapes_total{job=\"many\",outcome=\"ok\"}");
      load(port, largest, answered);
      assertThat(scraper.isAlive()).as(Files.readString(log)).isTrue();
      assertThat(largest.get()).isBetween(10_000L, MAX_RESPONSE_BYTES);
      assertThat(answered.get()).isGreaterThan(CLIENTS);
      assertThat(metric(port, "psc_scrapes_total{job=\"many\",outcome=\"ok\"}"))
          .isGreaterThan(before);
      assertThat(metric(port, "psc_scrape_missed_intervals_total{job=\"many\"}")).isZero();
      System.out.printf(
          "%d pages in %d s, the largest of %d bytes%n",
          answered.get(), LOAD.toSeconds(), largest.get());
    } finally {
      scraper.destroy();
      if (!scraper.waitFor(15, TimeUnit.SECONDS)) {
        scraper.destroyForcibly();
      }
      target.stop(0);
    }
    assertThat(Files.readString(log)).doesNotContain("OutOfMemoryError");
  }

  private static void load(int port, AtomicLong largest, AtomicLong answered) {
    ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
    long end = System.nanoTime() + LOAD.toNanos();
    List<CompletableFuture<Void>> all =
        IntStream.range(0, CLIENTS)
            .mapToObj(
                number ->
                    CompletableFuture.runAsync(
                        () -> {
                          for (int i = number; System.nanoTime() < end; i++) {
                            String body = get(port, PATHS.get(i % PATHS.size()), largest);
                            // A full pool of workers answers 503 instead of queueing.
                            answered.addAndGet(body.startsWith("too many") ? 0 : 1);
                          }
                        },
                        clients))
            .toList();
    all.forEach(CompletableFuture::join);
    clients.shutdown();
  }

  private static String get(int port, String path, AtomicLong largest) {
    try {
      String body =
          CLIENT
              .send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                      .timeout(Duration.ofSeconds(60))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      largest.accumulateAndGet(body.length(), Math::max);
      return body;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(path, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long metric(int port, String series) {
    String metrics = get(port, "/metrics", new AtomicLong());
    Matcher value =
        Pattern.compile("^" + Pattern.quote(series) + " ([0-9]+)$", Pattern.MULTILINE)
            .matcher(metrics);
    return value.find() ? Long.parseLong(value.group(1)) : 0;
  }

  private static HttpServer target() throws IOException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    int function = profile.function("main.keep", "main.keep", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 4096);
    byte[] body = profile.build();
    HttpServer target = HttpServer.create(new InetSocketAddress(0), 1_000);
    target.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, body.length);
          try (InputStream in = exchange.getRequestBody()) {
            exchange.getResponseBody().write(body);
            in.readAllBytes();
          }
          exchange.close();
        });
    target.start();
    return target;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** 10,000 addresses on loopback with five profiles each, and as many that are dropped. */
  private Path config(int port) throws IOException {
    String addresses =
        IntStream.range(0, ADDRESSES)
            .mapToObj(i -> "'127.%d.%d.1:%d'".formatted(i / 250 + 1, i % 250 + 1, port))
            .collect(Collectors.joining(", "));
    return Files.writeString(
        directory.resolve("scraper.yaml"),
        """
        scrape_configs:
        - job_name: many
          scrape_interval: 10m
          scrape_timeout: 30s
          static_configs:
          - {targets: [%1$s], labels: {namespace: prod, pod: a-pod-with-a-usual-name-7d9f8}}
          - {targets: [%1$s], labels: {drop: me}}
          relabel_configs:
          - {source_labels: [drop], regex: me, action: drop}
        """
            .formatted(addresses));
  }

  private Process start(Path config, int port, Path log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx288m",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                PscScraper.class.getName(),
                "--mode=scraper-only",
                "--config-path=" + config,
                "--store-address=127.0.0.1:1",
                "--insecure",
                "--http-address=127.0.0.1:" + port,
                "--log-level=error"));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }
}
