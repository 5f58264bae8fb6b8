package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs other programs for the interop tests. */
public final class Commands {

  private Commands() {}

  /** Skips the test, with a message, where a command is not on the path. */
  public static void assumeOnPath(String command) {
    boolean there =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, command)));
    assumeTrue(there, command + " is not on the PATH: this interop test is skipped");
  }

  /** Returns what a command prints; output goes through files, so that none can block the other. */
  public static String output(Path directory, List<String> command) throws Exception {
    Path out = Files.createTempFile(directory, "out", ".txt");
    Path err = Files.createTempFile(directory, "err", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("PPROF_TMPDIR", directory.toString());
    builder.environment().put("GOTOOLCHAIN", "local");
    Process process = builder.start();
    boolean ended = process.waitFor(120, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String errors = Files.readString(err);
    assertThat(ended).as("%s does not end: %s", command, errors).isTrue();
    assertThat(process.exitValue()).as("%s: %s", command, errors).isZero();
    return Files.readString(out) + (errors.isEmpty() ? "" : "\n--- stderr\n" + errors);
  }
}
