package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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

  static final String VENDOR_CPU = "datadog.ExecutionSample";
  static final String VENDOR_WALL = "datadog.MethodSample";
  static final String WALL_CLOCK = "profiler.WallClockSample";

  private final List<Setting> recorded = new ArrayList<>();
  private final Map<String, Long> periods = new HashMap<>();
  private final Map<String, Set<Long>> conflicts = new TreeMap<>();
  private @Nullable String event;
  private long nativeBytes;
  private long allocatedBytes;
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
      case "nativemem" -> nativeBytes = Math.max(1, nanos(value));
      case "alloc" -> allocatedBytes = nanos(value);
      case "period", "interval", "wall", "event" ->
          recorded.add(new Setting(setting.number(JfrField.ID), name, value));
      default -> {}
    }
  }

  /** Records Datadog's configuration event. */
  void vendorConfiguration(JfrEvent configuration) {
    period(VENDOR_CPU, millis(configuration, JfrField.CPU_INTERVAL));
    period(VENDOR_WALL, millis(configuration, JfrField.WALL_INTERVAL));
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
        case "wall" -> {
          wall = true;
          period(WALL_CLOCK, nanos(setting.value));
        }
        default -> {
          wall |= type.equals(WALL_CLOCK);
          if (!isVendor(type) || !periods.containsKey(type)) {
            period(type, nanos(setting.value));
          }
        }
      }
    }
    if ("wall".equals(event)) {
      wall = true;
      Long interval = periods.remove(EventPlan.EXECUTION);
      if (interval != null) {
        periods.putIfAbsent(WALL_CLOCK, interval);
      }
    }
  }

  private static boolean isVendor(String type) {
    return type.equals(VENDOR_CPU) || type.equals(VENDOR_WALL);
  }

  /** Records the period of an event type; the shortest request decides, and 0 is unknown. */
  private void period(String type, long nanos) {
    if (nanos > 0) {
      Long known = periods.put(type, nanos);
      if (known != null && known != nanos) {
        periods.put(type, Math.min(known, nanos));
        conflicts.computeIfAbsent(type, added -> new TreeSet<>(Set.of(known))).add(nanos);
      }
    }
  }

  /** Returns the periods of an event type, if the chunk states more than one. */
  Set<Long> conflicts(String type) {
    return conflicts.getOrDefault(type, Set.of());
  }

  private static long nanos(String value) {
    Matcher matcher = PERIOD.matcher(value);
    if (!matcher.matches()) {
      return 0; // such as everyChunk
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "us" -> saturated(amount, 1_000);
      case "ms" -> saturated(amount, 1_000_000);
      case "s" -> saturated(amount, 1_000_000_000L);
      case "m" -> saturated(amount, 60_000_000_000L);
      case "h" -> saturated(amount, 3_600_000_000_000L);
      default -> amount;
    };
  }

  private static long saturated(long amount, long factor) {
    return Math.min(amount, Long.MAX_VALUE / factor) * factor;
  }

  /** Returns whether running threads were sampled by wall-clock time too. */
  boolean samplesWallClock() {
    return wall;
  }

  /** Returns the sampling period of an event type, or 0 if the chunk does not state it. */
  long nanosOf(String type) {
    return periods.getOrDefault(type, 0L);
  }

  /** Returns the sampling interval of native allocations in bytes: 1 for all, 0 if not stated. */
  long nativeBytes() {
    return nativeBytes;
  }

  /**
   * Returns the sampling interval of async-profiler's Java allocations in bytes, or 0 if all were
   * recorded or it is not stated.
   */
  long allocatedBytes() {
    return allocatedBytes;
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
