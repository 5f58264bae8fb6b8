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
 * The program in {@code src/main/go}, built and running beside this one: does with google/pprof
 * what is compared with, as often as it is told to. Not thread-safe.
 */
final class GoProgram implements AutoCloseable {

  private static final List<String> SOURCES = List.of("main.go", "go.mod", "go.sum");
  private static final long PATIENCE_MINUTES = 10;

  /** Why there is no such program here. */
  static final class Unavailable extends Exception {
    private static final long serialVersionUID = 1;

    Unavailable(String message) {
      super(message);
    }
  }

  /**
   * What some calls cost.
   *
   * @param threadNanos processor time of the thread that works, per call
   * @param processNanos processor time of the whole process, which has the garbage collector's in
   *     it, per call
   * @param allocatedBytes per call
   * @param total what the values of the sample type sum up to
   * @param bytes how long what was written is
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
   * Builds and starts it.
   *
   * @param path the folders to look for {@code go} in, as the variable PATH has them
   * @param body the profile that it works on
   * @param kept the sample type that it keeps
   * @throws Unavailable where there is no Go, or not the module that is compared with
   */
  static GoProgram start(String path, byte[] body, String kept)
      throws Unavailable, IOException, InterruptedException {
    if (!System.getProperty("os.name").equals("Linux")) {
      throw new Unavailable("only Linux tells the processor time of one of Go's threads");
    }
    Path go =
        Stream.of(path.split(":", -1))
            .map(folder -> Path.of(folder, "go"))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new Unavailable("there is no go on the PATH"));
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
        throw new Unavailable("Go's module is not to be had: " + download);
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

  /** Returns nothing, or what a command that failed said last. */
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

  /** Runs one of {@code parse}, {@code keep} and {@code keep-all} so many times. */
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

  /** Ends it. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    answers.close();
    DeliveryInputs.delete(directory);
  }
}
