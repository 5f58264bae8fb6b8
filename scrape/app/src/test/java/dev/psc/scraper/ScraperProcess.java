package dev.psc.scraper;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
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
import java.util.concurrent.TimeUnit;

/** A scraper in a separate process, with a small heap. */
public final class ScraperProcess implements AutoCloseable {

  private final Process process;
  private final Path log;
  private final int port;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(5))
          .build();

  private ScraperProcess(Process process, Path log, int port) {
    this.process = process;
    this.log = log;
    this.port = port;
  }

  /**
   * Starts a scraper and waits until it serves.
   *
   * @param directory for its log and config
   * @param limits shell commands before it, such as {@code ulimit -n 200;}
   * @param java options of the JVM
   * @param flags its flags in addition
   */
  public static ScraperProcess start(
      Path directory, String limits, List<String> java, String yaml, String... flags)
      throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path config = Files.writeString(directory.resolve("scraper.yaml"), yaml);
    List<String> command = new ArrayList<>(List.of("sh", "-c", limits + " exec \"$0\" \"$@\""));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(java);
    command.addAll(List.of("-XX:+ExitOnOutOfMemoryError", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(PscScraper.class.getName());
    command.addAll(List.of("--mode=scraper-only", "--config-path=" + config));
    command.add("--http-address=127.0.0.1:" + port);
    command.addAll(List.of(flags));
    Path log = directory.resolve("scraper.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    ScraperProcess scraper = new ScraperProcess(process, log, port);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> !process.isAlive() || scraper.status("/healthz") == 200);
    return scraper;
  }

  public int port() {
    return port;
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Returns the status of a page, or 0 without an answer within 10 s. */
  public int status(String path) {
    try {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .timeout(Duration.ofSeconds(10))
                  .build(),
              HttpResponse.BodyHandlers.discarding())
          .statusCode();
    } catch (IOException e) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }

  public String page(String path) throws IOException, InterruptedException {
    return client
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(10))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }

  public String log() throws IOException {
    return Files.readString(log, StandardCharsets.UTF_8);
  }

  public Path logFile() {
    return log;
  }

  public Duration cpu() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  /** Sends SIGTERM and returns the time to the end, or 20 s. */
  public Duration terminate() throws InterruptedException {
    long start = System.nanoTime();
    process.destroy();
    process.waitFor(20, TimeUnit.SECONDS);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    System.out.println("SIGTERM to the end: " + took.toMillis() + " ms");
    return took;
  }

  public int exitCode() {
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
