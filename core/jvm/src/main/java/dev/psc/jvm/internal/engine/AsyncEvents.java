package dev.psc.jvm.internal.engine;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.CpuWeigher;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.profile.JvmProfile;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Counts the events of async-profiler. Most of them are those of the JDK and go through {@link
 * EventCounter}. Guarded by the aggregator's lock.
 */
final class AsyncEvents {

  private static final String ALLOCATION = "jdk.ObjectAllocationInNewTLAB";
  private static final String LARGE_ALLOCATION = "jdk.ObjectAllocationOutsideTLAB";
  private static final Set<String> CPU_ENGINES = Set.of("perf_events", "ctimer", "itimer");
  private static final String SLEEPING = "STATE_SLEEPING";

  private final Aggregator aggregator;
  private final CaptureSettings settings;
  private final EventCounter counter;
  private final long wallNanos;
  private final Map<String, Consumer<JfrEvent>> handlers = new HashMap<>();
  private String cpuSource = "cpu";
  private long events;
  private long allocations;

  AsyncEvents(
      Aggregator aggregator,
      CaptureSettings settings,
      AsyncCommands commands,
      ThreadTraces traces) {
    this.aggregator = aggregator;
    this.settings = settings;
    this.wallNanos = commands.wallNanos();
    // Each event of an allocation states the bytes that it represents as the size of a buffer.
    CaptureSettings exact = settings.toBuilder().exactAllocations(true).build();
    this.counter =
        new EventCounter(
            aggregator,
            exact,
            new Periods(aggregator, commands.cpuNanos()),
            ThreadLabels.SHARED,
            traces,
            null);
    counter.handlers().forEach((name, handler) -> handlers.put(name, counted(handler)));
    for (String allocation : new String[] {ALLOCATION, LARGE_ALLOCATION}) {
      handlers.computeIfPresent(
          allocation,
          (name, handler) ->
              event -> {
                allocations++;
                handler.accept(event);
              });
    }
    handlers.put("profiler.WallClockSample", counted(this::wallClockSample));
    handlers.put("jdk.ActiveSetting", this::activeSetting);
  }

  /** Counts CPU samples, each of which represents one period of CPU time. */
  private record Periods(Aggregator aggregator, long periodNanos) implements CpuWeigher {

    @Override
    public void sample(long threadId, boolean virtual, boolean inNative, int stack, int labels) {
      timed(threadId, virtual, stack, labels, periodNanos);
    }

    @Override
    public void timed(long threadId, boolean virtual, int stack, int labels, long nanos) {
      aggregator.add(JvmProfile.PROCESS_CPU, stack, labels, 1, nanos);
      aggregator.add(JvmProfile.WALL, stack, labels, 1, nanos);
    }
  }

  private Consumer<JfrEvent> counted(Consumer<JfrEvent> handler) {
    return event -> {
      events++;
      handler.accept(event);
    };
  }

  /** Counts threads that wait; those that run are in the CPU samples. */
  private void wallClockSample(JfrEvent event) {
    JfrThreads.Known thread = event.thread(JfrField.SAMPLED_THREAD);
    if (!aggregator.counts(JvmProfile.WALL)
        || thread.id() <= 0 // a thread of the JVM
        || (thread.own() && !settings.ownThreads())
        || !SLEEPING.equals(event.text(JfrField.STATE))) {
      return;
    }
    int stack = event.stack();
    StackPool pool = aggregator.stackPool();
    if (isOfTheJvm(pool, stack)
        || (!settings.idleThreads() && pool.isIdle(stack))
        || (!settings.ownThreads() && pool.isOwn(stack))) {
      return;
    }
    long samples = Math.max(1, event.number(JfrField.SAMPLES));
    aggregator.add(
        JvmProfile.WALL, stack, counter.tags(event, thread), samples, samples * wallNanos);
  }

  /** Returns whether a Java thread runs native code only, as the JVM's own ones do. */
  private static boolean isOfTheJvm(StackPool pool, int stack) {
    int depth = pool.depth(stack);
    String root = depth == 0 ? "" : pool.name(pool.functionOf(pool.frame(stack, depth - 1)));
    return root.contains(".so.") || root.contains(".dylib.");
  }

  private void activeSetting(JfrEvent setting) {
    if ("engine".equals(setting.text(JfrField.NAME))) {
      String engine = setting.text(JfrField.VALUE);
      cpuSource = engine != null && CPU_ENGINES.contains(engine) ? engine : cpuSource;
    }
  }

  Map<String, Consumer<JfrEvent>> handlers() {
    return handlers;
  }

  /** Returns the engine of CPU samples, e.g. {@code perf_events} or {@code ctimer}. */
  String cpuSource() {
    return cpuSource;
  }

  long events() {
    return events;
  }

  /** Sets the shortest wait for a lock that is counted. */
  void lockThreshold(long nanos) {
    counter.lockThreshold(nanos);
  }

  /** Returns the number of allocations since the last call. */
  long takeAllocations() {
    long taken = allocations;
    allocations = 0;
    return taken;
  }

  /** Returns the number of waits for locks since the last call. */
  long takeLocks() {
    return counter.takeLockEvents();
  }
}
