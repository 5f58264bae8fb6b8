package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.PprofEncoder;
import dev.psc.jvm.internal.aggregate.ProfileTable;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.CpuWeigher;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.event.JfrClass;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Counts the events of a recorded file. What the JDK's own live stream has too goes through {@link
 * EventCounter}; samples of a profiler whose period is known only in the file, and events of
 * vendors, are counted here. Of two events that tell the same (sampled and exact allocations,
 * samples by time and by CPU time) the better one is taken. Stacks and labels have one numbering,
 * so that a chunk's are looked at once. For one file, by one thread.
 */
final class RecordingConverter {

  private static final String IN_TLAB = "jdk.ObjectAllocationInNewTLAB";
  private static final String OUTSIDE_TLAB = "jdk.ObjectAllocationOutsideTLAB";
  private static final String SLEEPING = "STATE_SLEEPING";
  private static final long DEFAULT_PERIOD_NANOS = 10_000_000;
  private static final Pattern PERIOD = Pattern.compile("(\\d{1,15}) ?(ns|us|ms|s|m|h|)");
  private static final int MAX_FAILURES = 20;

  /** A file may have more than a live window, and is gone when it is converted. */
  private static final StackPool.Limits LIMITS = new StackPool.Limits(262_144, 524_288, 33_554_432);

  private final CaptureSettings settings;
  private final Aggregator tables = new Aggregator(LIMITS);
  private final JfrThreads threads;
  private final Counted common;
  private final Counted exact;
  private final Counted byCpuTime;
  private final Counted wallBySamples;
  private final Counted wallClock;
  private final Counted live;
  private final Map<String, Consumer<JfrEvent>> handlers = new HashMap<>();
  private final Map<String, Long> events = new TreeMap<>();
  private final Set<String> failures = new LinkedHashSet<>();
  private final List<Setting> settingsOfChunk = new ArrayList<>();
  private long periodNanos;
  private long wallPeriodNanos;
  private boolean sawSleepers;

  /** How often the events of a type come. */
  private record Setting(long id, String name, String value) {}

  /** Sums of one origin. */
  private final class Counted {
    private final Aggregator aggregator = new Aggregator(tables);
    private final Window window;

    Counted(JvmProfile... profiles) {
      window = aggregator.open(Set.of(profiles), 0);
    }

    void add(JvmProfile profile, JfrEvent event, int stack, long first, long second) {
      JfrField field =
          event.has(JfrField.SAMPLED_THREAD) ? JfrField.SAMPLED_THREAD : JfrField.EVENT_THREAD;
      aggregator.add(profile, stack, event.thread(field).labels(), first, second);
    }

    boolean has(JvmProfile profile) {
      return window.table(profile).size() > 0;
    }
  }

  RecordingConverter(CaptureSettings settings) {
    this.settings = settings;
    threads = new JfrThreads(tables.labels(), id -> false, settings.threadNames());
    common =
        new Counted(
            JvmProfile.PROCESS_CPU,
            JvmProfile.MEMORY,
            JvmProfile.MUTEX,
            JvmProfile.BLOCK,
            JvmProfile.THREADCREATE,
            JvmProfile.EXCEPTIONS,
            JvmProfile.LEAK_SUSPECTS);
    exact = new Counted(JvmProfile.MEMORY);
    byCpuTime = new Counted(JvmProfile.PROCESS_CPU);
    wallBySamples = new Counted(JvmProfile.WALL);
    wallClock = new Counted(JvmProfile.WALL);
    live = new Counted(JvmProfile.HEAP);
    Map<String, Consumer<JfrEvent>> exactly =
        converter(exact, settings.toBuilder().exactAllocations(true).build()).handlers();
    handlers.putAll(converter(common, settings).handlers());
    for (String tlab : new String[] {IN_TLAB, OUTSIDE_TLAB}) {
      // Once for the sizes of classes, once to be counted.
      handlers.merge(tlab, Objects.requireNonNull(exactly.get(tlab)), Consumer::andThen);
    }
    // Round robin over all threads in native code, at work or not: no measure of CPU time.
    handlers.remove(EventPlan.NATIVE);
    handlers.put(EventPlan.EXECUTION, this::executionSample);
    handlers.put(EventPlan.CPU_TIME, this::cpuTimeSample);
    handlers.put("jdk.ActiveSetting", this::setting);
    handlers.put("jdk.OldObjectSample", event -> EventCounter.oldObject(common.aggregator, event));
    handlers.put("profiler.WallClockSample", event -> wallClockSample(event, JfrField.SAMPLES));
    handlers.put("profiler.WallClockSleeping", this::sleepers);
    handlers.put("profiler.LiveObject", this::liveObject);
    handlers.put("datadog.ExecutionSample", this::executionSample);
    handlers.put("datadog.MethodSample", event -> wallClockSample(event, JfrField.WEIGHT));
    handlers.put("datadog.ObjectSample", this::vendorAllocation);
  }

  private static EventCounter converter(Counted into, CaptureSettings how) {
    CpuWeigher none =
        new CpuWeigher() {
          @Override
          public void sample(long id, boolean virtual, boolean inNative, int stack, int labels) {
            throw new IllegalStateException("CPU samples of files are counted elsewhere");
          }

          @Override
          public void weighed(int stack, int labels, long nanos) {
            throw new IllegalStateException("CPU samples of files are counted elsewhere");
          }
        };
    return new EventCounter(into.aggregator, how, none, new ThreadLabels());
  }

  /** Returns what numbers stacks and labels: events that are counted have theirs of it. */
  Aggregator tables() {
    return tables;
  }

  JfrThreads threads() {
    return threads;
  }

  /** Returns what counts the events of a name, if they are counted. */
  @Nullable Consumer<JfrEvent> handler(String event) {
    return handlers.get(event);
  }

  /** Counts an event; one that cannot be is remembered for the remarks. */
  void count(String name, Consumer<JfrEvent> handler, JfrEvent event) {
    try {
      handler.accept(event);
    } catch (RuntimeException e) {
      if (failures.size() < MAX_FAILURES) {
        failures.add(name + ": " + JfrFileReader.reason(e));
      }
    }
  }

  /**
   * Ends a chunk.
   *
   * @param types the types of its events, by their numbers there
   * @param counts how many of each it has
   */
  void endChunk(Map<Long, String> types, Map<String, Long> counts) {
    counts.forEach((name, count) -> events.merge(name, count, Long::sum));
    for (Setting setting : settingsOfChunk) {
      apply(setting, types.get(setting.id));
    }
    settingsOfChunk.clear();
  }

  /** Returns whether no event was read at all. */
  boolean isEmpty() {
    return events.isEmpty();
  }

  // Events.

  private void setting(JfrEvent event) {
    String name = event.text(JfrField.NAME);
    String value = event.text(JfrField.VALUE);
    boolean matters = "period".equals(name) || "interval".equals(name) || "wall".equals(name);
    if (matters && name != null && value != null) {
      settingsOfChunk.add(new Setting(event.number(JfrField.ID), name, value));
    }
  }

  private void apply(Setting setting, @Nullable String type) {
    if (setting.name.equals("wall")) {
      wallPeriodNanos = shorter(wallPeriodNanos, setting.value);
    } else if (EventPlan.EXECUTION.equals(type) || "datadog.ExecutionSample".equals(type)) {
      periodNanos = shorter(periodNanos, setting.value);
    }
  }

  /** Several recordings sample as often as the most eager asks. */
  private static long shorter(long known, String value) {
    Matcher matcher = PERIOD.matcher(value);
    if (!matcher.matches()) {
      return known; // such as everyChunk
    }
    long amount = Long.parseLong(matcher.group(1));
    long nanos =
        switch (matcher.group(2)) {
          case "us" -> amount * 1_000;
          case "ms" -> amount * 1_000_000;
          case "s" -> amount * 1_000_000_000;
          case "m", "h" -> 0;
          default -> amount;
        };
    return nanos <= 0 || (known > 0 && known < nanos) ? known : nanos;
  }

  private void executionSample(JfrEvent event) {
    long weight = weight(event, JfrField.WEIGHT);
    int stack = event.stack();
    if (event.has(JfrField.STATE) && SLEEPING.equals(event.text(JfrField.STATE))) {
      sawSleepers = true;
    } else {
      common.add(JvmProfile.PROCESS_CPU, event, stack, weight, 0);
    }
    wallBySamples.add(JvmProfile.WALL, event, stack, weight, 0);
  }

  private static long weight(JfrEvent event, JfrField field) {
    return event.has(field) ? Math.max(1, event.number(field)) : 1;
  }

  private void sleepers(JfrEvent event) {
    sawSleepers = true;
    wallBySamples.add(
        JvmProfile.WALL, event, event.stack(), event.number(JfrField.SAMPLES_COUNT), 0);
  }

  private void wallClockSample(JfrEvent event, JfrField samples) {
    wallClock.add(JvmProfile.WALL, event, event.stack(), weight(event, samples), 0);
  }

  private void cpuTimeSample(JfrEvent event) {
    int stack =
        event.flag(JfrField.FAILED)
            ? tables.stackPool().stackOf(PseudoFrames.UNKNOWN)
            : event.stack();
    byCpuTime.add(JvmProfile.PROCESS_CPU, event, stack, 1, event.nanos(JfrField.SAMPLING_PERIOD));
  }

  private int allocationStack(JfrEvent event) {
    JfrClass type = settings.allocatedClass() ? event.type(JfrField.OBJECT_CLASS) : null;
    return type == null
        ? event.stack()
        : tables.stackPool().withLeaf(event.stack(), type.typeName());
  }

  private void vendorAllocation(JfrEvent event) {
    double weight = event.has(JfrField.WEIGHT) ? event.decimal(JfrField.WEIGHT) : 1;
    long bytes = Math.round(event.number(JfrField.SIZE) * weight);
    common.add(
        JvmProfile.MEMORY, event, allocationStack(event), Math.max(1, Math.round(weight)), bytes);
  }

  private void liveObject(JfrEvent event) {
    live.add(
        JvmProfile.HEAP, event, allocationStack(event), 1, event.number(JfrField.ALLOCATION_SIZE));
  }

  // What came of it.

  /**
   * Ends the file.
   *
   * @param start when it began, in nanoseconds since 1970
   * @param remarks those so far; more are added
   */
  JfrConversion result(long start, long duration, List<String> remarks) {
    failures.forEach(failure -> remarks.add("an event could not be counted: " + failure));
    long period = periodNanos > 0 ? periodNanos : DEFAULT_PERIOD_NANOS;
    Map<JvmProfile, byte[]> pprofs = new EnumMap<>(JvmProfile.class);
    Result result = new Result(pprofs, start, duration, period);
    if (byCpuTime.has(JvmProfile.PROCESS_CPU)) {
      result.put(byCpuTime, JvmProfile.PROCESS_CPU, 0, "");
    } else {
      String how =
          "cpu/nanoseconds is an estimate: samples times "
              + period
              + " ns"
              + (periodNanos > 0 ? "" : ", assumed, since the recording does not say");
      result.put(common, JvmProfile.PROCESS_CPU, period, how);
    }
    result.put(common.has(JvmProfile.MEMORY) ? common : exact, JvmProfile.MEMORY, 0, "");
    for (JvmProfile profile :
        new JvmProfile[] {
          JvmProfile.MUTEX,
          JvmProfile.BLOCK,
          JvmProfile.THREADCREATE,
          JvmProfile.EXCEPTIONS,
          JvmProfile.LEAK_SUSPECTS
        }) {
      result.put(common, profile, 0, "");
    }
    long wallPeriod = wallPeriodNanos > 0 ? wallPeriodNanos : period;
    if (wallClock.has(JvmProfile.WALL)) {
      result.put(wallClock, JvmProfile.WALL, wallPeriod, "");
    } else if (sawSleepers) {
      result.put(wallBySamples, JvmProfile.WALL, period, "");
    }
    result.put(live, JvmProfile.HEAP, 0, "inuse values are those of sampled objects");
    long folded = 0;
    for (Counted counted : List.of(common, exact, byCpuTime, wallBySamples, wallClock, live)) {
      folded += counted.window.folded();
    }
    if (folded > 0) {
      remarks.add(folded + " samples have their stack under [other]: there are too many");
    }
    if (tables.stackPool().isFull()) {
      remarks.add("there are too many stacks or functions: what did not fit is under [other]");
    }
    Instant since = Instant.ofEpochSecond(start / 1_000_000_000L, start % 1_000_000_000L);
    return new JfrConversion(since, Duration.ofNanos(duration), pprofs, events, remarks);
  }

  private record Result(
      Map<JvmProfile, byte[]> pprofs, long start, long duration, long periodNanos) {

    /** Encodes a profile that has samples; with a period, the second value is samples × period. */
    void put(Counted from, JvmProfile profile, long period, String comment) {
      if (!from.has(profile)) {
        return;
      }
      ProfileTable table = from.window.table(profile);
      Snapshot snapshot =
          new Snapshot(
              profile,
              from.aggregator.stackPool(),
              from.aggregator.labels(),
              period == 0 ? table : table.timesPeriod(period),
              start,
              duration);
      Snapshot[] parts =
          profile == JvmProfile.HEAP
              ? new Snapshot[] {Snapshot.empty(JvmProfile.HEAP), snapshot}
              : new Snapshot[] {snapshot};
      pprofs.put(
          profile,
          PprofEncoder.encode(
              profile,
              period == 0 ? periodNanos : period,
              start,
              profile.isMoment() ? 0 : duration,
              comment.isEmpty() ? List.of() : List.of(comment),
              parts));
    }
  }
}
