package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The sampling settings that a chunk records: the JDK's {@code period}, async-profiler's {@code
 * event}, {@code interval} and {@code wall}, Datadog's configuration event. Not thread-safe.
 */
final class ChunkSettings {

  static final long DEFAULT_CPU_NANOS = 10_000_000;

  /** The default of async-profiler in wall-clock mode, five times that of its other modes. */
  static final long DEFAULT_WALL_NANOS = 50_000_000;

  private static final Pattern PERIOD = Pattern.compile("(\\d{1,15}) ?(ns|us|ms|s|m|h|)");
  private static final Pattern TIME_ENGINES = Pattern.compile("cpu|itimer|ctimer|wall|.*-clock");

  private final List<Setting> recorded = new ArrayList<>();
  private @Nullable String event;
  private long cpuNanos;
  private long wallNanos;
  private long intervalNanos;
  private long nativeBytes;
  private boolean wall;
  private boolean profilerSettings;

  /** A setting of the event type with a number. */
  private record Setting(long id, String name, String value) {}

  /** Records an event {@code jdk.ActiveSetting}. */
  void activeSetting(JfrEvent setting) {
    String name = setting.text(JfrField.NAME);
    String value = setting.text(JfrField.VALUE);
    if (name == null || value == null) {
      return;
    }
    switch (name) {
      case "nativemem" -> nativeBytes = nanos(value);
      case "period", "interval", "wall", "event" ->
          recorded.add(new Setting(setting.number(JfrField.ID), name, value));
      default -> {}
    }
  }

  /** Records Datadog's configuration event. */
  void vendorConfiguration(JfrEvent configuration) {
    cpuNanos = shorter(cpuNanos, millis(configuration, JfrField.CPU_INTERVAL));
    wallNanos = shorter(wallNanos, millis(configuration, JfrField.WALL_INTERVAL));
  }

  /** Returns a length of time; a field without a unit is in milliseconds. */
  private static long millis(JfrEvent configuration, JfrField field) {
    if (!configuration.has(field)) {
      return 0;
    }
    try {
      return configuration.nanos(field);
    } catch (IllegalArgumentException ignored) {
      return Math.min(configuration.number(field), Long.MAX_VALUE / 1_000_000) * 1_000_000;
    }
  }

  /**
   * Resolves the settings when the chunk has been read.
   *
   * @param types the names of all its event types, also of those without events
   */
  void resolve(Map<Long, String> types) {
    for (Setting setting : recorded) {
      String type = RecordingConverter.currentName(types.getOrDefault(setting.id, ""));
      profilerSettings |= !setting.name.equals("period");
      switch (setting.name) {
        case "event" -> event = setting.value;
        case "wall" -> wall(setting.value);
        default -> period(setting, type);
      }
    }
    if ("wall".equals(event)) {
      wall = true;
      wallNanos = wallNanos > 0 ? wallNanos : intervalNanos;
      cpuNanos = 0;
    }
  }

  private void wall(String value) {
    wall = true;
    wallNanos = shorter(wallNanos, nanos(value));
  }

  private void period(Setting setting, String type) {
    switch (type) {
      case EventPlan.EXECUTION, "datadog.ExecutionSample" -> {
        cpuNanos = shorter(cpuNanos, nanos(setting.value));
        if (setting.name.equals("interval")) {
          intervalNanos = cpuNanos;
        }
      }
      case "profiler.WallClockSample", "datadog.MethodSample" -> wall(setting.value);
      default -> {}
    }
  }

  /** Returns the shorter of two periods, since the shortest request decides; 0 is unknown. */
  private static long shorter(long known, long nanos) {
    return nanos <= 0 || (known > 0 && known < nanos) ? known : nanos;
  }

  private static long nanos(String value) {
    Matcher matcher = PERIOD.matcher(value);
    if (!matcher.matches()) {
      return 0; // such as everyChunk
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "us" -> amount * 1_000;
      case "ms" -> amount * 1_000_000;
      case "s" -> amount * 1_000_000_000L;
      case "m", "h" -> 0;
      default -> amount;
    };
  }

  /** Returns whether running threads were sampled by wall-clock time too. */
  boolean samplesWallClock() {
    return wall;
  }

  /** Returns the CPU sampling period, or 0 if the chunk does not state it. */
  long cpuNanos() {
    return samplesTime() ? cpuNanos : 0;
  }

  /** Returns the wall-clock sampling period, or 0 if the chunk does not state it. */
  long wallNanos() {
    return wallNanos;
  }

  /** Returns the sampling interval of native allocations in bytes, or 0. */
  long nativeBytes() {
    return nativeBytes;
  }

  /** Returns false for events that do not come at a rate of time, such as cache misses. */
  boolean samplesTime() {
    return event == null || event.isEmpty() || TIME_ENGINES.matcher(event).matches();
  }

  /** Returns whether the chunk is one of async-profiler's, with a period of 0 or none. */
  boolean leavesDefault() {
    return profilerSettings;
  }

  /** Returns the event that async-profiler sampled, if the chunk states it. */
  @Nullable String event() {
    return event;
  }
}
