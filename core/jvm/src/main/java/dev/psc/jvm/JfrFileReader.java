package dev.psc.jvm;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jfr.EventType;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * Counts the events of a recorded file. What the JDK's own live stream has too goes through {@link
 * JfrConverter}; samples of a profiler whose period is known only in the file, and events of
 * vendors, are counted here. Of two events that tell the same (sampled and exact allocations,
 * samples by time and by CPU time) the better one is taken. For one file, by one thread.
 */
final class JfrFileReader {

  private static final String IN_TLAB = "jdk.ObjectAllocationInNewTLAB";
  private static final String OUTSIDE_TLAB = "jdk.ObjectAllocationOutsideTLAB";
  private static final String SLEEPING = "STATE_SLEEPING";
  private static final long DEFAULT_PERIOD_NANOS = 10_000_000;
  private static final Pattern PERIOD = Pattern.compile("(\\d{1,15}) ?(ns|us|ms|s|m|h|)");
  private static final int MAX_FAILURES = 20;

  /** A file may have more than a live window, and is gone when it is converted. */
  private static final Interner.Limits LIMITS = new Interner.Limits(262_144, 524_288, 33_554_432);

  private final CaptureSettings settings;
  private final Counted common;
  private final Counted exact;
  private final Counted byCpuTime;
  private final Counted wallBySamples;
  private final Counted wallClock;
  private final Counted live;
  private final Map<String, Consumer<RecordedEvent>> handlers = new HashMap<>();
  private final Map<String, Long> events = new TreeMap<>();
  private final Set<String> failures = new LinkedHashSet<>();
  private final IdentityHashMap<EventType, Kind> kinds = new IdentityHashMap<>();
  private final List<Setting> settingsOfChunk = new ArrayList<>();
  private long periodNanos;
  private long wallPeriodNanos;
  private boolean sawSleepers;

  /** A type of events of a chunk. */
  private static final class Kind {
    private final long id;
    private final String name;
    private final @Nullable Consumer<RecordedEvent> handler;
    private long count;

    Kind(long id, String name, @Nullable Consumer<RecordedEvent> handler) {
      this.id = id;
      this.name = name;
      this.handler = handler;
    }
  }

  /** How often the events of a type come. */
  private record Setting(long id, String name, String value) {}

  /** Sums of one origin, with stacks and labels of its own. */
  private final class Counted {
    private final Aggregator aggregator = new Aggregator(LIMITS);
    private final JfrStacks stacks = new JfrStacks(aggregator);
    private final JfrThreads threads =
        new JfrThreads(aggregator.labels(), id -> false, settings.threadNames());
    private final Window window;

    Counted(JvmProfile... profiles) {
      synchronized (aggregator) {
        window = aggregator.open(Set.of(profiles), 0);
      }
    }

    int stack(RecordedEvent event) {
      return stacks.stack(event.getStackTrace());
    }

    int allocationStack(RecordedEvent event) {
      int stack = stack(event);
      RecordedClass type = event.getClass("objectClass");
      return settings.allocatedClass() && type != null ? stacks.withClass(stack, type) : stack;
    }

    void add(JvmProfile profile, RecordedEvent event, int stack, long first, long second) {
      String field = event.hasField("sampledThread") ? "sampledThread" : "eventThread";
      int labels = event.hasField(field) ? threads.of(event.getThread(field)).labels() : 0;
      aggregator.add(profile, stack, labels, first, second);
    }

    boolean has(JvmProfile profile) {
      return window.table(profile).size() > 0;
    }

    /** Lets go of the chunk's constants. */
    void endChunk() {
      stacks.clear();
      threads.clear();
      synchronized (aggregator) {
        aggregator.compactIfFull();
      }
    }
  }

  JfrFileReader(CaptureSettings settings) {
    this.settings = settings;
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
    Map<String, Consumer<RecordedEvent>> exactly =
        converter(exact, settings.withExactAllocations(true)).handlers();
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
    handlers.put(
        "jdk.OldObjectSample", event -> JfrLeaks.add(common.aggregator, common.stacks, event));
    handlers.put("profiler.WallClockSample", event -> wallClockSample(event, "samples"));
    handlers.put("profiler.WallClockSleeping", this::sleepers);
    handlers.put("profiler.LiveObject", this::liveObject);
    handlers.put("datadog.ExecutionSample", this::executionSample);
    handlers.put("datadog.MethodSample", event -> wallClockSample(event, "weight"));
    handlers.put("datadog.ObjectSample", this::vendorAllocation);
  }

  private static JfrConverter converter(Counted into, CaptureSettings how) {
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
    return new JfrConverter(into.aggregator, how, none, new ThreadLabels(), id -> false);
  }

  /** Reads all chunks. */
  JfrConversion read(JfrFile file) throws IOException {
    List<String> remarks = new ArrayList<>(file.remarks());
    long start = Long.MAX_VALUE;
    long end = Long.MIN_VALUE;
    int number = 0;
    int unread = 0;
    for (JfrFile.Chunk chunk : file.chunks()) {
      number++;
      long[] lastNanos = {chunk.startNanos() + chunk.durationNanos()};
      try {
        file.read(chunk, path -> readChunk(chunk, path, lastNanos));
      } catch (IOException | RuntimeException | InternalError e) {
        // The JDK's reader throws all of these at what other programs write.
        unread++;
        remarks.add("chunk " + number + " can be read in part or not at all: " + e);
      } finally {
        endChunk();
      }
      start = Math.min(start, chunk.startNanos());
      end = Math.max(end, lastNanos[0]);
    }
    if (unread == number && events.isEmpty()) {
      throw new IOException("nothing of the recording can be read: " + remarks);
    }
    failures.forEach(failure -> remarks.add("an event could not be counted: " + failure));
    return result(start, Math.max(1, end - start), remarks);
  }

  private void readChunk(JfrFile.Chunk chunk, Path path, long[] lastNanos) throws IOException {
    boolean open = chunk.durationNanos() <= 0; // of a JVM that was killed
    try (RecordingFile recording = new RecordingFile(path)) {
      while (recording.hasMoreEvents()) {
        RecordedEvent event = recording.readEvent();
        Kind kind = kind(event.getEventType());
        kind.count++;
        if (kind.handler != null) {
          count(kind.name, kind.handler, event);
          if (open) {
            lastNanos[0] = Math.max(lastNanos[0], JfrConverter.epochNanos(event.getEndTime()));
          }
        }
      }
    }
  }

  private Kind kind(EventType type) {
    Kind kind = kinds.get(type);
    if (kind == null) {
      kind = new Kind(type.getId(), type.getName(), handlers.get(type.getName()));
      kinds.put(type, kind);
    }
    return kind;
  }

  private void count(String name, Consumer<RecordedEvent> handler, RecordedEvent event) {
    try {
      handler.accept(event);
    } catch (RuntimeException e) {
      if (failures.size() < MAX_FAILURES) {
        failures.add(name + ": " + e);
      }
    }
  }

  private void endChunk() {
    for (Setting setting : settingsOfChunk) {
      apply(setting);
    }
    settingsOfChunk.clear();
    for (Kind kind : kinds.values()) {
      events.merge(kind.name, kind.count, Long::sum);
    }
    kinds.clear();
    for (Counted counted : all()) {
      counted.endChunk();
    }
  }

  private List<Counted> all() {
    return List.of(common, exact, byCpuTime, wallBySamples, wallClock, live);
  }

  // Events.

  private void setting(RecordedEvent event) {
    String name = event.getString("name");
    String value = event.getString("value");
    boolean matters = "period".equals(name) || "interval".equals(name) || "wall".equals(name);
    if (matters && value != null) {
      settingsOfChunk.add(new Setting(event.getLong("id"), name, value));
    }
  }

  private void apply(Setting setting) {
    if (setting.name.equals("wall")) {
      wallPeriodNanos = shorter(wallPeriodNanos, setting.value);
      return;
    }
    for (Kind kind : kinds.values()) {
      boolean sampling =
          kind.name.equals(EventPlan.EXECUTION) || kind.name.equals("datadog.ExecutionSample");
      if (sampling && kind.id == setting.id) {
        periodNanos = shorter(periodNanos, setting.value);
      }
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

  private void executionSample(RecordedEvent event) {
    long weight = event.hasField("weight") ? Math.max(1, event.getLong("weight")) : 1;
    if (event.hasField("state") && SLEEPING.equals(event.getString("state"))) {
      sawSleepers = true;
    } else {
      common.add(JvmProfile.PROCESS_CPU, event, common.stack(event), weight, 0);
    }
    wallBySamples.add(JvmProfile.WALL, event, wallBySamples.stack(event), weight, 0);
  }

  private void sleepers(RecordedEvent event) {
    sawSleepers = true;
    wallBySamples.add(
        JvmProfile.WALL, event, wallBySamples.stack(event), event.getInt("samplesCount"), 0);
  }

  private void wallClockSample(RecordedEvent event, String samples) {
    long count = event.hasField(samples) ? Math.max(1, event.getLong(samples)) : 1;
    wallClock.add(JvmProfile.WALL, event, wallClock.stack(event), count, 0);
  }

  private void cpuTimeSample(RecordedEvent event) {
    int stack =
        event.getBoolean("failed")
            ? byCpuTime.aggregator.interner().stackOf(JfrConverter.UNKNOWN)
            : byCpuTime.stack(event);
    byCpuTime.add(
        JvmProfile.PROCESS_CPU, event, stack, 1, event.getDuration("samplingPeriod").toNanos());
  }

  private void vendorAllocation(RecordedEvent event) {
    double weight = event.hasField("weight") ? event.getFloat("weight") : 1;
    long bytes = Math.round(event.getLong("size") * weight);
    common.add(
        JvmProfile.MEMORY,
        event,
        common.allocationStack(event),
        Math.max(1, Math.round(weight)),
        bytes);
  }

  private void liveObject(RecordedEvent event) {
    live.add(
        JvmProfile.HEAP, event, live.allocationStack(event), 1, event.getLong("allocationSize"));
  }

  // What came of it.

  private JfrConversion result(long start, long duration, List<String> remarks) {
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
    for (Counted counted : all()) {
      folded += counted.window.folded();
    }
    if (folded > 0) {
      remarks.add(folded + " samples have their stack under [other]: there are too many");
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
              from.aggregator.interner(),
              from.aggregator.labels(),
              period == 0 ? table : table.timesPeriod(period),
              start,
              duration);
      Snapshot[] parts =
          profile == JvmProfile.HEAP
              ? new Snapshot[] {ClassHistogram.parse(""), snapshot}
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
