package dev.psc.jvm;

import static org.awaitility.Awaitility.await;

import dev.psc.jvm.profile.CaptureStatus;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A program that is profiled while it has no file descriptors, and afterwards. It begins without
 * any where its argument is {@code first}, and loses them while it is profiled otherwise.
 */
final class ShortageProgram {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<InputStream> taken = new ArrayList<>();

  private ShortageProgram() {}

  public static void main(String[] arguments) throws Exception {
    loadClasses();
    if (arguments[0].equals("first")) {
      startsWithoutFiles();
    } else {
      goesWithoutFiles();
    }
    System.out.println("end");
  }

  private static void startsWithoutFiles() throws Exception {
    try (JvmProfiling early = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
      await().atMost(PATIENCE).until(() -> status(early) == 200);
    }
    take();
    try (JvmProfiling late = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
      check(late);
    }
  }

  private static void goesWithoutFiles() throws Exception {
    try (JvmProfiling profiling = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
      await().atMost(PATIENCE).until(() -> status(profiling) == 200);
      take();
      check(profiling);
    }
  }

  /** Loads all classes in directories, which the JVM could not open later; jars stay open. */
  private static void loadClasses() throws IOException {
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path root = Path.of(entry);
      if (Files.isDirectory(root.resolve("dev/psc"))) {
        try (Stream<Path> files = Files.walk(root.resolve("dev/psc"))) {
          files.map(file -> root.relativize(file).toString()).forEach(ShortageProgram::load);
        }
      }
    }
  }

  private static void load(String file) {
    if (file.endsWith(".class")) {
      try {
        String name = file.substring(0, file.length() - 6).replace(File.separatorChar, '.');
        Class<?> unused = Class.forName(name, false, ShortageProgram.class.getClassLoader());
      } catch (ClassNotFoundException | LinkageError e) {
        System.out.println("not loaded: " + file);
      }
    }
  }

  private static void check(JvmProfiling profiling) throws Exception {
    await().atMost(PATIENCE).until(() -> error(profiling).contains("file descriptors"));
    System.out.println("short: " + error(profiling));
    for (InputStream file : taken) {
      file.close();
    }
    await().atMost(PATIENCE).until(() -> status(profiling) == 200);
    System.out.println("profiled");
  }

  private static void take() {
    try {
      while (true) {
        taken.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException e) {
      System.out.println("taken: " + taken.size());
    }
  }

  private static String error(JvmProfiling profiling) {
    return profiling.status().capture().flatMap(CaptureStatus::lastError).orElse("");
  }

  private static int status(JvmProfiling profiling) {
    return profiling
        .handler()
        .handle(new PprofRequest("GET", "/debug/pprof/profile", Map.of("seconds", "1"), Map.of()))
        .status();
  }
}
