package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Counts the JDK's events as samples of profiles, for a live stream and for recorded files alike.
 * It keeps no event. Not thread-safe: one thread hands in events, and each is counted under the
 * aggregator's lock.
 */
public final class EventCounter {

  private static final String ERROR_CONSTRUCTOR = "java.lang.Error.<init>";

  /** The method that notifies the flight recorder of exceptions. */
  private static final String TRACER = "jdk.jfr.internal.";

  private static final long VIRTUAL = Long.MIN_VALUE;

  private final Aggregator aggregator;
  private final CaptureSettings settings;
  private final CpuWeigher cpu;
  private final ThreadLabels lookup;
  private final ThreadTraces traces;
  private final @Nullable AllocationBaseline baseline;
  private final @Nullable AllocationEstimator estimator;
  private final ClassSizes sizes = new ClassSizes();
  private final Map<String, Consumer<JfrEvent>> handlers = new LinkedHashMap<>();
  private volatile long lockThresholdNanos;
  private volatile long blockThresholdNanos;
  private volatile boolean exactAllocations;
  private long lostSamples;
  private long lostBytes;
  private long lockEvents;
  private long exceptionEvents;
  private volatile long bufferEvents;

  /**
   * Creates a counter of the events of a file.
   *
   * @param cpu takes samples of running threads
   * @param lookup labels of threads at a time
   */
  public EventCounter(
      Aggregator aggregator, CaptureSettings settings, CpuWeigher cpu, ThreadLabels lookup) {
    this(aggregator, settings, cpu, lookup, ThreadTraces.NONE, null);
  }

  /**
   * Creates a counter of the events of a stream.
   *
   * @param cpu takes samples of running threads
   * @param lookup labels of threads at a time
   * @param traces spans of threads at a time
   * @param baseline what threads allocated before the stream began, or null if it is not known
   */
  public EventCounter(
      Aggregator aggregator,
      CaptureSettings settings,
      CpuWeigher cpu,
      ThreadLabels lookup,
      ThreadTraces traces,
      @Nullable AllocationBaseline baseline) {
    this.traces = traces;
    this.baseline = baseline;
    this.estimator = baseline == null ? null : new AllocationEstimator(aggregator);
    this.aggregator = aggregator;
    this.settings = settings;
    this.cpu = cpu;
    this.lookup = lookup;
    this.lockThresholdNanos = settings.lockThreshold().toNanos();
    this.blockThresholdNanos = settings.blockThreshold().toNanos();
    this.exactAllocations = settings.exactAllocations();
    handlers.put("jdk.ExecutionSample", event -> executionSample(event, false));
    handlers.put("jdk.NativeMethodSample", event -> executionSample(event, true));
    handlers.put("jdk.CPUTimeSample", this::cpuTimeSample);
    handlers.put(
        "jdk.CPUTimeSamplesLost", event -> lostSamples += event.number(JfrField.LOST_SAMPLES));
    handlers.put("jdk.DataLoss", event -> lostBytes += event.number(JfrField.AMOUNT));
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
  }

  /** Returns the handler of each event, by its name. */
  public Map<String, Consumer<JfrEvent>> handlers() {
    return handlers;
  }

  private void executionSample(JfrEvent event, boolean inNative) {
    if (!countsCpu()) {
      return;
    }
    cpu.sampledAt(inNative, event.startNanos());
    JfrThreads.Known thread = event.thread(JfrField.SAMPLED_THREAD);
    if (thread.own() && !settings.ownThreads()) {
      // It took its turn in the sampler's round.
      cpu.sample(
          thread.id(), false, inNative, aggregator.stackPool().stackOf(PseudoFrames.PROFILER), 0);
      return;
    }
    cpu.sample(thread.id(), thread.virtual(), inNative, event.stack(), tags(event, thread));
  }

  private void cpuTimeSample(JfrEvent event) {
    if (!countsCpu()) {
      return;
    }
    JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
    long nanos = event.nanos(JfrField.SAMPLING_PERIOD);
    if (thread.own() && !settings.ownThreads()) {
      cpu.timed(
          thread.id(), false, aggregator.stackPool().stackOf(PseudoFrames.PROFILER), 0, nanos);
      return;
    }
    int stack =
        !event.hasStack() || event.flag(JfrField.FAILED)
            ? aggregator.stackPool().stackOf(PseudoFrames.UNKNOWN)
            : event.stack();
    cpu.timed(thread.id(), thread.virtual(), stack, tags(event, thread), nanos);
  }

  private boolean countsCpu() {
    return aggregator.counts(JvmProfile.PROCESS_CPU) || aggregator.counts(JvmProfile.WALL);
  }

  private void allocationSample(JfrEvent event) {
    JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
    long bytes = event.number(JfrField.WEIGHT);
    if (baseline != null) {
      // Also of samples that are not counted: each is the origin of the next weight.
      bytes = baseline.sinceStart(thread.id(), thread.virtual(), bytes);
    }
    if (bytes == 0 || exactAllocations || !aggregator.counts(JvmProfile.MEMORY)) {
      return;
    }
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    JfrClass type = event.type(JfrField.OBJECT_CLASS);
    long objects = type == null ? 1 : sizes.objects(type, bytes);
    int stack = allocationStack(event, type);
    if (estimator != null) {
      estimator.sample(key(thread), stack, tags(event, thread), objects, bytes);
    } else {
      aggregator.add(JvmProfile.MEMORY, stack, tags(event, thread), objects, bytes);
    }
  }

  /** The buffers of virtual threads belong to their carriers, which events do not name. */
  private static long key(JfrThreads.Known thread) {
    return thread.virtual() ? VIRTUAL : thread.id();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts, others read
  private void tlab(JfrEvent event, boolean newTlab) {
    JfrClass type = event.type(JfrField.OBJECT_CLASS);
    long size = event.number(JfrField.ALLOCATION_SIZE);
    if (!exactAllocations && type != null) {
      sizes.learn(type, size);
    }
    bufferEvents++;
    if (estimator == null ? !exactAllocations : !aggregator.counts(JvmProfile.MEMORY)) {
      return;
    }
    JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    if (thread.virtual() && baseline != null) {
      baseline.virtualAllocates();
    }
    if (estimator != null) {
      estimator.buffer(
          key(thread),
          allocationStack(event, type),
          tags(event, thread),
          size,
          newTlab ? event.number(JfrField.TLAB_SIZE) : 0);
      return;
    }
    long bytes = newTlab ? event.number(JfrField.TLAB_SIZE) : size;
    long objects = Math.max(1, size == 0 ? 1 : Math.round((double) bytes / size));
    aggregator.add(
        JvmProfile.MEMORY, allocationStack(event, type), tags(event, thread), objects, bytes);
  }

  private int allocationStack(JfrEvent event, @Nullable JfrClass type) {
    return settings.allocatedClass() && type != null
        ? aggregator.stackPool().withLeaf(event.stack(), type.typeName())
        : event.stack();
  }

  private void monitorEnter(JfrEvent event) {
    lockEvents++;
    delay(event, JvmProfile.MUTEX, "", lockThresholdNanos);
  }

  private void park(JfrEvent event) {
    lockEvents++;
    JfrClass parked = event.type(JfrField.PARKED_CLASS);
    if (parked != null && IdleMethods.isLock(parked.name())) {
      delay(event, JvmProfile.MUTEX, "", lockThresholdNanos);
    } else {
      block(event, "park", lockThresholdNanos);
    }
  }

  private void block(JfrEvent event, String kind, long thresholdNanos) {
    delay(event, JvmProfile.BLOCK, kind, thresholdNanos);
  }

  private void delay(JfrEvent event, JvmProfile profile, String kind, long thresholdNanos) {
    if (!aggregator.counts(profile) && !aggregator.counts(JvmProfile.WALL)) {
      return;
    }
    long nanos = event.durationNanos();
    if (nanos < thresholdNanos) {
      return; // another recording asked for shorter waits
    }
    JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
    if (thread.own() && !settings.ownThreads()) {
      return;
    }
    int stack = event.stack();
    if (!settings.ownThreads() && aggregator.stackPool().isOwn(stack)) {
      return;
    }
    if (profile == JvmProfile.BLOCK
        && !settings.idleThreads()
        && aggregator.stackPool().isIdle(stack)) {
      return;
    }
    int labels = labels(event, thread);
    if (!kind.isEmpty()) {
      labels = aggregator.labels().merge(labels, aggregator.labels().id(eventLabel(kind)));
    }
    int tags = tags(event, thread, labels);
    aggregator.add(profile, stack, tags, 1, nanos);
    aggregator.add(JvmProfile.WALL, stack, tags, 1, nanos);
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

  /**
   * Counts an exception once. The JDK records an error twice as {@code jdk.JavaExceptionThrow},
   * from the constructors of {@code Throwable} and of {@code Error}, and a third time as {@code
   * jdk.JavaErrorThrow}.
   */
  private void exception(JfrEvent event) {
    exceptionEvents++;
    boolean repeated =
        event.hasStack() && aggregator.stackPool().leafIs(event.stack(), ERROR_CONSTRUCTOR);
    if (!repeated && isCounted(event, JvmProfile.EXCEPTIONS)) {
      JfrClass type = event.has(JfrField.THROWN_CLASS) ? event.type(JfrField.THROWN_CLASS) : null;
      int stack = type == null ? event.stack() : thrownAt(event.stack(), type);
      JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
      aggregator.add(JvmProfile.EXCEPTIONS, stack, tags(event, thread), 1, 0);
    }
  }

  /** Replaces the constructors of an exception by its class, so that the thrower is next. */
  private int thrownAt(int stack, JfrClass type) {
    StackPool pool = aggregator.stackPool();
    String constructor = type.shown() + ".<init>";
    int constructors = 0;
    for (int i = 0; i < pool.depth(stack); i++) {
      String name = pool.name(pool.functionOf(pool.frame(stack, i)));
      if (name.equals(constructor)) {
        constructors = i + 1;
      } else if (!name.endsWith(".<init>") && !name.startsWith(TRACER)) {
        break;
      }
    }
    return pool.withLeaf(stack, constructors, type.typeName());
  }

  private boolean isCounted(JfrEvent event, JvmProfile profile) {
    return aggregator.counts(profile)
        && (settings.ownThreads() || !event.thread(JfrField.EVENT_THREAD).own());
  }

  private void count(JfrEvent event, JvmProfile profile) {
    if (!isCounted(event, profile)) {
      return;
    }
    JfrThreads.Known thread = event.thread(JfrField.EVENT_THREAD);
    aggregator.add(profile, event.stack(), labels(event, thread), 1, 0);
  }

  /** Counts one old object; of which ones, is the caller's choice. */
  public static void oldObject(Aggregator aggregator, JfrEvent event) {
    int stack = event.stack();
    JfrClass type = event.typeOfObject();
    if (type != null) {
      stack = aggregator.stackPool().withLeaf(stack, type.typeName());
    }
    String owner = event.ownerOfObject();
    if (owner != null) {
      stack = aggregator.stackPool().withLeaf(stack, "held by " + owner);
    }
    long bytes = event.has(JfrField.OBJECT_SIZE) ? event.number(JfrField.OBJECT_SIZE) : 0;
    aggregator.add(JvmProfile.LEAK_SUSPECTS, stack, 0, 1, bytes);
  }

  /** Returns the labels and the span of an event as tags of a sample. */
  public int tags(JfrEvent event, JfrThreads.Known thread) {
    return tags(event, thread, labels(event, thread));
  }

  private int tags(JfrEvent event, JfrThreads.Known thread, int labels) {
    return aggregator.tags(labels, traces.at(thread.id(), event.startNanos()));
  }

  private int labels(JfrEvent event, JfrThreads.Known thread) {
    if (!lookup.knows(thread.id())) {
      return thread.labels();
    }
    LabelSet found = lookup.at(thread.id(), event.startNanos());
    return found.isEmpty()
        ? thread.labels()
        : aggregator.labels().merge(thread.labels(), aggregator.labels().id(found));
  }

  /** Lets go of the source's classes; call it when the source ends. */
  public void clearIdentities() {
    sizes.clearIdentities();
  }

  /**
   * Counts the allocations that are kept for a better estimate. Call it before a window begins or
   * ends, and before stacks are renumbered.
   */
  public void flushAllocations() {
    if (estimator != null) {
      estimator.flush();
    }
  }

  /**
   * Counts what threads have allocated since their last samples, and then as {@link
   * #flushAllocations()}: samples of a thread may be seconds apart.
   *
   * @param threadIds the live platform threads
   * @param allocated the bytes that each has allocated, or empty if unknown
   */
  public void flushAllocations(long[] threadIds, long[] allocated) {
    boolean areKnown = allocated.length == threadIds.length && !exactAllocations;
    if (estimator != null && baseline != null && areKnown) {
      baseline.retain(threadIds);
      for (int i = 0; i < threadIds.length; i++) {
        if (estimator.knows(threadIds[i])) {
          estimator.rest(threadIds[i], baseline.takeRest(threadIds[i], allocated[i]));
        }
      }
    }
    flushAllocations();
  }

  /** Clears the state by stack, after numbers of stacks have changed. */
  public void forgetStacks() {
    if (estimator != null) {
      estimator.forgetStacks();
    }
  }

  /** Returns how many events of allocation buffers came. Needs no lock. */
  public long bufferEvents() {
    return bufferEvents;
  }

  public void lockThreshold(long nanos) {
    lockThresholdNanos = nanos;
  }

  public long lockThresholdNanos() {
    return lockThresholdNanos;
  }

  /** Returns how many events of waiting for locks came, and forgets the count. */
  public long takeLockEvents() {
    long events = lockEvents;
    lockEvents = 0;
    return events;
  }

  /** Returns how many exceptions came, and forgets the count. */
  public long takeExceptionEvents() {
    long events = exceptionEvents;
    exceptionEvents = 0;
    return events;
  }

  /** Returns the number of CPU samples that the JVM reports as lost. */
  public long lostSamples() {
    return lostSamples;
  }

  /** Returns the bytes of events that the JVM reports as lost. */
  public long lostBytes() {
    return lostBytes;
  }
}
