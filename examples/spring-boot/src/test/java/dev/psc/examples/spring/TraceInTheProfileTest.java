package dev.psc.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The OpenTelemetry Java agent and the agent of this project in front of the packaged application,
 * after {@code mvn verify}: the trace id that the server returns is in the profile.
 */
@Tag("interop")
@Timeout(400)
class TraceInTheProfileTest {

  private static final Pattern AGENT = Pattern.compile("serves profiles at (http://\\S+/pprof/)");
  private static final Pattern TOMCAT = Pattern.compile("Tomcat started on port (\\d+)");
  private static final Path ROOT = Path.of(System.getProperty("psc.root", "../.."));

  private final HttpClient client = HttpClient.newHttpClient();
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSlowRequestIsFoundByItsTraceId(boolean openTelemetryFirst) throws Exception {
    Path agent = ROOT.resolve("core/agent/target/psc-jvm-agent.jar");
    Path extension = ROOT.resolve("core/opentelemetry/target/psc-opentelemetry.jar");
    Path application = ROOT.resolve("examples/spring-boot/target/psc-spring-boot.jar");
    assumeTrue(
        Files.exists(agent) && Files.exists(extension) && Files.exists(application),
        "the agents and the application are not packaged: run mvn verify first");
    String theirs = "-javaagent:" + openTelemetryAgent();
    String ours = "-javaagent:" + agent + "=pprof-address=127.0.0.1:0";
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(openTelemetryFirst ? List.of(theirs, ours) : List.of(ours, theirs));
    command.add("-Dotel.javaagent.extensions=" + extension);
    command.add("-Dpsc.trace.span.names=true");
    for (String signal : List.of("traces", "metrics", "logs")) {
      command.add("-Dotel." + signal + ".exporter=none");
    }
    command.add("-jar");
    command.add(application.toString());
    command.add("--server.port=0");
    command.add("--server.address=127.0.0.1");
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      URI profiles = URI.create(awaited(output, AGENT));
      URI shop = URI.create("http://127.0.0.1:" + awaited(output, TOMCAT) + "/");
      get(profiles.resolve("profile?seconds=1&debug=1")); // the capture runs
      CompletableFuture<String> profile =
          CompletableFuture.supplyAsync(() -> get(profiles.resolve("profile?seconds=20&debug=1")));
      CompletableFuture<String> slow =
          CompletableFuture.supplyAsync(
              () -> get(shop.resolve("slow?millis=6000")),
              CompletableFuture.delayedExecutor(5, java.util.concurrent.TimeUnit.SECONDS));
      String traceId = slow.join();
      assertThat(traceId).matches("[0-9a-f]{32}").doesNotMatch("0{32}");
      assertThat(profile.join())
          .contains("trace_id=" + traceId)
          .contains("span_name=GET /slow")
          .contains("dev.psc.examples.spring.TracedController.slow");
    } finally {
      process.destroyForcibly();
    }
  }

  /** Returns the file of the agent, which is on the class path of the tests. */
  private static Path openTelemetryAgent() throws Exception {
    Class<?> type =
        Class.forName(
            "io.opentelemetry.javaagent.OpenTelemetryAgent",
            false,
            TraceInTheProfileTest.class.getClassLoader());
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static String awaited(Path output, Pattern pattern) throws Exception {
    await()
        .atMost(Duration.ofSeconds(150))
        .until(() -> pattern.matcher(Files.readString(output)).find());
    Matcher matcher = pattern.matcher(Files.readString(output));
    return matcher.find() ? matcher.group(1) : "";
  }

  private String get(URI address) {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(100)).build();
    HttpResponse<String> response =
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }
}
