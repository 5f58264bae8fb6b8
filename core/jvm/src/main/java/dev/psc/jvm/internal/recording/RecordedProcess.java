package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import org.jspecify.annotations.Nullable;

/**
 * The process that a recording is of, as its event {@code jdk.JVMInformation} states it.
 *
 * @param pid the process id, which is 1 in many containers
 * @param startMillis when the JVM started, in milliseconds since 1970, or 0 if it is not stated
 */
record RecordedProcess(long pid, long startMillis) {

  static final String EVENT = "jdk.JVMInformation";

  /** The JDK states when the JVM was created, async-profiler when the process was. */
  private static final long SAME_START_MILLIS = 10_000;

  /** Returns the process of an event, or null if it states none. */
  static @Nullable RecordedProcess of(JfrEvent event) {
    if (!event.has(JfrField.PID)) {
      return null;
    }
    long start = event.has(JfrField.JVM_START_TIME) ? event.number(JfrField.JVM_START_TIME) : 0;
    return new RecordedProcess(event.number(JfrField.PID), start);
  }

  /** Returns whether two recordings are certainly of different processes. */
  static boolean differ(@Nullable RecordedProcess a, @Nullable RecordedProcess b) {
    if (a == null || b == null) {
      return false;
    }
    return a.pid != b.pid
        || (a.startMillis > 0
            && b.startMillis > 0
            && Math.abs(a.startMillis - b.startMillis) > SAME_START_MILLIS);
  }
}
