package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.dump.VirtualThreads;
import dev.psc.jvm.internal.dump.VirtualThreads.Virtual;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Samples of the virtual threads that wait for locks, queues and futures. The JDK has no events for
 * these waits, because a waiting virtual thread leaves its carrier. So the JDK's dump of virtual
 * threads is read, at most twice a second and as {@link DumpBudget} allows. A thread that waits in
 * a dump counts as waiting for half of the time since the previous dump and half of the time until
 * the next one. The time since the previous dump alone would be too short while the number of
 * waiting threads falls, because that time depends on the cost of the previous dump.
 */
final class VirtualThreadWaits {

  /** The root of the sampled stacks. */
  static final String ROOT = "[virtual threads, sampled]";

  private static final Logger logger = LoggerFactory.getLogger(VirtualThreadWaits.class);
  private static final long INTERVAL_NANOS = 500_000_000L;

  /** A thread that the JDK starts for its scheduler of virtual threads. */
  private static final List<String> SCHEDULER = List.of("VirtualThread-", "ForkJoinPool-1-worker-");

  /** Waits with separate events. */
  private static final List<String> COUNTED_BY_EVENTS =
      List.of(
          "java.lang.Thread.sleep",
          "java.lang.VirtualThread.parkOnCarrierThread",
          "sun.nio.ch.NioSocketImpl.read",
          "sun.nio.ch.NioSocketImpl.implRead",
          "sun.nio.ch.NioSocketImpl.write",
          "sun.nio.ch.NioSocketImpl.implWrite",
          "sun.nio.ch.SocketChannelImpl.read",
          "sun.nio.ch.SocketChannelImpl.write");

  private static final List<String> LOCKS =
      List.of(
          "java.util.concurrent.locks.ReentrantLock.",
          "java.util.concurrent.locks.ReentrantLock$",
          "java.util.concurrent.locks.ReentrantReadWriteLock$",
          "java.util.concurrent.locks.StampedLock.");

  private final Aggregator aggregator;
  private final CaptureSettings settings;
  private final Thread thread;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final DumpBudget budget = new DumpBudget();

  VirtualThreadWaits(Aggregator aggregator, CaptureSettings settings, ThreadFactory threads) {
    this.aggregator = aggregator;
    this.settings = settings;
    this.thread = OwnThreads.thread(threads, "psc-jvm-virtual", this::run);
  }

  /** Starts sampling, where the JDK has virtual threads. */
  void start() {
    if (VirtualThreads.areSupported()) {
      thread.start();
    }
  }

  void close() {
    closed.countDown();
  }

  private void run() {
    long rest = INTERVAL_NANOS;
    long before = System.nanoTime();
    try {
      while (!closed.await(rest, TimeUnit.NANOSECONDS)) {
        long start = System.nanoTime();
        budget.earn(start - before);
        rest =
            isWanted() && hasVirtualThreads()
                ? sample(Math.min(start - before, 2 * rest))
                : INTERVAL_NANOS;
        before = start;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (CaptureUnavailableException e) {
      logger.info("Waits of virtual threads are not sampled: {}", e.getMessage());
    } catch (RuntimeException | LinkageError e) {
      logger.warn("Waits of virtual threads are no longer sampled", e);
    }
  }

  /**
   * Counts the threads of a dump.
   *
   * @param sinceNanos the time since the previous one
   * @return the time to the next one
   */
  private long sample(long sinceNanos) {
    long start = cpuNanos();
    long[] planned = new long[1];
    VirtualThreads.forEach(
        virtual -> {
          if (planned[0] == 0) {
            // The dump is written. To read it costs less.
            planned[0] = budget.restAfter(2 * (cpuNanos() - start));
          }
          count(virtual, (sinceNanos + planned[0]) / 2);
        });
    long cost = cpuNanos() - start;
    long rest = Math.max(planned[0], budget.restAfter(cost));
    budget.spend(cost);
    return rest;
  }

  /** Returns the CPU time of this thread, which does not grow while it waits for a processor. */
  private static long cpuNanos() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return threads.isCurrentThreadCpuTimeSupported() && threads.isThreadCpuTimeEnabled()
        ? threads.getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  private boolean isWanted() {
    synchronized (aggregator) {
      return aggregator.counts(JvmProfile.MUTEX)
          || aggregator.counts(JvmProfile.BLOCK)
          || aggregator.counts(JvmProfile.WALL);
    }
  }

  private static boolean hasVirtualThreads() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    for (ThreadInfo info : threads.getThreadInfo(threads.getAllThreadIds(), 0)) {
      if (info != null && SCHEDULER.stream().anyMatch(info.getThreadName()::startsWith)) {
        return true;
      }
    }
    return false;
  }

  private void count(Virtual virtual, long nanos) {
    Wait wait = wait(virtual);
    if (wait == Wait.NONE) {
      return;
    }
    synchronized (aggregator) {
      StackPool pool = aggregator.stackPool();
      int stack = stack(pool, virtual.stack());
      boolean idle = pool.isIdle(stack) && !settings.idleThreads();
      if (pool.isOwn(stack) || (idle && wait == Wait.OTHER)) {
        return;
      }
      long now = Clocks.epochNanos();
      LabelSet labels = ThreadLabels.SHARED.at(virtual.id(), now);
      if (settings.threadNames()) {
        labels = labels.withAll(THREAD);
      }
      if (wait == Wait.OTHER) {
        labels = labels.withAll(PARK);
      }
      int label =
          aggregator.tags(
              aggregator.labels().id(labels), ThreadTraces.SHARED.at(virtual.id(), now));
      JvmProfile profile = wait == Wait.LOCK ? JvmProfile.MUTEX : JvmProfile.BLOCK;
      aggregator.add(profile, stack, label, 1, nanos);
      aggregator.add(JvmProfile.WALL, stack, label, 1, nanos);
    }
  }

  private static final LabelSet PARK = LabelSet.of("event", "park");
  private static final LabelSet THREAD = LabelSet.of("thread", "virtual");

  /** The kinds of waits of a virtual thread. */
  enum Wait {
    NONE,
    LOCK,
    OTHER
  }

  /** Returns the kind of wait of a virtual thread, if no event records it. */
  static Wait wait(Virtual virtual) {
    List<StackTraceElement> stack = virtual.stack();
    if (virtual.state().equals("BLOCKED")) {
      return Wait.LOCK;
    }
    // JDKs whose dump has no states keep the carrier in monitors, so that events tell these waits.
    boolean monitorsPin = virtual.state().isEmpty();
    boolean parked = false;
    boolean lock = false;
    for (int i = 0; i < stack.size(); i++) {
      String method = stack.get(i).getClassName() + "." + stack.get(i).getMethodName();
      if (COUNTED_BY_EVENTS.stream().anyMatch(method::startsWith)) {
        return Wait.NONE;
      }
      parked |= method.startsWith("java.lang.VirtualThread.park");
      if (method.startsWith("java.lang.Object.wait")) {
        if (monitorsPin) {
          return Wait.NONE;
        }
        parked = true;
      }
      boolean condition = method.contains("ConditionObject.await");
      if (condition) {
        return Wait.OTHER;
      }
      lock |= LOCKS.stream().anyMatch(method::startsWith);
    }
    return !parked ? Wait.NONE : lock ? Wait.LOCK : Wait.OTHER;
  }

  private static int stack(StackPool pool, List<StackTraceElement> elements) {
    int[] stack = new int[elements.size() + 1];
    for (int i = 0; i < elements.size(); i++) {
      StackTraceElement element = elements.get(i);
      String type = FrameNames.className(element.getClassName());
      int function = pool.method(type, element.getMethodName(), FrameNames.fileName(type));
      stack[i] = pool.location(function, element.getLineNumber());
    }
    stack[elements.size()] = pool.location(pool.function(ROOT, ""), 0);
    return pool.stack(stack, stack.length);
  }
}
