package dev.psc.jvm.internal.capture;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows what a late start of the flight recorder costs in this JVM. */
final class JvmAge {

  private static final Logger log = LoggerFactory.getLogger(JvmAge.class);
  private static final long WARM_COMPILE_MILLIS = 2_000;

  private static volatile boolean late;

  private JvmAge() {}

  /**
   * On JDK 17 to 22 the first use of the flight recorder throws away all compiled code: a warmed-up
   * application is several times slower for some ten seconds. Warns if that is about to happen.
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
      log.warn(
          "Profiling starts in a warm JVM ({} of compiling so far): JDK {} discards its compiled"
              + " code now and is slow until it is compiled again. Call JvmProfiling.prepare() as"
              + " the first thing in main, or start with -XX:StartFlightRecording:settings=none",
          Duration.ofMillis(compiledMillis),
          feature);
    }
  }

  /** Returns whether the flight recorder was first used in a warm JVM that pays for it. */
  static boolean wasLate() {
    return late;
  }
}
