package dev.psc.scrape.cloud.internal.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Discovery against moto, an implementation of the APIs of AWS in Python. It is installed once and
 * kept outside the tree. It does not check the signatures, which {@link SigV4Test} does.
 */
@Tag("interop")
class MotoTest {

  private static final String VERSION = "5.2.5";
  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(10);

  @TempDir Path directory;

  private final HttpClient http = HttpClient.newHttpClient();
  private DiscoveryFixture fixture;
  private Process moto;
  private URI server;

  @BeforeEach
  void serve() throws Exception {
    Path program = program();
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    server = URI.create("http://127.0.0.1:" + port);
    ProcessBuilder builder =
        new ProcessBuilder(program.toString(), "-H", "127.0.0.1", "-p", String.valueOf(port))
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile());
    moto = builder.start();
    await()
        .atMost(Duration.ofMinutes(2))
        .pollInterval(Duration.ofMillis(200))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> get("/moto-api/").statusCode() < 500);
    fixture = new DiscoveryFixture();
    prepare();
  }

  @AfterEach
  void stop() {
    if (fixture != null) {
      fixture.close();
    }
    if (moto != null) {
      moto.descendants().forEach(ProcessHandle::destroyForcibly);
      moto.destroyForcibly().onExit().join();
    }
  }

  private static Path program() throws IOException, InterruptedException {
    Path home = Path.of(System.getProperty("user.home"), ".cache", "psc-java", "moto-" + VERSION);
    Path program = home.resolve("bin/moto_server");
    Path complete = home.resolve("complete");
    if (!Files.exists(complete)) {
      if (!run("python3", "-m", "venv", "--clear", home.toString())
          || !run(
              home.resolve("bin/pip").toString(), "install", "-q", "moto[server]==" + VERSION)) {
        return abort("EC2 is not tested with moto: it cannot be installed");
      }
      Files.createFile(complete);
    }
    return program;
  }

  private static boolean run(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(INSTALL_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  private HttpResponse<String> get(String target) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(server.resolve(target)).timeout(Duration.ofSeconds(60)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Sends a request whose signature has the service only. */
  private String unsigned(String service, String query) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        http.send(
            HttpRequest.newBuilder(server.resolve("/"))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/x-www-form-urlencoded")
                .header(
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/"
                        + service
                        + "/aws4_request, SignedHeaders=host, Signature=x")
                .POST(HttpRequest.BodyPublishers.ofString(query))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.body();
  }

  private void prepare() throws IOException, InterruptedException {
    unsigned(
        "ec2",
        "Action=RunInstances&Version=2016-11-15&ImageId=ami-12c6146b&MinCount=3&MaxCount=3"
            + "&InstanceType=t3.small&TagSpecification.1.ResourceType=instance"
            + "&TagSpecification.1.Tag.1.Key=team%20name&TagSpecification.1.Tag.1.Value=a%2Bb");
  }

  private RecordingSink start() {
    Ec2Settings settings =
        new Ec2Settings(
            "us-east-1",
            Optional.of(server),
            "AKIA",
            Optional.of(Secret.of("secret")),
            "",
            "",
            "",
            6060,
            List.of(new Filter("tag:team name", List.of("a+b", "~ *"))),
            Duration.ofSeconds(1),
            HttpSettings.DEFAULT);
    return fixture.start(
        settings.create(fixture.context(), new AwsEnvironment(Map.of(), directory)));
  }

  @Test
  void findsTheInstancesThatTheFiltersMatch() {
    RecordingSink sink = start();
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(sink.addresses()).as(sink.failure()).hasSize(3));
    assertThat(sink.failures()).isEmpty();
    assertThat(sink.targets())
        .allSatisfy(
            target -> {
              assertThat(target.valueOf("__address__")).endsWith(":6060");
              assertThat(target.valueOf("__meta_ec2_tag_team_name")).isEqualTo("a+b");
              assertThat(target.valueOf("__meta_ec2_instance_type")).isEqualTo("t3.small");
              assertThat(target.valueOf("__meta_ec2_instance_state")).isEqualTo("running");
              assertThat(target.valueOf("__meta_ec2_ami")).isEqualTo("ami-12c6146b");
              assertThat(target.valueOf("__meta_ec2_availability_zone_id")).startsWith("use1-az");
              assertThat(target.valueOf("__meta_ec2_vpc_id")).startsWith("vpc-");
              assertThat(target.valueOf("__meta_ec2_owner_id")).isNotEmpty();
            });
  }
}
