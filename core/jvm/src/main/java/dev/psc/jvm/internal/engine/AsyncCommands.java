package dev.psc.jvm.internal.engine;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.profile.JvmProfile;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The commands for async-profiler. The intervals of allocations and locks grow while there are too
 * many events; a sample represents its interval, so that values stay right. Not thread-safe.
 */
final class AsyncCommands {

  /** The events of CPU samples, of which the first that starts is used. */
  static final List<String> CPU_EVENTS = List.of("cpu", "ctimer", "itimer");

  /** The default of async-profiler. */
  static final long ALLOCATION_BYTES = 512 << 10;

  private static final long MAX_ALLOCATION_BYTES = 1L << 32;
  private static final long MAX_LOCK_NANOS = 100_000_000;
  private static final double LOCKS_PER_SECOND = 1_000;

  /** An interval shrinks below this part of the configured events. */
  private static final int RARELY = 8;

  /** Five CPU periods, as in async-profiler's own defaults. */
  private static final int WALL_PERIODS = 5;

  /**
   * A real-time signal for CPU samples where the JDK's own sampler uses SIGPROF. Neither the JVM
   * nor the C library uses it.
   */
  private static final String OTHER_SIGNAL = ",signal=44";

  private static final int FIRST_WITH_SAMPLER = 25;

  /** Leaves out properties, libraries, load and heap, which no profile has. */
  private static final String FORMAT = "jfr,jfropts=31,loglevel=none";

  private final CaptureSettings settings;
  private final String signal;
  private String cpuEvent = "cpu";
  private long allocationBytes = ALLOCATION_BYTES;
  private long lockNanos;

  /**
   * @param feature the version of the JDK
   */
  AsyncCommands(CaptureSettings settings, String osName, int feature) {
    this.settings = settings;
    this.lockNanos = settings.lockThreshold().toNanos();
    this.signal = osName.startsWith("Linux") && feature >= FIRST_WITH_SAMPLER ? OTHER_SIGNAL : "";
  }

  /** Returns those of the requested profiles that need a running profiler. */
  static Set<JvmProfile> recorded(Set<JvmProfile> wanted) {
    Set<JvmProfile> recorded = EnumSet.noneOf(JvmProfile.class);
    for (JvmProfile profile : wanted) {
      if (profile == JvmProfile.PROCESS_CPU
          || profile == JvmProfile.WALL
          || profile == JvmProfile.MEMORY
          || profile == JvmProfile.MUTEX) {
        recorded.add(profile);
      }
    }
    return recorded;
  }

  /** Sets the event of CPU samples: {@code cpu}, {@code ctimer} or {@code itimer}. */
  void cpuEvent(String event) {
    cpuEvent = event;
  }

  String start(Set<JvmProfile> recorded, Path file) {
    StringBuilder command = new StringBuilder("start,").append(FORMAT);
    boolean wall = recorded.contains(JvmProfile.WALL);
    if (wall || recorded.contains(JvmProfile.PROCESS_CPU)) {
      command.append(",event=").append(cpuEvent).append(",interval=").append(cpuNanos());
      command.append(signal);
    }
    if (wall) {
      command.append(",wall=").append(wallNanos());
    }
    if (recorded.contains(JvmProfile.MEMORY)) {
      command.append(",alloc=").append(allocationBytes);
    }
    if (recorded.contains(JvmProfile.MUTEX)) {
      command.append(",lock=").append(lockNanos);
    }
    command.append(",jstackdepth=").append(settings.stackDepth());
    return command.append(",file=").append(file).toString();
  }

  static String dump(Path file) {
    return "dump," + FORMAT + ",file=" + file;
  }

  static String stop(Path file) {
    return "stop," + FORMAT + ",file=" + file;
  }

  long cpuNanos() {
    return settings.cpuPeriod().toNanos();
  }

  long wallNanos() {
    return cpuNanos() * WALL_PERIODS;
  }

  long allocationBytes() {
    return allocationBytes;
  }

  /** Returns the shortest wait for a lock that is recorded. */
  long lockNanos() {
    return lockNanos;
  }

  /**
   * Grows the intervals if events came too often, and shrinks them again if they came rarely.
   *
   * @param nanos the time in which they came
   * @return whether an interval has changed, so that the profiler must be started again
   */
  boolean adapt(long allocations, long locks, long nanos) {
    double seconds = Math.max(1, nanos) / 1e9;
    long bytesBefore = allocationBytes;
    long lockBefore = lockNanos;
    double perSecond = allocations / seconds;
    double most = settings.allocationsPerSecond();
    while (perSecond * bytesBefore / allocationBytes > most
        && allocationBytes < MAX_ALLOCATION_BYTES) {
      allocationBytes *= 2;
    }
    if (perSecond < most / RARELY && allocationBytes > ALLOCATION_BYTES) {
      allocationBytes /= 2;
    }
    if (locks / seconds > LOCKS_PER_SECOND && lockNanos < MAX_LOCK_NANOS) {
      lockNanos *= 2;
    } else if (locks / seconds < LOCKS_PER_SECOND / RARELY
        && lockNanos > settings.lockThreshold().toNanos()) {
      lockNanos /= 2;
    }
    return allocationBytes != bytesBefore || lockNanos != lockBefore;
  }

  /**
   * Returns a comment for the readers of a profile about its values.
   *
   * @param cpuSource the source of the CPU samples
   */
  Optional<String> comment(JvmProfile profile, String cpuSource) {
    return Optional.ofNullable(
        switch (profile) {
          case PROCESS_CPU ->
              "CPU samples: "
                  + cpuSource
                  + " after every "
                  + cpuNanos()
                  + " ns of a thread's CPU time; CPU time is samples times that period";
          case WALL ->
              "CPU time: "
                  + cpuSource
                  + " every "
                  + cpuNanos()
                  + " ns; waiting: Java threads that wait, every "
                  + wallNanos()
                  + " ns";
          case MEMORY ->
              "values are estimates: now one allocation per "
                  + allocationBytes
                  + " bytes is recorded";
          case MUTEX -> "waits shorter than " + lockNanos + " ns are not counted";
          default -> null;
        });
  }
}
