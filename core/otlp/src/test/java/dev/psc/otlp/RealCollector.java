package dev.psc.otlp;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * An OpenTelemetry Collector, built from Go modules at the first use and kept. {@code
 * -Dpsc.build.collector=false} leaves it out.
 */
final class RealCollector implements AutoCloseable {

  static final String VERSION = "v0.165.0";

  private static final Duration BUILD_LIMIT = Duration.ofMinutes(30);
  private static final Duration START_LIMIT = Duration.ofSeconds(40);

  private final Process process;
  private final Path directory;
  private final int http;
  private final int grpc;

  private RealCollector(Process process, Path directory, int http, int grpc) {
    this.process = process;
    this.directory = directory;
    this.http = http;
    this.grpc = grpc;
  }

  /**
   * Starts a collector.
   *
   * @param profiles whether it takes profiles, or traces only
   */
  static RealCollector start(Path directory, boolean profiles) throws Exception {
    Path program = program(directory);
    int http = freePort();
    int grpc = freePort();
    Path config = directory.resolve("config.yaml");
    Files.writeString(
        config,
        """
        receivers:
          otlp:
            protocols:
              http:
                endpoint: 127.0.0.1:%d
              grpc:
                endpoint: 127.0.0.1:%d
        exporters:
          debug:
            verbosity: detailed
          file:
            path: %s
        service:
          pipelines:
            %s:
              receivers: [otlp]
              exporters: [%s]
        """
            .formatted(
                http,
                grpc,
                directory.resolve("profiles.json"),
                profiles ? "profiles" : "traces",
                profiles ? "debug, file" : "debug"));
    List<String> command = new ArrayList<>(List.of(program.toString(), "--config=" + config));
    if (profiles) {
      command.add("--feature-gates=service.profilesSupport");
    }
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    RealCollector started = new RealCollector(process, directory, http, grpc);
    try {
      await()
          .atMost(START_LIMIT)
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(
              () -> {
                if (!process.isAlive()) {
                  return true; // the caller sees why
                }
                new Socket(InetAddress.getLoopbackAddress(), http).close();
                new Socket(InetAddress.getLoopbackAddress(), grpc).close();
                return true;
              });
      if (!process.isAlive()) {
        throw new IOException("it has ended: " + started.log());
      }
      return started;
    } catch (ConditionTimeoutException e) {
      started.close();
      throw new IOException("not ready: " + started.log(), e);
    }
  }

  private static Path program(Path directory) throws IOException, InterruptedException {
    Path cache = Path.of(System.getProperty("user.home"), ".cache", "psc-java");
    Path built = cache.resolve("otel-collector-" + VERSION);
    if (Files.isExecutable(built)) {
      return built;
    }
    if (!Boolean.parseBoolean(System.getProperty("psc.build.collector", "true"))) {
      return abort("the collector is not tested: -Dpsc.build.collector=false");
    }
    Path module = Files.createDirectories(directory.resolve("build"));
    Path source = Path.of("src/test/go/collector");
    for (String name : List.of("main.go", "go.mod", "go.sum")) {
      Files.copy(source.resolve(name), module.resolve(name));
    }
    String log;
    try {
      log = go(module, "build", "-mod=mod", "-o", "collector", ".");
    } catch (IOException e) {
      return abort("the collector is not tested: it cannot be built: " + e.getMessage());
    }
    if (!Files.isExecutable(module.resolve("collector"))) {
      return abort("the collector is not tested: building it failed: " + log);
    }
    Files.createDirectories(cache);
    Path next = cache.resolve("otel-collector-" + ProcessHandle.current().pid());
    Files.copy(module.resolve("collector"), next);
    return Files.move(next, built, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String go(Path module, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(List.of(arguments));
    Path log = module.resolve("log");
    Process process =
        new ProcessBuilder(command)
            .directory(module.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(BUILD_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return Files.readString(log, StandardCharsets.UTF_8);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  String httpEndpoint() {
    return "http://127.0.0.1:" + http;
  }

  String grpcEndpoint() {
    return "http://127.0.0.1:" + grpc;
  }

  /** Returns what the debug exporter printed. */
  String log() throws IOException {
    return Files.readString(directory.resolve("log"));
  }

  /** Returns what the file exporter wrote, a request per line, or the empty text. */
  String file() throws IOException {
    Path file = directory.resolve("profiles.json");
    return Files.exists(file) ? Files.readString(file) : "";
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
