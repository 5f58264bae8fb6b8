package dev.psc.jvm;

import dev.psc.pprof.LabelSet;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedStackTrace;
import org.jspecify.annotations.Nullable;

/**
 * Counts the JDK's events as samples of profiles, for a live stream and for recorded files alike.
 * It keeps no event. Not thread-safe: one thread hands in events, and each is counted under the
 * aggregator's lock.
 */
final class JfrConverter {

  static final String UNKNOWN = "[unknown]";

  private final Aggregator aggregator;
  private final CaptureSettings settings;
  private final CpuWeigher cpu;
  private final ThreadLabels lookup;
  private final JfrStacks stacks;
  private final JfrThreads threads;
  private final ClassSizes sizes = new ClassSizes();
  private final Map<String, Consumer<RecordedEvent>> handlers = new LinkedHashMap<>();
  private volatile long lockThresholdNanos;
  private volatile long blockThresholdNanos;
  private volatile boolean exactAllocations;
  private long lostSamples;
  private long lostBytes;
  private long lockEvents;
  private long exceptionEvents;

  /**
   * @param cpu takes samples of running threads
   * @param lookup labels of threads at a time
   * @param own tells threads of the profiler by id
   */
  JfrConverter(
      Aggregator aggregator,
      CaptureSettings settings,
      CpuWeigher cpu,
      ThreadLabels lookup,
      LongPredicate own) {
    this.aggregator = aggregator;
    this.settings = settings;
    this.cpu = cpu;
    this.lookup = lookup;
    this.stacks = new JfrStacks(aggregator);
    this.threads = new JfrThreads(aggregator.labels(), own, settings.threadNames());
    this.lockThresholdNanos = settings.lockThreshold().toNanos();
    this.blockThresholdNanos = settings.blockThreshold().toNanos();
    this.exactAllocations = settings.exactAllocations();
    handlers.put("jdk.ExecutionSample", event -> executionSample(event, false));
    handlers.put("jdk.NativeMethodSample", event -> executionSample(event, true));
    handlers.put("jdk.CPUTimeSample", this::cpuTimeSample);
    handlers.put("jdk.CPUTimeSamplesLost", event -> lostSamples += event.getLong("lostSamples"));
    handlers.put("jdk.DataLoss", event -> lostBytes += event.getLong("amount"));
    handlers.put("jdk.ObjectAllocationSample", this::allocationSample);
    handlers.put("jdk.ObjectAllocationInNewTLAB", event -> tlab(event, true));
    handlers.put("jdk.ObjectAllocationOutsideTLAB", event -> tlab(event, false));
    handlers.put("jdk.JavaMonitorEnter", this::monitorEnter);
    handlers.put("jdk.ThreadPark", this::park);
    handlers.put("jdk.JavaMonitorWait", event -> block(event, "wait", lockThresholdNanos));
    handlers.put("jdk.ThreadSleep", event -> block(event, "sleep", blockThresholdNanos));
    handlers.put("jdk.VirtualThreadPinned", event -> block(event, "pinned", lockThresholdNanos));
    for (String socket : new String[] {"jdk.SocketRead", "jdk.SocketWrite"}) {
      handlers.put(socket, event -> block(event, "socket", blockThresholdNanos));
    }
    for (String file : new String[] {"jdk.FileRead", "jdk.FileWrite", "jdk.FileForce"}) {
      handlers.put(file, event -> block(event, "file", blockThresholdNanos));
    }
    handlers.put("jdk.ThreadStart", event -> count(event, JvmProfile.THREADCREATE));
    handlers.put("jdk.JavaExceptionThrow", this::exception);
    handlers.put("jdk.JavaErrorThrow", this::exception);
  }

  /** Returns what to call for each event, by its name. */
  Map<String, Consumer<RecordedEvent>> handlers() {
    return handlers;
  }

  /** Counts one event of any kind; those that are no profile's are ignored. */
  void accept(RecordedEvent event) {
    Consumer<RecordedEvent> handler = handlers.get(event.getEventType().getName());
    if (handler != null) {
      synchronized (aggregator) {
        handler.accept(event);
      }
    }
  }

  private void executionSample(RecordedEvent event, boolean inNative) {
    if (!countsCpu()) {
      return;
    }
    JfrThreads.Known thread = threads.of(event.getThread("sampledThread"));
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    int stack = stacks.stack(event.getStackTrace());
    if (inNative && aggregator.interner().leafWaits(stack)) {
      return;
    }
    cpu.sample(thread.id(), thread.virtual(), inNative, stack, labels(event, thread));
  }

  private void cpuTimeSample(RecordedEvent event) {
    if (!countsCpu()) {
      return;
    }
    JfrThreads.Known thread = threads.of(event.getThread("eventThread"));
    long nanos = event.getDuration("samplingPeriod").toNanos();
    if (thread.own() && !settings.ownThreads()) {
      cpu.weighed(aggregator.interner().stackOf(CpuCalibration.PROFILER), 0, nanos);
      return;
    }
    RecordedStackTrace trace = event.getStackTrace();
    int stack =
        trace == null || event.getBoolean("failed")
            ? aggregator.interner().stackOf(UNKNOWN)
            : stacks.stack(trace);
    cpu.weighed(stack, labels(event, thread), nanos);
  }

  private boolean countsCpu() {
    return aggregator.counts(JvmProfile.PROCESS_CPU) || aggregator.counts(JvmProfile.WALL);
  }

  private void allocationSample(RecordedEvent event) {
    if (exactAllocations || !aggregator.counts(JvmProfile.MEMORY)) {
      return;
    }
    JfrThreads.Known thread = threads.of(event.getThread());
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    RecordedClass type = event.getClass("objectClass");
    long bytes = event.getLong("weight");
    long objects = type == null ? 1 : sizes.objects(type, bytes);
    aggregator.add(
        JvmProfile.MEMORY, allocationStack(event, type), labels(event, thread), objects, bytes);
  }

  private void tlab(RecordedEvent event, boolean newTlab) {
    RecordedClass type = event.getClass("objectClass");
    long size = event.getLong("allocationSize");
    if (!exactAllocations) {
      if (type != null) {
        sizes.learn(type, size);
      }
      return;
    }
    JfrThreads.Known thread = threads.of(event.getThread());
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    long bytes = newTlab ? event.getLong("tlabSize") : size;
    long objects = Math.max(1, size == 0 ? 1 : Math.round((double) bytes / size));
    aggregator.add(
        JvmProfile.MEMORY, allocationStack(event, type), labels(event, thread), objects, bytes);
  }

  private int allocationStack(RecordedEvent event, @Nullable RecordedClass type) {
    int stack = stacks.stack(event.getStackTrace());
    return settings.allocatedClass() && type != null ? stacks.withClass(stack, type) : stack;
  }

  private void monitorEnter(RecordedEvent event) {
    lockEvents++;
    delay(event, JvmProfile.MUTEX, "", lockThresholdNanos);
  }

  private void park(RecordedEvent event) {
    lockEvents++;
    RecordedClass parked = event.getClass("parkedClass");
    if (parked != null && Waiting.isLock(parked.getName())) {
      delay(event, JvmProfile.MUTEX, "", lockThresholdNanos);
    } else {
      block(event, "park", lockThresholdNanos);
    }
  }

  private void block(RecordedEvent event, String kind, long thresholdNanos) {
    delay(event, JvmProfile.BLOCK, kind, thresholdNanos);
  }

  private void delay(RecordedEvent event, JvmProfile profile, String kind, long thresholdNanos) {
    if (!aggregator.counts(profile) && !aggregator.counts(JvmProfile.WALL)) {
      return;
    }
    long nanos = event.getDuration().toNanos();
    if (nanos < thresholdNanos) {
      return; // another recording asked for shorter waits
    }
    JfrThreads.Known thread = threads.of(event.getThread());
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    int stack = stacks.stack(event.getStackTrace());
    if (profile == JvmProfile.BLOCK
        && !settings.idleThreads()
        && aggregator.interner().isIdle(stack)) {
      return;
    }
    int labels = labels(event, thread);
    if (!kind.isEmpty()) {
      labels = aggregator.labels().merge(labels, aggregator.labels().id(eventLabel(kind)));
    }
    aggregator.add(profile, stack, labels, 1, nanos);
    aggregator.add(JvmProfile.WALL, stack, labels, 1, nanos);
  }

  private static LabelSet eventLabel(String kind) {
    return switch (kind) {
      case "park" -> PARK;
      case "wait" -> WAIT;
      case "sleep" -> SLEEP;
      case "socket" -> SOCKET;
      case "file" -> FILE;
      default -> PINNED;
    };
  }

  private static final LabelSet PARK = LabelSet.of("event", "park");
  private static final LabelSet WAIT = LabelSet.of("event", "wait");
  private static final LabelSet SLEEP = LabelSet.of("event", "sleep");
  private static final LabelSet SOCKET = LabelSet.of("event", "socket");
  private static final LabelSet FILE = LabelSet.of("event", "file");
  private static final LabelSet PINNED = LabelSet.of("event", "pinned");

  private void exception(RecordedEvent event) {
    exceptionEvents++;
    count(event, JvmProfile.EXCEPTIONS);
  }

  private void count(RecordedEvent event, JvmProfile profile) {
    if (!aggregator.counts(profile)) {
      return;
    }
    JfrThreads.Known thread = threads.of(event.getThread());
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    aggregator.add(profile, stacks.stack(event.getStackTrace()), labels(event, thread), 1, 0);
  }

  private int labels(RecordedEvent event, JfrThreads.Known thread) {
    if (!lookup.knows(thread.id())) {
      return thread.labels();
    }
    LabelSet found = lookup.at(thread.id(), epochNanos(event.getStartTime()));
    return found.isEmpty()
        ? thread.labels()
        : aggregator.labels().merge(thread.labels(), aggregator.labels().id(found));
  }

  static long epochNanos(Instant time) {
    return time.getEpochSecond() * 1_000_000_000L + time.getNano();
  }

  /** Lets go of the JDK's objects; call it when a stream ends and now and then. */
  void clearIdentities() {
    stacks.clear();
    threads.clear();
    sizes.clearIdentities();
  }

  ClassSizes sizes() {
    return sizes;
  }

  void lockThreshold(long nanos) {
    lockThresholdNanos = nanos;
  }

  long lockThresholdNanos() {
    return lockThresholdNanos;
  }

  long blockThresholdNanos() {
    return blockThresholdNanos;
  }

  /** Returns how many events of waiting for locks came, and forgets the count. */
  long takeLockEvents() {
    long events = lockEvents;
    lockEvents = 0;
    return events;
  }

  /** Returns how many exceptions came, and forgets the count. */
  long takeExceptionEvents() {
    long events = exceptionEvents;
    exceptionEvents = 0;
    return events;
  }

  /** Returns how many CPU samples the JVM says that it lost. */
  long lostSamples() {
    return lostSamples;
  }

  /** Returns how many bytes of events the JVM says that it lost. */
  long lostBytes() {
    return lostBytes;
  }

  long truncatedStacks() {
    return stacks.truncated();
  }
}
