package dev.psc.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JvmProfiling;
import java.io.File;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A profiler of the application, without psc-jvm-agent, next to the real OpenTelemetry Java agent.
 */
@Tag("interop")
@Timeout(400)
class LibraryBesideAgentTest {

  @TempDir private Path directory;

  @Test
  void samplesHaveTheIdsOfSpansOfTheAgentAndOfTheApplication() throws Exception {
    String printed = run(List.of("-Dotel.javaagent.extensions=" + extension()));
    assertThat(printed).contains("active true");
    assertThat(nanos(printed, "request")).isBetween(1_500_000_000L, 2_500_000_000L);
    assertThat(nanos(printed, "own")).isBetween(1_500_000_000L, 2_500_000_000L);
  }

  @Test
  void withoutTheExtensionALineSaysWhatIsMissing() throws Exception {
    assertThat(run(List.of()))
        .contains("-Dotel.javaagent.extensions=psc-opentelemetry.jar")
        .containsPattern("request [0-9a-f]{32} null");
  }

  private static long nanos(String printed, String name) {
    Matcher matcher =
        Pattern.compile("^" + name + " [0-9a-f]{32} (\\d+)$", Pattern.MULTILINE).matcher(printed);
    assertThat(matcher.find()).as(printed).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  private String run(List<String> options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-javaagent:" + openTelemetryAgent());
    command.addAll(options);
    for (String signal : List.of("traces", "metrics", "logs")) {
      command.add("-Dotel." + signal + ".exporter=none");
    }
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=info");
    command.add("-cp");
    command.add(classPath());
    command.add(TracedProgram.class.getName());
    Path output = directory.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(300, TimeUnit.SECONDS)).isTrue();
      return Files.readString(output);
    } finally {
      process.destroyForcibly();
    }
  }

  /** Returns what the program needs, before what the tests have besides. */
  private static String classPath() throws Exception {
    Set<String> entries = new LinkedHashSet<>();
    for (Class<?> type :
        List.of(
            TracedProgram.class,
            OpenTelemetryTraces.class,
            JvmProfiling.class,
            dev.psc.pprof.Profile.class,
            dev.psc.delivery.spi.RawProfile.class,
            org.slf4j.Logger.class,
            io.opentelemetry.api.GlobalOpenTelemetry.class,
            io.opentelemetry.context.Context.class,
            org.awaitility.Awaitility.class,
            org.hamcrest.Matcher.class)) {
      entries.add(location(type).toString());
    }
    entries.add(System.getProperty("java.class.path"));
    return String.join(File.pathSeparator, entries);
  }

  private static Path location(Class<?> type) throws Exception {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  private static Path openTelemetryAgent() throws Exception {
    return location(
        Class.forName(
            "io.opentelemetry.javaagent.OpenTelemetryAgent",
            false,
            LibraryBesideAgentTest.class.getClassLoader()));
  }

  /** Packs the classes of this artifact, which are not packaged when its tests run. */
  private Path extension() throws Exception {
    Path classes = location(OpenTelemetryTraces.class);
    if (Files.isRegularFile(classes)) {
      return classes;
    }
    Path jar = directory.resolve("psc-opentelemetry.jar");
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out);
        Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        entries.putNextEntry(
            new JarEntry(classes.relativize(file).toString().replace(File.separatorChar, '/')));
        Files.copy(file, entries);
        entries.closeEntry();
      }
    }
    return jar;
  }
}
