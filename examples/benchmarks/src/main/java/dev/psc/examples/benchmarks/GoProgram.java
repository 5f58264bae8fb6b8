package dev.psc.examples.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The program in {@code src/main/go}, built and running in a separate process. It performs the
 * reference operations with google/pprof. Not thread-safe.
 */
final class GoProgram implements AutoCloseable {

  private static final List<String> SOURCES = List.of("main.go", "go.mod", "go.sum");
  private static final long PATIENCE_MINUTES = 10;

  /** Thrown if the program cannot be built here. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1;

    Unavailable(String message) {
      super(message);
    }
  }

  /**
   * The cost of calls.
   *
   * @param threadNanos processor time of the working thread, per call
   * @param processNanos processor time of the whole process, garbage collection included, per call
   * @param allocatedBytes allocated bytes, per call
   * @param total the sum of the values of the sample type
   * @param bytes the size of the written profile
   */
  record Cost(
      double threadNanos, double processNanos, double allocatedBytes, long total, long bytes) {}

  private final Path directory;
  private final Process process;
  private final Writer requests;
  private final BufferedReader answers;

  private GoProgram(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
    this.requests = process.outputWriter(StandardCharsets.UTF_8);
    this.answers = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * Builds and starts the program.
   *
   * @param path the folders that may contain {@code go}, in the format of PATH
   * @param body the input profile
   * @param kept the sample type to keep
   * @throws Unavailable if Go or the module google/pprof is not available
   */
  static GoProgram start(String path, byte[] body, String kept)
      throws Unavailable, IOException, InterruptedException {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new Unavailable("the processor time of a thread of Go is available on Linux only");
    }
    Path go =
        Stream.of(path.split(":", -1))
            .map(folder -> Path.of(folder, "go"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new Unavailable("go is not on the PATH"));
    Path directory = Files.createTempDirectory("psc-go-benchmark");
    boolean started = false;
    try {
      for (String source : SOURCES) {
        try (InputStream in = GoProgram.class.getResourceAsStream("go/" + source)) {
          if (in == null) {
            throw new IOException("the resource go/" + source + " is missing");
          }
          Files.copy(in, directory.resolve(source));
        }
      }
      String download = run(directory, go.toString(), "mod", "download");
      if (!download.isEmpty()) {
        throw new Unavailable("the module google/pprof is not available: " + download);
      }
      String build = run(directory, go.toString(), "build", "-o", "compared", ".");
      if (!build.isEmpty()) {
        throw new IOException("go build: " + build);
      }
      Files.write(directory.resolve("profile"), body);
      Process process =
          new ProcessBuilder(directory.resolve("compared").toString(), "profile", kept)
              .directory(directory.toFile())
              .redirectError(directory.resolve("errors").toFile())
              .start();
      started = true;
      return new GoProgram(directory, process);
    } finally {
      if (!started) {
        DeliveryInputs.delete(directory);
      }
    }
  }

  /** Returns nothing, or the last output of a failed command. */
  private static String run(Path directory, String... command)
      throws IOException, InterruptedException {
    Path said = directory.resolve("said");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start();
    if (!process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      return "no end after " + PATIENCE_MINUTES + " minutes";
    }
    List<String> lines = Files.readAllLines(said);
    return process.exitValue() == 0
        ? ""
        : "status "
            + process.exitValue()
            + (lines.isEmpty() ? "" : ", " + lines.get(lines.size() - 1));
  }

  /** Runs {@code parse}, {@code keep} or {@code keep-all} a number of times. */
  Cost run(String operation, int calls) throws IOException {
    requests.write(operation + " " + calls + "\n");
    requests.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("Go ended: " + Files.readString(directory.resolve("errors")));
    }
    return new Cost(
        (double) number(answer, "thread_nanos") / calls,
        (double) number(answer, "process_nanos") / calls,
        (double) number(answer, "allocated_bytes") / calls,
        number(answer, "total"),
        number(answer, "bytes"));
  }

  private static long number(String json, String name) throws IOException {
    Matcher field = Pattern.compile('"' + name + "\":(-?\\d+)").matcher(json);
    if (!field.find()) {
      throw new IOException("no " + name + " in " + json);
    }
    return Long.parseLong(field.group(1));
  }

  /** Ends the program. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    answers.close();
    DeliveryInputs.delete(directory);
  }
}
