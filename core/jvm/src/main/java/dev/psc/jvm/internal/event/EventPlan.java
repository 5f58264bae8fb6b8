package dev.psc.jvm.internal.event;

import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The events that are enabled for the requested profiles, with their settings. */
public final class EventPlan {

  public static final String EXECUTION = "jdk.ExecutionSample";
  public static final String NATIVE = "jdk.NativeMethodSample";
  public static final String CPU_TIME = "jdk.CPUTimeSample";
  public static final String ALLOCATION = "jdk.ObjectAllocationSample";

  /** The reason why sampling by CPU time was abandoned. */
  public static final String NO_SIGNAL =
      CPU_TIME
          + " delivered no samples while threads were running, so "
          + EXECUTION
          + " is used instead: another profiler in this process probably uses the signal SIGPROF";

  /** A prime, so that it is rarely in step with work that is paced in multiples of 10 ms. */
  private static final Duration NATIVE_PERIOD = Duration.ofMillis(23);

  private final CaptureSettings settings;
  private final Set<String> known;
  private final boolean timedSamples;
  private volatile boolean fallenBack;

  /**
   * Settings that change while capture runs.
   *
   * @param lockThreshold shortest wait for a lock
   * @param allocationsPerSecond how many events of allocations are asked for, a third of them
   *     samples
   * @param exactAllocations whether all buffers are counted
   * @param allocationBuffers whether events of buffers are on for the moment
   * @param exceptions whether exceptions may be counted
   */
  public record Dynamic(
      Duration lockThreshold,
      int allocationsPerSecond,
      boolean exactAllocations,
      boolean allocationBuffers,
      boolean exceptions) {}

  /**
   * @param known names of the events that this JVM has
   * @param cpuTimeSamples whether samples by CPU time work here
   */
  public EventPlan(CaptureSettings settings, Set<String> known, boolean cpuTimeSamples) {
    this.settings = settings;
    this.known = known;
    this.timedSamples = cpuTimeSamples && known.contains(CPU_TIME);
  }

  /** Returns the event of CPU samples. */
  public String cpuSource() {
    return samplesAreTimed() ? CPU_TIME : EXECUTION;
  }

  /** Returns whether CPU samples represent a known CPU time. */
  public boolean samplesAreTimed() {
    return timedSamples && !fallenBack;
  }

  /** Replaces samples by CPU time, which do not arrive, by execution samples. */
  public void fallBack() {
    fallenBack = true;
  }

  /**
   * Returns the comments of a CPU profile: the source of its samples, and their bias.
   *
   * @param clocks whether the CPU clocks of threads can be read
   * @param exactLines whether compiled code has debug information between safepoints
   */
  public List<String> cpuComments(boolean clocks, boolean exactLines) {
    List<String> comments = new ArrayList<>();
    comments.add("engine: " + settings.flightRecorder());
    long period = settings.cpuPeriod().toMillis();
    if (samplesAreTimed()) {
      comments.add(
          "CPU samples: " + CPU_TIME + " after every " + period + " ms of a thread's CPU time");
    } else {
      comments.add(
          "CPU samples: "
              + EXECUTION
              + " every "
              + period
              + " ms and "
              + NATIVE
              + " every "
              + nativePeriod().toMillis()
              + " ms; running and waiting native methods are told apart by estimate");
    }
    if (fallenBack) {
      comments.add(NO_SIGNAL);
    }
    comments.add(
        clocks
            ? "CPU time: the CPU clock of each thread, shared by the thread's samples"
            : "CPU time: one period per sample, because this JVM has no CPU clocks of threads");
    if (!exactLines) {
      comments.add(
          "bias: leaf frames and lines in compiled code are those of the nearest debug point; run"
              + " the JVM with -XX:+UnlockDiagnosticVMOptions -XX:+DebugNonSafepoints for exact"
              + " ones");
    }
    return comments;
  }

  public Duration nativePeriod() {
    return settings.cpuPeriod().compareTo(NATIVE_PERIOD) > 0 ? settings.cpuPeriod() : NATIVE_PERIOD;
  }

  /** Returns the settings of every event that is on, by the event's name. */
  public Map<String, Map<String, String>> events(Set<JvmProfile> profiles, Dynamic dynamic) {
    Map<String, Map<String, String>> events = new LinkedHashMap<>();
    boolean wall = profiles.contains(JvmProfile.WALL);
    if (wall || profiles.contains(JvmProfile.PROCESS_CPU)) {
      cpu(events);
    }
    if (profiles.contains(JvmProfile.MEMORY)) {
      memory(events, dynamic);
    }
    String lock = nanos(dynamic.lockThreshold());
    String block = nanos(settings.blockThreshold());
    if (wall || profiles.contains(JvmProfile.MUTEX)) {
      put(events, "jdk.JavaMonitorEnter", "threshold", lock, "stackTrace", "true");
    }
    if (wall || profiles.contains(JvmProfile.MUTEX) || profiles.contains(JvmProfile.BLOCK)) {
      put(events, "jdk.ThreadPark", "threshold", lock, "stackTrace", "true");
    }
    if (wall || profiles.contains(JvmProfile.BLOCK)) {
      put(events, "jdk.JavaMonitorWait", "threshold", lock, "stackTrace", "true");
      put(events, "jdk.VirtualThreadPinned", "threshold", lock, "stackTrace", "true");
      put(events, "jdk.ThreadSleep", "threshold", block, "stackTrace", "true");
      for (String io :
          new String[] {
            "jdk.SocketRead", "jdk.SocketWrite", "jdk.FileRead", "jdk.FileWrite", "jdk.FileForce"
          }) {
        put(events, io, "threshold", block, "stackTrace", "true", "throttle", "off");
      }
    }
    if (profiles.contains(JvmProfile.THREADCREATE)) {
      put(events, "jdk.ThreadStart", "stackTrace", "true");
    }
    if (profiles.contains(JvmProfile.EXCEPTIONS) && dynamic.exceptions()) {
      put(events, "jdk.JavaExceptionThrow", "stackTrace", "true", "throttle", "off");
      // JDK 25 takes the time of an exception from the event of errors. The time is 0 while that
      // event is off, and streams then drop the exception.
      put(events, "jdk.JavaErrorThrow", "stackTrace", "false");
    }
    if (!events.isEmpty()) {
      put(events, "jdk.DataLoss");
    }
    return events;
  }

  private void cpu(Map<String, Map<String, String>> events) {
    String period = settings.cpuPeriod().toMillis() + " ms";
    if (samplesAreTimed()) {
      put(events, CPU_TIME, "throttle", settings.cpuPeriod().toMillis() + "ms");
      put(events, "jdk.CPUTimeSamplesLost");
    } else {
      put(events, EXECUTION, "period", period);
      put(events, NATIVE, "period", nativePeriod().toMillis() + " ms");
    }
  }

  private void memory(Map<String, Map<String, String>> events, Dynamic dynamic) {
    if (!dynamic.exactAllocations()) {
      put(
          events,
          ALLOCATION,
          "throttle",
          Math.max(1, dynamic.allocationsPerSecond() / 3) + "/s",
          "stackTrace",
          "true");
    }
    if (dynamic.exactAllocations() || dynamic.allocationBuffers()) {
      put(events, "jdk.ObjectAllocationInNewTLAB", "stackTrace", "true");
      put(events, "jdk.ObjectAllocationOutsideTLAB", "stackTrace", "true");
    }
  }

  private void put(Map<String, Map<String, String>> events, String name, String... settings) {
    if (known.contains(name)) {
      Map<String, String> map = new LinkedHashMap<>();
      for (int i = 0; i < settings.length; i += 2) {
        map.put(settings[i], settings[i + 1]);
      }
      events.put(name, map);
    }
  }

  private static String nanos(Duration duration) {
    return duration.toNanos() + " ns";
  }
}
