package dev.psc.examples.benchmarks.overhead;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands in the README of psc-jvm by which a program starts with an archive of classes. */
@Tag("interop")
class ClassArchiveTest {

  private static final String ARCHIVE = "application.jsa";

  @TempDir private Path directory;

  /** Returns the option of a documented command. */
  private String documented(String option) throws IOException {
    Matcher command =
        Pattern.compile("java (" + option + "=)" + ARCHIVE + " -jar application\\.jar")
            .matcher(Files.readString(Path.of("../../core/jvm/README.md")));
    assertThat(command.find()).as(option).isTrue();
    return command.group(1) + directory.resolve(ARCHIVE);
  }

  private void run(String... options) throws Exception {
    Path jar = Path.of("target/psc-benchmarks.jar").toAbsolutePath();
    assertThat(jar).as("run `mvn package` first: the interop tests drive the real jar").exists();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    command.addAll(
        List.of(
            "-Dpsc.store.address=127.0.0.1:1",
            "-Dpsc.insecure=true",
            "-cp",
            jar.toString(),
            OverheadChild.class.getName(),
            "idle",
            "2",
            "library"));
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
  }

  @Test
  void aProgramStartsWithArchivedClassesOfTheProfilerByTheDocumentedCommands() throws Exception {
    run(documented("-XX:ArchiveClassesAtExit"));
    Path loaded = directory.resolve("loaded");
    run(documented("-XX:SharedArchiveFile"), "-Xlog:class+load:file=" + loaded + "::filecount=0");
    List<String> ours =
        Files.readAllLines(loaded).stream()
            .filter(line -> line.contains(" dev.psc.jvm.") && !line.contains("Lambda"))
            .toList();
    assertThat(ours).hasSizeGreaterThan(50);
    assertThat(ours.stream().filter(line -> line.contains("shared objects file")).count())
        .isGreaterThan(ours.size() * 9 / 10);
  }
}
