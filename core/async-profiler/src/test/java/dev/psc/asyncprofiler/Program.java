package dev.psc.asyncprofiler;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A {@link BusyProgram} in a separate JVM. For one thread. */
final class Program implements AutoCloseable {

  private final Process process;
  private final BufferedReader answers;
  private final Writer questions;
  private final StringBuilder printed = new StringBuilder();
  private final int port;

  private Program(Process process) throws IOException {
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.questions = process.outputWriter(StandardCharsets.UTF_8);
    String line = next();
    while (!line.matches("\\d+")) {
      line = next();
    }
    this.port = Integer.parseInt(line);
  }

  /**
   * Starts a program.
   *
   * @param options options of the JVM
   * @param arguments see {@link BusyProgram#main}
   */
  static Program start(List<String> options, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx256m");
    command.addAll(options);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), BusyProgram.class.getName()));
    command.addAll(List.of(arguments));
    return new Program(new ProcessBuilder(command).redirectErrorStream(true).start());
  }

  private String next() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new AssertionError("the program has ended: " + printed);
    }
    printed.append(line).append('\n');
    return line;
  }

  /** Returns what was printed so far. */
  String printed() {
    return printed.toString();
  }

  String ask(String question) throws IOException {
    questions.write(question + "\n");
    questions.flush();
    StringBuilder answer = new StringBuilder();
    for (String line = next(); !line.equals(BusyProgram.DONE); line = next()) {
      answer.append(line).append('\n');
    }
    return answer.toString().strip();
  }

  long number(String question) throws IOException {
    return Long.parseLong(ask(question));
  }

  /** Returns a profile; blocks as long as it takes. */
  Profile profile(String name) throws IOException, PprofException {
    URI address = URI.create("http://127.0.0.1:" + port + "/debug/pprof/" + name);
    try (InputStream body = address.toURL().openStream()) {
      return Profile.parse(body.readAllBytes());
    }
  }

  @Override
  public void close() throws IOException {
    questions.close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
