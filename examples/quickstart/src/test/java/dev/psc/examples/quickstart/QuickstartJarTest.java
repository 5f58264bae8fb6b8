package dev.psc.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.testkit.EmbeddedProfileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The finished program, which the phase package makes. */
@Timeout(240)
class QuickstartJarTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"http/protobuf", "grpc"})
  void alsoExportsOverOtlp(String protocol) throws Exception {
    Path jar =
        Path.of(
            System.getProperty("psc.root", "../.."),
            "examples/quickstart/target/psc-quickstart.jar");
    assertThat(jar).exists();
    try (EmbeddedProfileStore receiver = EmbeddedProfileStore.builder().otlpHttpPort(0).start()) {
      String endpoint =
          protocol.equals("grpc") ? "https://" + receiver.address() : receiver.otlpHttpEndpoint();
      Path output = directory.resolve("output.txt");
      ProcessBuilder program =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-jar",
                  jar.toString(),
                  "--otlp-endpoint=" + endpoint,
                  "--dir=" + directory.resolve("profiles"),
                  "--seconds=170",
                  "--interval-seconds=1")
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      program.environment().put("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
      program
          .environment()
          .put(
              "OTEL_EXPORTER_OTLP_CERTIFICATE",
              receiver.writeAuthority(directory.resolve("ca.pem")).toString());
      program
          .environment()
          .put(
              "OTEL_EXPORTER_OTLP_HEADERS",
              "authorization=Bearer%20"
                  + receiver.token().reveal()
                  + ",projectid="
                  + receiver.project());
      Process process = program.start();
      try {
        await()
            .atMost(Duration.ofSeconds(160))
            .until(() -> receiver.merged(receiver.project(), "process_cpu").isPresent());
        assertThat(receiver.refusedCount()).isZero();
        assertThat(Files.readString(output)).doesNotContain(receiver.token().reveal());
      } finally {
        process.destroyForcibly();
      }
    }
  }
}
