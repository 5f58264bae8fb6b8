package dev.psc.jvm;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a separate JVM. */
final class ChildJvm {

  private ChildJvm() {}

  /** Returns the java command of this JVM. */
  static Path thisJava() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /**
   * Returns this JVM's java command and that of the newest other one installed, if there is one.
   */
  static List<Path> allJavas() {
    List<Path> javas = new ArrayList<>();
    javas.add(thisJava());
    newest().ifPresent(javas::add);
    return javas;
  }

  private static Optional<Path> newest() {
    Path parent = Path.of(System.getProperty("java.home")).getParent();
    Path best = null;
    int bestFeature = Runtime.version().feature();
    try (DirectoryStream<Path> homes = Files.newDirectoryStream(parent)) {
      for (Path home : homes) {
        int feature = feature(home.resolve("release"));
        if (feature > bestFeature && Files.isExecutable(home.resolve("bin/java"))) {
          best = home;
          bestFeature = feature;
        }
      }
    } catch (IOException e) {
      return Optional.empty();
    }
    return Optional.ofNullable(best).map(home -> home.resolve("bin/java"));
  }

  static int feature(Path release) {
    if (!Files.isReadable(release)) {
      return 0;
    }
    try {
      return Files.readAllLines(release).stream()
          .filter(line -> line.startsWith("JAVA_VERSION=\""))
          .map(line -> line.substring(14, line.length() - 1))
          .mapToInt(version -> Runtime.Version.parse(version).feature())
          .findFirst()
          .orElse(0);
    } catch (IOException | IllegalArgumentException e) {
      return 0;
    }
  }

  static Process start(Path java, List<String> options, Class<?> main, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.add("-Xmx512m");
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    try {
      return new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns what is printed up to a line. */
  static String readUntil(Process process, String wanted) throws IOException {
    StringBuilder printed = new StringBuilder();
    BufferedReader reader = process.inputReader(StandardCharsets.UTF_8);
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      printed.append(line).append('\n');
      if (line.equals(wanted)) {
        return printed.toString();
      }
    }
    throw new AssertionError("it never printed " + wanted + ": " + printed);
  }

  /** Runs to the end and returns what was printed. */
  static String run(Path java, List<String> options, Class<?> main, String... arguments)
      throws Exception {
    Process process = start(java, options, main, arguments);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("does not exit; printed: " + printed);
    }
    if (process.exitValue() != 0) {
      throw new AssertionError("exit status " + process.exitValue() + ": " + printed);
    }
    return printed;
  }
}
