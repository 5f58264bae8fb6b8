package dev.psc.jvm.internal.capture;

import java.io.IOException;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Detects a late start of the flight recorder. */
final class JvmAge {

  private static final Logger logger = LoggerFactory.getLogger(JvmAge.class);
  private static final String JAVA_AGENT = "-javaagent:";
  private static final long WARM_COMPILE_MILLIS = 2_000;
  private static final long STARTUP_MILLIS = 30_000;
  private static final int FIRST_UNAFFECTED = 23;

  private static volatile boolean late;

  private JvmAge() {}

  /** Returns whether a late start of the flight recorder discards all compiled code. */
  static boolean lateStartsCost() {
    return Runtime.version().feature() < FIRST_UNAFFECTED
        && !keepsCompiledCode(ManagementFactory.getRuntimeMXBean().getInputArguments());
  }

  /**
   * Warns if the first use of the flight recorder is about to discard compiled code. On JDK 17 to
   * 22 it discards all of it, and a warm application is several times slower for about ten seconds.
   */
  static void warnIfLate() {
    int feature = Runtime.version().feature();
    CompilationMXBean compilation = ManagementFactory.getCompilationMXBean();
    if (compilation == null || !compilation.isCompilationTimeMonitoringSupported()) {
      return;
    }
    long compiledMillis = compilation.getTotalCompilationTime();
    long uptimeMillis = ManagementFactory.getRuntimeMXBean().getUptime();
    if (isLate(feature, uptimeMillis, compiledMillis)
        && !keepsCompiledCode(ManagementFactory.getRuntimeMXBean().getInputArguments())) {
      late = true;
      logger.warn(
          "Profiling starts in a warm JVM ({} of compiling so far): JDK {} discards its compiled"
              + " code now and is slow until it is compiled again. Call JvmProfiling.prepare() as"
              + " the first thing in main, or start with -XX:StartFlightRecording:settings=none",
          Duration.ofMillis(compiledMillis),
          feature);
    }
  }

  /**
   * Returns whether there is compiled code to lose. A JVM that is still starting has little of it,
   * even if a slow machine has spent seconds on compiling.
   */
  static boolean isLate(int feature, long uptimeMillis, long compiledMillis) {
    return feature < FIRST_UNAFFECTED
        && uptimeMillis > STARTUP_MILLIS
        && compiledMillis > WARM_COMPILE_MILLIS;
  }

  /**
   * Returns whether an agent was loaded at the start of the JVM that can change loaded classes. The
   * JVM has then recorded on which classes compiled code depends, and need not discard all of it.
   *
   * @param arguments the arguments of the JVM
   */
  static boolean keepsCompiledCode(List<String> arguments) {
    for (String argument : arguments) {
      if (argument.startsWith("-agentlib:jdwp") || argument.startsWith("-Xrunjdwp")) {
        return true;
      }
      if (argument.startsWith(JAVA_AGENT) && changesClasses(agentFile(argument))) {
        return true;
      }
    }
    return false;
  }

  private static String agentFile(String argument) {
    int options = argument.indexOf('=');
    return argument.substring(JAVA_AGENT.length(), options < 0 ? argument.length() : options);
  }

  private static boolean changesClasses(String file) {
    try (JarFile jar = new JarFile(file)) {
      Manifest manifest = jar.getManifest();
      return manifest != null
          && (isTrue(manifest, "Can-Retransform-Classes")
              || isTrue(manifest, "Can-Redefine-Classes"));
    } catch (IOException | SecurityException e) {
      logger.debug("Failed to read the manifest of {}", file, e);
      return false;
    }
  }

  private static boolean isTrue(Manifest manifest, String name) {
    return Boolean.parseBoolean(manifest.getMainAttributes().getValue(name));
  }

  /** Returns whether the start of the flight recorder discarded compiled code. */
  static boolean wasLate() {
    return late;
  }
}
