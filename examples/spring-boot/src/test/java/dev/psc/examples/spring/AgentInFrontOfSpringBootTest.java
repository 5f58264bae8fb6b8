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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the packaged agent with the packaged application, after {@code mvn verify}. */
@Tag("interop")
@Timeout(180)
class AgentInFrontOfSpringBootTest {

  private static final Pattern AGENT = Pattern.compile("serves profiles at (http://\\S+/pprof/)");
  private static final Pattern TOMCAT = Pattern.compile("Tomcat started on port (\\d+)");
  private static final Path ROOT = Path.of(System.getProperty("psc.root", "../.."));

  private final HttpClient client = HttpClient.newHttpClient();
  @TempDir private Path directory;

  @Test
  void bothWorkWithTheirOwnVersionsOfGrpcAndProtobuf() throws Exception {
    Path agent = ROOT.resolve("core/agent/target/psc-jvm-agent.jar");
    Path application = ROOT.resolve("examples/spring-boot/target/psc-spring-boot.jar");
    assumeTrue(
        Files.exists(agent) && Files.exists(application),
        "the agent and the application are not packaged: run mvn verify first");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add(
        "-javaagent:"
            + agent
            + "=pprof-address=127.0.0.1:0,store-address=127.0.0.1:1,insecure=true");
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
      assertThat(get(shop.resolve("stock")))
          .isEqualTo("SERVING by grpc-api-1.75.0.jar and protobuf-java-4.33.0.jar");
      assertThat(whileBuying(shop, profiles.resolve("profile?seconds=3&debug=1")))
          .contains("dev.psc.examples.spring.StockController.price");
      assertThat(get(profiles.resolve("goroutine?debug=1"))).contains("org.apache.tomcat");
      assertThat(get(shop.resolve("actuator/pprof/goroutine?debug=1")))
          .as(
              "the application's own profiling gives way, and serves only profiles that need no"
                  + " events")
          .contains("goroutine profile");
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends when it is told to").isTrue();
      assertThat(Files.readString(output)).doesNotContain("LinkageError", "NoClassDefFoundError");
    } finally {
      process.destroyForcibly();
    }
  }

  private String whileBuying(URI shop, URI profile) throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    CompletableFuture<Void> buying =
        CompletableFuture.runAsync(
            () -> {
              while (!enough.get()) {
                get(shop.resolve("price"));
              }
            });
    try {
      return get(profile);
    } finally {
      enough.set(true);
      buying.get(30, TimeUnit.SECONDS);
    }
  }

  private static String awaited(Path output, Pattern pattern) throws Exception {
    await()
        .atMost(Duration.ofSeconds(90))
        .until(() -> pattern.matcher(Files.readString(output)).find());
    Matcher matcher = pattern.matcher(Files.readString(output));
    return matcher.find() ? matcher.group(1) : "";
  }

  private String get(URI address) {
    HttpRequest request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(60)).build();
    HttpResponse<String> response =
        client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).join();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return response.body();
  }
}
