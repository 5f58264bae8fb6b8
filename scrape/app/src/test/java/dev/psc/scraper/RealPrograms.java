package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Starts the programs that the interop tests scrape, and the scraper's jar. */
final class RealPrograms implements AutoCloseable {

  private static final Path SOURCES = Path.of("src/test/interop");

  private final Path directory;
  private final List<Process> running = new ArrayList<>();

  RealPrograms(Path directory) {
    this.directory = directory;
  }

  /** Skips the test, with a message, where a command is not on the path. */
  static void assumeOnPath(String command) {
    boolean there =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
    assumeTrue(there, command + " is not on the PATH: this interop test is skipped");
  }

  /** Skips the test when an install step fails, e.g. because no registry is reachable. */
  void assumeRuns(Path folder, String... command) throws Exception {
    Result result = run(folder, 300, command);
    assumeTrue(
        result.status() == 0,
        () -> String.join(" ", command) + " failed, this interop test is skipped: " + result.out());
  }

  record Result(int status, String out) {}

  Result run(Path folder, long seconds, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    CompletableFuture<String> out =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return new Result(-1, "no end after " + seconds + " s");
    }
    return new Result(process.exitValue(), out.get(10, TimeUnit.SECONDS));
  }

  /** Copies a program's sources to a separate folder, and returns it. */
  Path sources(String name) throws IOException {
    Path copy = directory.resolve(name);
    try (Stream<Path> files = Files.walk(SOURCES.resolve(name))) {
      for (Path file : files.toList()) {
        Path to = copy.resolve(SOURCES.resolve(name).relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(to);
        } else {
          Files.copy(file, to);
        }
      }
    }
    return copy;
  }

  /** Starts a program that prints its address first and ends with its input. */
  String startServer(Path folder, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectError(folder.resolve("stderr.txt").toFile())
            .start();
    running.add(process);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String address =
        CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return String.valueOf(lines.readLine());
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                })
            .get(60, TimeUnit.SECONDS);
    assertThat(address).as(Files.readString(folder.resolve("stderr.txt"))).contains("127.0.0.1:");
    return address;
  }

  /** Starts a program that runs until this is closed; its output goes to a file of the folder. */
  void start(Path folder, String... command) throws IOException {
    running.add(
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(command[0] + ".log").toFile())
            .start());
  }

  /** Starts the scraper's jar; its log goes to a file of the directory. */
  Process startScraper(String... arguments) throws IOException {
    Path jar = Path.of("target/psc-scraper.jar");
    assertThat(jar).as("run `mvn package` first: the interop tests drive the real jar").exists();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-jar",
                jar.toAbsolutePath().toString()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("scraper.log").toFile())
            .start();
    running.add(process);
    return process;
  }

  String scraperLog() throws IOException {
    return Files.readString(directory.resolve("scraper.log"));
  }

  @Override
  public void close() {
    for (Process process : running) {
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        process.destroyForcibly();
      }
    }
  }
}
