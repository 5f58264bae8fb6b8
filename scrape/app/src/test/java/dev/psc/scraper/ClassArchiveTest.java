package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of loaded classes with which the image starts. */
@Tag("interop")
class ClassArchiveTest {

  private static final Path DOCKERFILE = Path.of("deploy/Dockerfile");

  @TempDir private Path directory;

  /** Runs the step of the Dockerfile that makes the archive, with other directories and port. */
  private void archive(int port) throws Exception {
    Matcher step =
        Pattern.compile(
                "RUN (printf 'scrape_configs.*?rm /tmp/self.yaml /tmp/token)", Pattern.DOTALL)
            .matcher(Files.readString(DOCKERFILE));
    assertThat(step.find()).isTrue();
    String script =
        step.group(1)
            .replace("\\\n", " ")
            .replace("/tmp/", directory + "/")
            .replace("/opt/psc-scraper.jar", jar().toString())
            .replace("/opt/", directory + "/")
            .replace("127.0.0.1:7070", "127.0.0.1:" + port)
            .replace("--insecure", "--insecure --http-address=127.0.0.1:" + port)
            .replace(" java ", " " + java() + " ");
    Path log = directory.resolve("archive.log");
    Process made =
        new ProcessBuilder("sh", "-c", script)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(made.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String printed = Files.readString(log);
    assertThat(made.exitValue()).as(printed).isZero();
    assertThat(printed).contains("msg=Scraping").doesNotContain("level=error");
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static Path jar() {
    Path jar = Path.of("target/psc-scraper.jar").toAbsolutePath();
    assertThat(jar).as("run `mvn package` first: the interop tests drive the real jar").exists();
    return jar;
  }

  /** Returns the option of the Dockerfile's command that uses the archive. */
  private String useOfTheArchive() throws IOException {
    String option = "-XX:SharedArchiveFile=";
    assertThat(Files.readString(DOCKERFILE))
        .contains("exec java " + option + "/opt/psc-scraper.jsa");
    return option + directory.resolve("psc-scraper.jsa");
  }

  private Process start(int port, String... options) throws IOException {
    Path token = directory.resolve("token");
    if (Files.notExists(token)) {
      Files.createFile(
          token,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(token, "psc_v1_" + "0".repeat(64));
    }
    Files.writeString(
        directory.resolve("self.yaml"),
        "scrape_configs:\n  - job_name: self\n    scrape_interval: 2s\n    static_configs:\n"
            + "      - targets: [\"127.0.0.1:"
            + port
            + "\"]\n");
    List<String> command = new ArrayList<>();
    command.add(java());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-Xmx64m",
            "-jar",
            jar().toString(),
            "--mode=scraper-only",
            "--config-path=" + directory.resolve("self.yaml"),
            "--store-address=127.0.0.1:1",
            "--insecure",
            "--bearer-token-file=" + token,
            "--grpc-headers=projectID=00000000-0000-4000-8000-000000000000",
            "--http-address=127.0.0.1:" + port));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("log").toFile())
        .start();
  }

  private static void awaitScrape(int port) {
    HttpRequest metrics =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build();
    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () ->
                HttpClient.newHttpClient()
                    .send(metrics, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .lines()
                    .anyMatch(line -> line.matches("psc_delivery_accepted_total [1-9].*")));
  }

  private static void end(Process scraper) throws InterruptedException {
    scraper.destroy();
    if (!scraper.waitFor(30, TimeUnit.SECONDS)) {
      scraper.destroyForcibly();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Test
  void theImageArchivesTheScrapersClassesAndUsesThem() throws Exception {
    int port = freePort();
    archive(port);
    Path loaded = directory.resolve("loaded");
    Process archived =
        start(port, useOfTheArchive(), "-Xlog:class+load:file=" + loaded + "::filecount=0");
    try {
      awaitScrape(port);
    } finally {
      end(archived);
    }
    List<String> ours =
        Files.readAllLines(loaded).stream()
            .filter(line -> line.contains(" dev.psc.") && !line.contains("Lambda"))
            .toList();
    assertThat(ours).hasSizeGreaterThan(100);
    assertThat(ours.stream().filter(line -> line.contains("shared objects file")).count())
        .isGreaterThan(ours.size() * 9 / 10);
  }
}
