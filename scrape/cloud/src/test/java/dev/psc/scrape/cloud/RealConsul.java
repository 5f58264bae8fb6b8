package dev.psc.scrape.cloud;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;

/**
 * An agent of Consul in development mode, built from its Go module once and kept outside the tree.
 * The build takes many minutes and is asked for by {@code -Dpsc.build.consul=true}. A test that
 * uses it is skipped where there is no build. The version is one of the last with an open-source
 * licence.
 */
final class RealConsul implements AutoCloseable {

  static final String ROOT_TOKEN = "b3f0c1d2-0000-4000-8000-000000000001";

  private static final String MODULE = "github.com/hashicorp/consul";
  private static final String VERSION = "v1.14.4";
  private static final Duration BUILD_LIMIT = Duration.ofMinutes(20);
  private static final Duration START_LIMIT = Duration.ofMinutes(2);

  private final HttpClient http = HttpClient.newHttpClient();
  private final Path directory;
  private final int port;
  private Process agent;

  private RealConsul(Path directory) throws IOException {
    this.directory = directory;
    this.port = freePort();
  }

  /** Starts an agent that demands a token with rights; {@link #ROOT_TOKEN} has all. */
  static RealConsul start(Path directory) throws Exception {
    RealConsul started = new RealConsul(directory);
    Path program = program(directory);
    Path acl = directory.resolve("acl.hcl");
    Files.writeString(
        acl,
        """
        acl {
          enabled = true
          default_policy = "deny"
          tokens {
            initial_management = "%1$s"
            agent = "%1$s"
          }
        }
        """
            .formatted(ROOT_TOKEN));
    try {
      started.run(program, acl);
      return started;
    } catch (Exception e) {
      started.close();
      throw e;
    }
  }

  private void run(Path program, Path acl) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(List.of("agent", "-dev", "-bind=127.0.0.1", "-node=node-1"));
    command.addAll(List.of("-datacenter=dc-9", "-config-file=" + acl));
    command.addAll(List.of("-http-port=" + port, "-dns-port=-1", "-grpc-port=-1"));
    command.addAll(List.of("-grpc-tls-port=-1", "-server-port=" + freePort()));
    command.addAll(List.of("-serf-lan-port=" + freePort(), "-serf-wan-port=" + freePort()));
    Path log = directory.resolve("log");
    agent =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    try {
      await()
          .atMost(START_LIMIT)
          .pollInterval(Duration.ofMillis(200))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> call("GET", "/v1/catalog/node/node-1", "").contains("\"lan\""));
    } catch (ConditionTimeoutException e) {
      throw new IOException("not ready: " + Files.readString(log), e);
    }
  }

  private static Path program(Path directory) throws IOException, InterruptedException {
    Path cache = Path.of(System.getProperty("user.home"), ".cache", "psc-java");
    Path built = cache.resolve("consul-" + VERSION);
    if (Files.isExecutable(built)) {
      return built;
    }
    if (!Boolean.getBoolean("psc.build.consul")) {
      return abort("Consul is not tested: -Dpsc.build.consul=true builds it");
    }
    Path module = Files.createDirectories(directory.resolve("build"));
    Files.writeString(
        module.resolve("go.mod"),
        """
        module interop/build

        go 1.21

        require %s %s

        exclude (
        \tgithub.com/hashicorp/go-msgpack v1.1.5
        \tgithub.com/hashicorp/go-msgpack v1.1.6
        )
        """
            .formatted(MODULE, VERSION));
    try {
      String info = go(module, "mod", "download", "-json", MODULE + "@" + VERSION);
      Path source =
          Path.of(JsonParser.parseString(info).getAsJsonObject().get("Dir").getAsString());
      // The sums of its dependencies, as its authors have published them.
      Files.writeString(module.resolve("go.sum"), Files.readString(source.resolve("go.sum")));
      String log = go(module, "build", "-mod=mod", "-o", "consul", MODULE);
      if (!Files.isExecutable(module.resolve("consul"))) {
        return abort("Consul is not tested: building it failed: " + log);
      }
    } catch (IOException | RuntimeException e) {
      return abort("Consul is not tested: it cannot be built: " + e.getMessage());
    }
    Files.createDirectories(cache);
    Path next = cache.resolve("consul-" + ProcessHandle.current().pid());
    Files.copy(module.resolve("consul"), next);
    return Files.move(next, built, StandardCopyOption.ATOMIC_MOVE);
  }

  private static String go(Path directory, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("go"));
    command.addAll(List.of(arguments));
    Path out = directory.resolve("go.out");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(directory.resolve("go.log").toFile())
            .start();
    if (!process.waitFor(BUILD_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor();
      throw new IOException("longer than " + BUILD_LIMIT.toMinutes() + " minutes");
    }
    return Files.readString(out);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Sends a request with all rights, which must succeed, and returns the answer. */
  String call(String method, String path, String body) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(URI.create("http://" + address() + path))
                .timeout(Duration.ofSeconds(60))
                .header("X-Consul-Token", ROOT_TOKEN)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new IOException(method + " " + path + ": " + answer.body());
    }
    return answer.body();
  }

  /** Kills the agent as a crash does. */
  void kill() {
    agent.destroyForcibly().onExit().join();
  }

  @Override
  public void close() {
    if (agent != null) {
      kill();
    }
  }
}
