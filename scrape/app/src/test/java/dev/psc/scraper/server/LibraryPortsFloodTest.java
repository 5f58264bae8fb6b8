package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.label.LabelSet;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.TestProfiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The ports that the libraries open, the pprof endpoint of a JVM and the embedded store, while they
 * are flooded. Each is in a separate process with a heap of 64 MB, and has real work to do.
 */
@Tag("slow")
class LibraryPortsFloodTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  /** A {@link FloodedProgram}; what it prints is read by a thread. */
  private static final class Program implements AutoCloseable {
    private final Process process;
    private final Path log;

    @SuppressWarnings("JdkObsolete") // two threads use it
    private final StringBuffer output = new StringBuffer();

    private volatile int port;
    private volatile long work;

    Program(Path directory, String limits, String... arguments) throws IOException {
      List<String> command = new ArrayList<>(List.of("sh", "-c", limits + " exec \"$0\" \"$@\""));
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of("-Xmx64m", "-XX:+ExitOnOutOfMemoryError", "-Dpsc.test.log=info", "-cp"));
      command.add(System.getProperty("java.class.path"));
      command.add(FloodedProgram.class.getName());
      command.addAll(List.of(arguments));
      log = directory.resolve("log");
      process = new ProcessBuilder(command).redirectError(log.toFile()).start();
      Thread reader = new Thread(this::read, "output");
      reader.setDaemon(true);
      reader.start();
      await().atMost(PATIENCE).until(() -> port > 0 || !process.isAlive());
    }

    private void read() {
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("port ")) {
            port = Integer.parseInt(line.substring(5));
          } else if (line.startsWith("work ")) {
            work = Long.parseLong(line.substring(5));
          } else {
            output.append(line).append('\n');
          }
        }
      } catch (IOException e) {
        // The process ended.
      }
    }

    private String assertAlive() throws IOException {
      boolean alive = process.isAlive();
      String text = Files.readString(log) + output;
      assertThat(alive).as("alive; it printed: %s", text).isTrue();
      assertThat(text).doesNotContain("OutOfMemoryError");
      return text;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static int status(int port, String path) {
    try {
      return HttpClient.newHttpClient()
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

  @ParameterizedTest
  @EnumSource
  void anApplicationWorksAndServesItsProfiles(Flood flood) throws Exception {
    flood(flood, "", Flood.TIME);
  }

  @ParameterizedTest
  @EnumSource(names = {"SLOW_HEADS", "CONNECTIONS"})
  void anApplicationWithFewFileDescriptorsServesItsProfilesAgain(Flood flood) throws Exception {
    flood(flood, "ulimit -n 150;", Flood.TIME);
  }

  private void flood(Flood flood, String limits, Duration time) throws Exception {
    try (Program program = new Program(directory, limits, "jvm")) {
      await()
          .atMost(PATIENCE)
          .until(() -> status(program.port, "/debug/pprof/profile?seconds=1") == 200);
      long before = program.work;
      int answers =
          flood.attack(
              program.port,
              time,
              () -> status(program.port, "/debug/pprof/goroutine?debug=1") == 200);
      String log = program.assertAlive();
      assertThat(log.length())
          .as("bytes of log, which begins with: %.2000s", log)
          .isLessThan(100_000);
      assertThat(program.work).isGreaterThan(before + 100 * time.toSeconds());
      if (limits.isEmpty()) {
        assertThat(answers).as("profiles served during the flood").isPositive();
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(status(program.port, "/debug/pprof/profile?seconds=1"))
                      .as(program.assertAlive())
                      .isEqualTo(200));
      System.out.printf(
          "%s: %d profiles served, %d hashes%n", flood, answers, program.work - before);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aStoreStoresEveryProfile(Flood flood) throws Exception {
    store(flood, "");
  }

  @ParameterizedTest
  @EnumSource(names = {"SLOW_HEADS", "CONNECTIONS"})
  void aStoreWithFewFileDescriptorsStoresEveryProfile(Flood flood) throws Exception {
    store(flood, "ulimit -n 150;");
  }

  private static Delivery delivery(int port, ServiceAccountToken token, ProjectId project) {
    return Delivery.builder(
            GrpcProfileSink.connect(
                SinkSettings.builder("127.0.0.1:" + port)
                    .plaintext(true)
                    .token(token.reveal())
                    .projectId(project.value())
                    .build()))
        .closeSink(true)
        .build();
  }

  private void store(Flood flood, String limits) throws Exception {
    ServiceAccountToken token = ServiceAccountToken.generate(new SecureRandom());
    ProjectId project = ProjectId.random();
    try (Program program =
            new Program(directory, limits, "store", token.reveal(), project.value());
        Delivery delivery = delivery(program.port, token, project)) {
      delivery.start();
      AtomicInteger sent = new AtomicInteger();
      Runnable send =
          () -> {
            int number = sent.incrementAndGet();
            delivery.accept(
                RawProfile.of(
                    LabelSet.of(LabelSet.NAME, "process_cpu", "job", "a"),
                    TestProfiles.cpu("f" + number)));
          };
      // A JVM that runs from directories, as here, cannot load classes without file descriptors.
      send.run();
      await().atMost(PATIENCE).until(() -> delivery.snapshot().sent() == 1);
      int during =
          flood.attack(
              program.port,
              Flood.TIME,
              () -> {
                send.run();
                return delivery.snapshot().sent() > 1;
              });
      program.assertAlive();
      assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
      assertThat(delivery.snapshot().dropped().values())
          .allSatisfy(lost -> assertThat(lost).isZero());
      await().atMost(PATIENCE).until(() -> program.work == sent.get());
      System.out.printf(
          "%s: %d profiles, sent during the flood: %b%n", flood, sent.get(), during > 0);
    }
  }
}
