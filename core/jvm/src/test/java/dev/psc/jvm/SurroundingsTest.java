package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What surrounds profiling: JVMs without a flight recorder, other recordings, killed processes. */
class SurroundingsTest {

  @TempDir Path temporary;

  static List<Path> javas() {
    return ChildJvm.allJavas();
  }

  private String once(Path java, String... options) throws Exception {
    return ChildJvm.run(java, List.of(options), ProfiledProgram.class, "once");
  }

  @ParameterizedTest
  @MethodSource("javas")
  void withoutAFlightRecorderTheRestWorks(Path java) throws Exception {
    assertThat(once(java, "--limit-modules", "java.base,java.logging"))
        .contains("no flight recorder", "--add-modules jdk.jfr")
        .contains("GET goroutine 200", "GET allocs 501", "GET heap 200", "GET profile 501")
        .contains("CLOSED");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/proc/nowhere", "/sys"})
  void aDirectoryThatIsMissingOrReadOnlyIsSaid(String directory) throws Exception {
    assertThat(once(ChildJvm.thisJava(), "-Djava.io.tmpdir=" + directory))
        .contains("UNAVAILABLE the flight recorder's directory", "set repository")
        .contains("GET goroutine 200", "GET profile 501", "CLOSED");
  }

  @ParameterizedTest
  @MethodSource("javas")
  void capturesEventsAsANamedModule(Path java) throws Exception {
    String testClasses = "";
    List<String> modules = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      if (entry.endsWith("test-classes")) {
        testClasses = entry;
      } else if (entry.endsWith("classes")
          || entry.matches(".*/(psc|slf4j-api)-[^/]*(?<!-tests)\\.jar")) {
        modules.add(entry);
      }
    }
    String module = "dev.psc.jvm";
    assertThat(
            once(
                java,
                "--module-path",
                String.join(File.pathSeparator, modules),
                "--add-modules",
                module,
                "--patch-module",
                module + "=" + testClasses,
                "--add-reads",
                module + "=ALL-UNNAMED"))
        .contains("MODULE " + module, "GET allocs 200", "GET profile 200", "CLOSED");
  }

  /**
   * As containers are locked down: another user without privileges or a home, in a directory it may
   * not write to, with one writable place.
   */
  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javas")
  void worksForAUserWithoutPrivileges(Path java) throws Exception {
    assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/setpriv"))
            && System.getProperty("user.name").equals("root"),
        "needs setpriv and root, to become another user: skipped");
    Path classPath = Files.createDirectory(temporary.resolve("classes"));
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path copy = classPath.resolve("" + entries.size());
      copy(Path.of(entry), copy);
      entries.add(copy.toString());
    }
    Path writable = Files.createDirectory(temporary.resolve("writable"));
    Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path log = temporary.resolve("log");
    ProcessBuilder builder =
        new ProcessBuilder(
                "/usr/bin/setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--no-new-privs",
                "--bounding-set=-all",
                java.toString(),
                "-Xmx256m",
                "-Djava.io.tmpdir=" + writable,
                "-cp",
                String.join(File.pathSeparator, entries),
                ProfiledProgram.class.getName(),
                "once")
            .directory(new File("/"))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().remove("HOME");
    Process process = builder.start();

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(log))
        .contains("UNAVAILABLE -", "GET profile 200", "GET allocs 200", "GET heap 200", "CLOSED");
    try (Stream<Path> left = Files.list(writable)) {
      assertThat(left.filter(path -> path.getFileName().toString().startsWith("psc-"))).isEmpty();
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.exists(from) ? Files.walk(from) : Stream.empty()) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javas")
  void runsBesideAnOperatorsRecording(Path java) throws Exception {
    assertThat(
            once(
                java,
                "-Djava.io.tmpdir=" + temporary,
                "-XX:StartFlightRecording=settings=profile,name=operator"))
        .contains("UNAVAILABLE -", "OTHERS [operator]", "GET profile 200", "GET allocs 200");
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javas")
  void aSecondCopyOfTheLibraryStandsBack(Path java) throws Exception {
    assertThat(
            ChildJvm.run(
                java, List.of("-Djava.io.tmpdir=" + temporary), ProfiledProgram.class, "loaders"))
        .contains("another class loader", "GET goroutine 200", "FIRST true");
    assertThat(leftovers()).isEmpty();
  }

  @Tag("slow")
  @Test
  void whatKilledProcessesLeaveIsRemovedByTheNext() throws Exception {
    for (int i = 0; i < 10; i++) {
      Process process =
          ChildJvm.start(
              ChildJvm.thisJava(),
              List.of("-Djava.io.tmpdir=" + temporary),
              ProfiledProgram.class,
              "forever");
      try {
        ChildJvm.readUntil(process, "RUNNING");
        assertThat(leftovers()).hasSize(1);
      } finally {
        process.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
      }
    }
    assertThat(leftovers()).hasSize(1);
    once(ChildJvm.thisJava(), "-Djava.io.tmpdir=" + temporary);
    assertThat(leftovers()).isEmpty();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javas")
  void theLastIntervalIsPushedWhenMainReturns(Path java) throws Exception {
    assertThat(
            ChildJvm.run(
                java, List.of("-Djava.io.tmpdir=" + temporary), ProfiledProgram.class, "exit"))
        .contains("EXITING", "PUSHED process_cpu");
    assertThat(leftovers()).isEmpty();
  }

  /** Directories of processes below those of users. */
  private List<Path> leftovers() throws IOException {
    try (Stream<Path> all = Files.walk(temporary, 2)) {
      return all.filter(path -> temporary.relativize(path).toString().startsWith("psc-jfr-"))
          .filter(path -> temporary.relativize(path).getNameCount() == 2)
          .toList();
    }
  }
}
