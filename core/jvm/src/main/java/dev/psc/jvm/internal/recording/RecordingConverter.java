package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.StackPool;
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
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Counts the events of a recorded file. Events of the JDK go through {@link EventCounter}; samples
 * whose period is a setting of the recording, and events of vendors, are counted here. Sums are
 * kept per chunk and origin: when a chunk ends, its settings are known, and of two origins that
 * record the same fact the better one is added to the totals. Stacks and labels have one numbering.
 * For one file, by one thread.
 */
final class RecordingConverter {

  private static final String IN_TLAB = "jdk.ObjectAllocationInNewTLAB";
  private static final String OUTSIDE_TLAB = "jdk.ObjectAllocationOutsideTLAB";
  private static final String DEFAULT_STATE = "STATE_DEFAULT";
  private static final String SLEEPING = "STATE_SLEEPING";
  private static final String ORACLE = "com.oracle.jdk.";
  private static final int MAX_FAILURES = 20;

  /** Measurements that have no stack, so that no profile can have them. */
  private static final Set<String> WITHOUT_STACK =
      Set.of("jdk.MethodTiming", "profiler.ProcessSample", "profiler.UserEvent");

  /** Limits above those of a live window, since the tables go when the file is converted. */
  private static final StackPool.Limits LIMITS = new StackPool.Limits(262_144, 524_288, 33_554_432);

  private static final JvmProfile[] COMMON = {
    JvmProfile.MEMORY,
    JvmProfile.MUTEX,
    JvmProfile.BLOCK,
    JvmProfile.THREADCREATE,
    JvmProfile.EXCEPTIONS,
    JvmProfile.LEAK_SUSPECTS
  };

  private final CaptureSettings settings;
  private final Aggregator tables = new Aggregator(LIMITS);
  private final JfrThreads threads;
  private final Map<String, Consumer<JfrEvent>> handlers = new HashMap<>();
  private final Map<String, Long> events = new TreeMap<>();
  private final Map<String, Long> unread = new TreeMap<>();
  private final Map<String, Long> stackless = new TreeMap<>();
  private final Map<String, Long> notTime = new TreeMap<>();
  private final Set<String> failures = new LinkedHashSet<>();
  private final RecordingResult result = new RecordingResult(tables);

  // Sums of the current chunk.
  private final Sums common = new Sums(tables, COMMON);
  private final Sums exact = new Sums(tables, JvmProfile.MEMORY);
  private final Sums vendorObjects = new Sums(tables, JvmProfile.MEMORY, JvmProfile.EXCEPTIONS);
  private final Sums byCpuTime = new Sums(tables, JvmProfile.PROCESS_CPU);
  private final Sums byCpuTimer = new Sums(tables, JvmProfile.PROCESS_CPU);
  private final Sums vendorCpu = new Sums(tables, JvmProfile.PROCESS_CPU);
  private final Sums running = new Sums(tables, JvmProfile.PROCESS_CPU, JvmProfile.WALL);
  private final Sums sleeping = new Sums(tables, JvmProfile.WALL);
  private final Sums wallClock = new Sums(tables, JvmProfile.WALL);
  private final Sums vendorWall = new Sums(tables, JvmProfile.WALL);
  private final Sums errors = new Sums(tables, JvmProfile.EXCEPTIONS);
  private final Sums live = new Sums(tables, JvmProfile.HEAP);
  private final NativeMemory nativeMemory = new NativeMemory(tables);
  private final EventCounter jdkEvents;
  private ChunkSettings chunkSettings = new ChunkSettings();
  private @Nullable RecordedProcess process;
  private boolean vendorCpuSampled;
  private long mostThreads;
  private long mostSampled;

  RecordingConverter(CaptureSettings settings) {
    this.settings = settings;
    threads = new JfrThreads(tables.labels(), id -> false, settings.threadNames());
    Map<String, Consumer<JfrEvent>> exactly =
        converter(exact, settings.toBuilder().exactAllocations(true).build()).handlers();
    jdkEvents = converter(common, settings);
    handlers.putAll(jdkEvents.handlers());
    for (String tlab : new String[] {IN_TLAB, OUTSIDE_TLAB}) {
      // Once for the sizes of classes, once to be counted.
      Consumer<JfrEvent> all = Objects.requireNonNull(exactly.get(tlab));
      handlers.merge(tlab, event -> tlab(event, all), Consumer::andThen);
    }
    // Samples all threads in native code, at work or not, hence does not measure CPU time.
    handlers.remove(EventPlan.NATIVE);
    handlers.put(EventPlan.EXECUTION, this::executionSample);
    handlers.put(EventPlan.CPU_TIME, this::cpuTimeSample);
    handlers.put("jdk.ActiveSetting", event -> chunkSettings.activeSetting(event));
    handlers.put(RecordedProcess.EVENT, event -> process = RecordedProcess.of(event));
    handlers.put(
        "jdk.OldObjectSample", event -> EventCounter.oldObject(common.aggregator(), event));
    handlers.put(
        "jdk.JavaErrorThrow",
        event -> errors.add(JvmProfile.EXCEPTIONS, event, event.stack(), 1, 0));
    handlers.put(
        ChunkSettings.WALL_CLOCK, event -> wallClockSample(wallClock, event, JfrField.SAMPLES));
    handlers.put("profiler.WallClockSleeping", this::sleepers);
    handlers.put("profiler.LiveObject", this::liveObject);
    handlers.put(
        "profiler.NativeLock", Objects.requireNonNull(handlers.get("jdk.JavaMonitorEnter")));
    handlers.put(
        "profiler.Malloc", event -> nativeMemory.allocated(event, chunkSettings.nativeBytes()));
    handlers.put("profiler.Free", nativeMemory::released);
    handlers.put(
        "datadog.DatadogProfilerConfig", event -> chunkSettings.vendorConfiguration(event));
    handlers.put(
        ChunkSettings.VENDOR_CPU, event -> count(vendorCpu, JvmProfile.PROCESS_CPU, event));
    handlers.put(
        ChunkSettings.VENDOR_WALL, event -> wallClockSample(vendorWall, event, JfrField.WEIGHT));
    handlers.put("datadog.WallClockSamplingEpoch", this::samplingEpoch);
    handlers.put("datadog.ObjectSample", this::vendorAllocation);
    handlers.put("datadog.HeapLiveObject", this::vendorLiveObject);
    handlers.put("datadog.ExceptionSample", this::vendorException);
  }

  private static EventCounter converter(Sums into, CaptureSettings how) {
    CpuWeigher none =
        new CpuWeigher() {
          @Override
          public void sample(long id, boolean virtual, boolean inNative, int stack, int labels) {
            throw new IllegalStateException("CPU samples of files are counted elsewhere");
          }

          @Override
          public void timed(long id, boolean virtual, int stack, int labels, long nanos) {
            throw new IllegalStateException("CPU samples of files are counted elsewhere");
          }
        };
    return new EventCounter(into.aggregator(), how, none, new ThreadLabels());
  }

  /** Returns the numbering of stacks and labels that the events must use. */
  Aggregator tables() {
    return tables;
  }

  JfrThreads threads() {
    return threads;
  }

  /** Returns the name that current JDKs give to an event; Oracle's JDK 9 and 10 had their own. */
  static String currentName(String event) {
    return event.startsWith(ORACLE) ? "jdk." + event.substring(ORACLE.length()) : event;
  }

  /** Returns the counter of the events of a name, if they are counted. */
  @Nullable Consumer<JfrEvent> handler(String event) {
    return handlers.get(currentName(event));
  }

  /**
   * Returns a handler that notes how many samples of a name are in no profile: events with a stack,
   * and with a weight or a duration.
   */
  Consumer<JfrEvent> unread(String name) {
    return event -> {
      if (event.hasStack() && (name.endsWith("Sample") || isWeighed(event))) {
        unread.merge(name, 1L, Long::sum);
      }
    };
  }

  private static boolean isWeighed(JfrEvent event) {
    return event.has(JfrField.WEIGHT)
        || event.has(JfrField.SIZE)
        || event.has(JfrField.SAMPLES)
        || event.has(JfrField.ALLOCATION_SIZE)
        || event.durationNanos() > 0;
  }

  /** Counts an event; a failure is noted for the remarks. */
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
   * @param types the types of its events, by their numbers there, also of those without events
   * @param counts the number of events of each name
   */
  void endChunk(Map<Long, String> types, Map<String, Long> counts) {
    counts.forEach(
        (name, count) -> {
          events.merge(name, count, Long::sum);
          if (WITHOUT_STACK.contains(name)) {
            stackless.merge(name, count, Long::sum);
          }
        });
    chunkSettings.resolve(types);
    vendorCpuSampled |= vendorCpu.has(JvmProfile.PROCESS_CPU);
    addCpu();
    addWall();
    Sums memory = common.has(JvmProfile.MEMORY) ? common : exact;
    result.add(memory.has(JvmProfile.MEMORY) ? memory : vendorObjects, JvmProfile.MEMORY);
    addExceptions();
    for (JvmProfile profile :
        new JvmProfile[] {
          JvmProfile.MUTEX, JvmProfile.BLOCK, JvmProfile.THREADCREATE, JvmProfile.LEAK_SUSPECTS
        }) {
      result.add(common, profile);
    }
    result.add(live, JvmProfile.HEAP);
    for (Sums sums : chunkSums()) {
      sums.clear();
    }
    chunkSettings = new ChunkSettings();
  }

  private List<Sums> chunkSums() {
    return List.of(
        common,
        exact,
        vendorObjects,
        errors,
        byCpuTime,
        byCpuTimer,
        vendorCpu,
        running,
        sleeping,
        wallClock,
        vendorWall,
        live);
  }

  /** Returns whether no event was read at all. */
  boolean isEmpty() {
    return events.isEmpty();
  }

  /** Returns the profiles that have samples so far. */
  Set<JvmProfile> profiles() {
    return result.profiles();
  }

  /** Returns the process that the recording states, if it does. */
  @Nullable RecordedProcess process() {
    return process;
  }

  /** Returns whether a vendor's events of CPU samples were counted. */
  boolean hasVendorCpu() {
    return vendorCpuSampled;
  }

  // Samples of running threads.

  private static long weight(JfrEvent event, JfrField field) {
    return event.has(field) ? Math.max(1, event.number(field)) : 1;
  }

  private static void count(Sums sums, JvmProfile profile, JfrEvent event) {
    sums.add(profile, event, event.stack(), weight(event, JfrField.WEIGHT), 0);
  }

  /**
   * Counts a sample by the state of its thread. async-profiler writes samples of its CPU timer as
   * {@code STATE_DEFAULT} since 3.0, and those of the wall clock as running or sleeping.
   */
  private void executionSample(JfrEvent event) {
    String state = event.has(JfrField.STATE) ? event.text(JfrField.STATE) : null;
    if (DEFAULT_STATE.equals(state)) {
      count(byCpuTimer, JvmProfile.PROCESS_CPU, event);
    } else if (SLEEPING.equals(state)) {
      count(sleeping, JvmProfile.WALL, event);
    } else {
      count(running, JvmProfile.PROCESS_CPU, event);
      count(running, JvmProfile.WALL, event);
    }
  }

  private void sleepers(JfrEvent event) {
    sleeping.add(JvmProfile.WALL, event, event.stack(), event.number(JfrField.SAMPLES_COUNT), 0);
  }

  private static void wallClockSample(Sums sums, JfrEvent event, JfrField samples) {
    sums.add(JvmProfile.WALL, event, event.stack(), weight(event, samples), 0);
  }

  /** Notes how many of how many threads the vendor's wall clock samples each time. */
  private void samplingEpoch(JfrEvent event) {
    if (event.has(JfrField.SAMPLE_POOL_SIZE) && event.has(JfrField.SUCCESSFUL_SAMPLES)) {
      mostThreads = Math.max(mostThreads, event.number(JfrField.SAMPLE_POOL_SIZE));
      mostSampled = Math.max(mostSampled, event.number(JfrField.SUCCESSFUL_SAMPLES));
    }
  }

  private void cpuTimeSample(JfrEvent event) {
    int stack =
        event.flag(JfrField.FAILED)
            ? tables.stackPool().stackOf(PseudoFrames.UNKNOWN)
            : event.stack();
    byCpuTime.add(JvmProfile.PROCESS_CPU, event, stack, 1, event.nanos(JfrField.SAMPLING_PERIOD));
  }

  /** Returns whether samples of running threads come from a wall clock, not from a CPU timer. */
  private boolean runningIsWall() {
    return byCpuTimer.has(JvmProfile.PROCESS_CPU)
        || sleeping.has(JvmProfile.WALL)
        || chunkSettings.samplesWallClock();
  }

  /** Adds the CPU samples of the best origin. */
  private void addCpu() {
    JvmProfile profile = JvmProfile.PROCESS_CPU;
    if (byCpuTime.has(profile)) {
      result.add(byCpuTime, profile);
    } else if (vendorCpu.has(profile)) {
      result.addTimed(vendorCpu, profile, chunkSettings, ChunkSettings.VENDOR_CPU);
    } else {
      boolean timer = byCpuTimer.has(profile);
      Sums samples = timer ? byCpuTimer : running;
      if (!timer && runningIsWall()) {
        return;
      }
      if (chunkSettings.samplesTime()) {
        result.addTimed(samples, profile, chunkSettings, EventPlan.EXECUTION);
      } else if (samples.has(profile)) {
        notTime.merge(String.valueOf(chunkSettings.event()), samples.samples(profile), Long::sum);
      }
    }
  }

  private void addWall() {
    JvmProfile profile = JvmProfile.WALL;
    if (vendorWall.has(profile)) {
      result.addTimed(vendorWall, profile, chunkSettings, ChunkSettings.VENDOR_WALL);
    } else if (wallClock.has(profile)) {
      result.addTimed(wallClock, profile, chunkSettings, ChunkSettings.WALL_CLOCK);
    } else if (runningIsWall()) {
      running.addAll(sleeping, profile, 0);
      result.addTimed(running, profile, chunkSettings, ChunkSettings.WALL_CLOCK);
    }
  }

  /**
   * Adds the exceptions of the JDK or of a vendor. A JDK that records errors only, may record them
   * as exceptions as well, and then has fewer than the vendor.
   */
  private void addExceptions() {
    JvmProfile profile = JvmProfile.EXCEPTIONS;
    if (vendorObjects.has(profile) && vendorObjects.samples(profile) > common.samples(profile)) {
      result.add(vendorObjects, profile);
      addUnread("jdk.JavaExceptionThrow", common.samples(profile));
      addUnread("jdk.JavaErrorThrow", errors.samples(profile));
    } else if (common.has(profile)) {
      result.add(common, profile);
    } else {
      result.add(errors, profile);
    }
  }

  private void addUnread(String event, long count) {
    if (count > 0) {
      unread.merge(event, count, Long::sum);
    }
  }

  // Objects.

  private int allocationStack(JfrEvent event) {
    JfrClass type = settings.allocatedClass() ? event.type(JfrField.OBJECT_CLASS) : null;
    return type == null
        ? event.stack()
        : tables.stackPool().withLeaf(event.stack(), type.typeName());
  }

  /**
   * Counts an allocation. async-profiler records one per interval of allocated bytes, and states
   * the size of the buffer or object only, so a smaller one represents the whole interval.
   */
  private void tlab(JfrEvent event, Consumer<JfrEvent> all) {
    long interval = chunkSettings.allocatedBytes();
    if (interval == 0) {
      all.accept(event);
      return;
    }
    long size = event.number(JfrField.ALLOCATION_SIZE);
    long recorded = event.has(JfrField.TLAB_SIZE) ? event.number(JfrField.TLAB_SIZE) : size;
    long bytes = Math.max(recorded, interval);
    long objects = size <= 0 ? 1 : Math.max(1, Math.round((double) bytes / size));
    exact.add(JvmProfile.MEMORY, event, allocationStack(event), objects, bytes);
  }

  private void vendorAllocation(JfrEvent event) {
    weighed(vendorObjects, JvmProfile.MEMORY, event);
  }

  private void vendorLiveObject(JfrEvent event) {
    result.liveComment("inuse values are estimates: sampled objects times their weights");
    weighed(live, JvmProfile.HEAP, event);
  }

  private void weighed(Sums sums, JvmProfile profile, JfrEvent event) {
    double weight = event.has(JfrField.WEIGHT) ? event.decimal(JfrField.WEIGHT) : 1;
    long bytes = event.has(JfrField.SIZE) ? Math.round(event.number(JfrField.SIZE) * weight) : 0;
    sums.add(profile, event, allocationStack(event), Math.max(1, Math.round(weight)), bytes);
  }

  private void liveObject(JfrEvent event) {
    live.add(
        JvmProfile.HEAP, event, allocationStack(event), 1, event.number(JfrField.ALLOCATION_SIZE));
  }

  private void vendorException(JfrEvent event) {
    String type = event.has(JfrField.TYPE) ? event.text(JfrField.TYPE) : null;
    int stack = type == null ? event.stack() : tables.stackPool().withLeaf(event.stack(), type);
    vendorObjects.add(JvmProfile.EXCEPTIONS, event, stack, 1, 0);
  }

  /**
   * Ends the file.
   *
   * @param start when it began, in nanoseconds since 1970
   * @param elsewhere whether another file of the group has some of its data
   * @param remarks the remarks so far; more are added
   */
  JfrConversion result(long start, long duration, boolean elsewhere, List<String> remarks) {
    failures.forEach(failure -> remarks.add("Some events could not be counted: " + failure));
    unread.forEach(
        (name, count) ->
            remarks.add(
                name + ": " + count + " events with a stack are not read and are in no profile"));
    stackless.forEach(
        (name, count) ->
            remarks.add(name + ": " + count + " events without a stack are in no profile"));
    notTime.forEach(
        (event, count) ->
            remarks.add(
                EventPlan.EXECUTION
                    + ": "
                    + count
                    + " samples of "
                    + event
                    + " are in no profile, because they do not measure time"));
    addLosses(remarks);
    long folded = nativeMemory.folded();
    for (Sums sums : chunkSums()) {
      folded += sums.folded();
    }
    nativeMemory.end(result, remarks);
    return result.end(start, duration, folded, events, elsewhere, remarks);
  }

  private void addLosses(List<String> remarks) {
    if (jdkEvents.lostSamples() > 0) {
      remarks.add(
          "process_cpu: values are too low, because the JVM lost "
              + jdkEvents.lostSamples()
              + " samples");
    }
    if (jdkEvents.lostBytes() > 0) {
      remarks.add(
          "values may be too low, because the JVM lost "
              + jdkEvents.lostBytes()
              + " bytes of events");
    }
    if (mostThreads > mostSampled) {
      remarks.add(
          "wall: values are too low, because the profiler sampled at most "
              + mostSampled
              + " of "
              + mostThreads
              + " threads at a time");
    }
  }
}
