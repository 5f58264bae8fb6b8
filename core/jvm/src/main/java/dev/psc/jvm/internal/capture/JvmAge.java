package dev.psc.jvm.internal.capture;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Detects a late start of the flight recorder. */
final class JvmAge {

  private static final Logger logger = LoggerFactory.getLogger(JvmAge.class);
  private static final long WARM_COMPILE_MILLIS = 2_000;

  private static volatile boolean late;

  private JvmAge() {}

  /**
   * Warns if the first use of the flight recorder is about to discard compiled code. On JDK 17 to
   * 22 it discards all of it, and a warm application is several times slower for about ten seconds.
   */
  static void warnIfLate() {
    int feature = Runtime.version().feature();
    if (feature >= 23) {
      return;
    }
    CompilationMXBean compilation = ManagementFactory.getCompilationMXBean();
    if (compilation == null || !compilation.isCompilationTimeMonitoringSupported()) {
      return;
    }
    long compiledMillis = compilation.getTotalCompilationTime();
    if (compiledMillis > WARM_COMPILE_MILLIS) {
      late = true;
      logger.warn(
          "Profiling starts in a warm JVM ({} of compiling so far): JDK {} discards its compiled"
              + " code now and is slow until it is compiled again. Call JvmProfiling.prepare() as"
              + " the first thing in main, or start with -XX:StartFlightRecording:settings=none",
          Duration.ofMillis(compiledMillis),
          feature);
    }
  }

  /** Returns whether the start of the flight recorder discarded compiled code. */
  static boolean wasLate() {
    return late;
  }
}
