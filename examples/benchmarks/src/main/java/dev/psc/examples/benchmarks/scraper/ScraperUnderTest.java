package dev.psc.examples.benchmarks.scraper;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/** A running scraper with its own targets and store. Not thread-safe. */
final class ScraperUnderTest implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String TOKEN = "psc_v1_" + "0".repeat(64);
  private static final String PROJECT = "00000000-0000-4000-8000-000000000000";

  /** Fewer addresses than targets, so that open connections stay within usual limits. */
  private static final int MAX_ADDRESSES = 1_000;

  private final HttpClient http = HttpClient.newHttpClient();
  private final Peer peer;
  private final Process process;
  private final ProcessCost cost;
  private final URI metrics;
  private final Path log;
  private final long startedNanos;
  private final Thread killer;

  private ScraperUnderTest(Peer peer, Process process, int port, Path log, long startedNanos) {
    this.peer = peer;
    this.process = process;
    this.cost = new ProcessCost(process.pid());
    this.metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
    this.log = log;
    this.startedNanos = startedNanos;
    this.killer = new Thread(process::destroyForcibly, "psc-benchmark-killer");
    Runtime.getRuntime().addShutdownHook(killer);
  }

  /**
   * Starts targets, store and scraper.
   *
   * @param command the command with its placeholders
   */
  static ScraperUnderTest start(
      String command, int targets, int profileKilobytes, int intervalSeconds) throws Exception {
    Path directory = Files.createTempDirectory("psc-scraper-benchmark");
    Peer peer = Peer.start(Math.min(targets, MAX_ADDRESSES), profileKilobytes);
    try {
      Files.writeString(directory.resolve("token"), TOKEN);
      Files.writeString(directory.resolve("config.yaml"), peer.config(targets, intervalSeconds));
      int port = freePort();
      List<String> words =
          filled(
              command,
              Map.of(
                  "config", directory.resolve("config.yaml").toString(),
                  "token", directory.resolve("token").toString(),
                  "store", peer.store(),
                  "project", PROJECT,
                  "port", String.valueOf(port),
                  "java", Path.of(System.getProperty("java.home"), "bin", "java").toString()));
      Path log = directory.resolve("log");
      long started = System.nanoTime();
      Process process =
          new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(log.toFile()).start();
      return new ScraperUnderTest(peer, process, port, log, started);
    } catch (IOException | RuntimeException e) {
      peer.close();
      throw e;
    }
  }

  static List<String> filled(String command, Map<String, String> values) {
    List<String> words = new ArrayList<>();
    for (String word : command.split(" +", -1)) {
      String filled = word;
      for (Map.Entry<String, String> value : values.entrySet()) {
        filled = filled.replace("{" + value.getKey() + "}", value.getValue());
      }
      words.add(filled);
    }
    return words;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Waits until {@code /metrics} responds, and returns the time since the start. */
  Duration awaitReady() throws Exception {
    HttpRequest request = HttpRequest.newBuilder(metrics).timeout(Duration.ofSeconds(2)).build();
    while (System.nanoTime() - startedNanos < PATIENCE.toNanos()) {
      checkAlive();
      try {
        if (http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200) {
          return Duration.ofNanos(System.nanoTime() - startedNanos);
        }
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
    throw new IOException("no answer at " + metrics + ", log: " + Files.readString(log));
  }

  /**
   * The state at a moment.
   *
   * @param nanos since the start of the process
   * @param seconds of CPU time by group of threads
   * @param profiles that the store has received
   * @param peerSeconds CPU time of the targets and the store
   */
  record Reading(long nanos, Map<String, Double> seconds, long profiles, double peerSeconds) {

    double total() {
      return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }
  }

  /** Reads the threads' CPU time until a time after the start, so that few ended ones are lost. */
  Reading readAt(Duration time) throws Exception {
    while (System.nanoTime() - startedNanos < time.toNanos()) {
      checkAlive();
      cost.sample();
      long left = time.toNanos() - (System.nanoTime() - startedNanos);
      TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(left, 1_000_000_000)));
    }
    return read();
  }

  private Reading read() throws IOException {
    cost.sample();
    return new Reading(
        System.nanoTime() - startedNanos, cost.seconds(), peer.profiles(), peer.cpuSeconds());
  }

  long mebibytes(String field) throws IOException {
    return cost.mebibytes(field);
  }

  /** Returns the sum of a metric over its labels; empty if the scraper does not have it. */
  OptionalDouble metric(String name) throws IOException, InterruptedException {
    String text = metrics();
    List<Double> values =
        text.lines()
            .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
            .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
            .toList();
    return values.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(values.stream().mapToDouble(Double::doubleValue).sum());
  }

  /** Returns the text of {@code /metrics}. */
  String metrics() throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(metrics).timeout(Duration.ofSeconds(10)).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  private void checkAlive() throws IOException {
    if (!process.isAlive()) {
      throw new IOException("the scraper ended: " + Files.readString(log));
    }
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    peer.close();
    Runtime.getRuntime().removeShutdownHook(killer);
  }
}
