package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.aggregate.StackPool;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * An estimate of the time that samples of {@code jdk.ExecutionSample} and {@code
 * jdk.NativeMethodSample} represent, and of the native methods in which threads wait.
 *
 * <p>A thread in native code is sampled alike whether it runs or waits. Only the CPU clock
 * distinguishes the two. Three values are estimated over some ten seconds:
 *
 * <ul>
 *   <li>Per thread and native method, the CPU time per time in the method, in the spans in which
 *       the thread used the least. A method that runs uses as much as it is seen; one that waits
 *       has spans with almost none.
 *   <li>Per thread, the CPU time that its samples in Java do not explain. It corrects the time seen
 *       in native methods that run, of which there are few samples.
 *   <li>Per pool of threads, the CPU time that no sample explains. Native methods that wait get a
 *       part of it, because a call that waits uses CPU time as well, and most of it if there is
 *       hardly any other sample.
 * </ul>
 *
 * <p>The values of a method in one thread are the initial values in other threads. Guarded by the
 * aggregator's lock.
 */
final class NativeWaits {

  /** Limit on the threads in Java code that the JDK samples per tick; in native code it is one. */
  private static final int JAVA_SAMPLES_PER_TICK = 5;

  private static final int MAX_THREADS = 10_000;
  private static final int MAX_METHODS = 1_000;

  private final ThreadPools.Names names;
  private final SamplingInterval interval;
  private final SamplingInterval nativeInterval;
  private final Map<Long, NativeUsage> threads = new HashMap<>();
  private final Map<String, Double> methods = new HashMap<>();

  NativeWaits(ThreadPools.Names names, long periodNanos, long nativePeriodNanos) {
    this.names = names;
    this.interval = new SamplingInterval(periodNanos);
    this.nativeInterval = new SamplingInterval(nativePeriodNanos);
  }

  void clear() {
    threads.clear();
  }

  /** Adds the time of a sample, in nanoseconds since 1970. */
  void sampledAt(boolean inNativeCode, long nanos) {
    (inNativeCode ? nativeInterval : interval).add(nanos);
  }

  /**
   * Learns from a segment and weighs its samples.
   *
   * @param cpuNanos the CPU time of a thread in this segment
   * @param weights filled with the CPU time that a sample represents by the estimate; samples of a
   *     thread and kind share the CPU time of both in this proportion
   * @param kinds filled with {@link ClockedThreads#RUNS_IN_JAVA}, {@link
   *     ClockedThreads#RUNS_IN_NATIVE} or {@link ClockedThreads#WAITS_IN_NATIVE}
   */
  void weigh(
      CpuSamples samples,
      LongUnaryOperator cpuNanos,
      StackPool stacks,
      double[] weights,
      int[] kinds) {
    Arrays.fill(kinds, 0, samples.size(), ClockedThreads.RUNS_IN_JAVA);
    if (!count(samples, stacks)) {
      for (int i = 0; i < samples.size(); i++) {
        weights[i] = samples.worth(i) >= 0 ? samples.worth(i) : interval.nanos();
      }
      return;
    }
    double mostJava = 1e-9;
    double mostNative = 1e-9;
    double allJava = 0;
    double allNative = 0;
    for (NativeUsage usage : threads.values()) {
      mostJava = Math.max(mostJava, usage.javaSamples());
      mostNative = Math.max(mostNative, usage.nativeSamples());
      allJava += usage.javaSamples();
      allNative += usage.nativeSamples();
    }
    // Threads take turns. The number of threads in a round is that of all samples per sample of the
    // thread that never misses its turn.
    double java = interval.nanos() * Math.max(1, allJava / mostJava / JAVA_SAMPLES_PER_TICK);
    double inNative = nativeInterval.nanos() * Math.max(1, allNative / mostNative);
    learn(cpuNanos, java, inNative);
    for (int i = 0; i < samples.size(); i++) {
      long worth = samples.worth(i);
      if (worth == CpuSamples.IN_JAVA) {
        weights[i] = java;
      } else if (worth == CpuSamples.IN_NATIVE) {
        NativeUsage usage = threads.get(samples.threadKey(samples.thread(i)));
        String leaf = leaf(samples.stack(i), stacks);
        weights[i] = usage == null ? inNative : inNative * usage.shareOf(leaf);
        kinds[i] =
            usage != null && usage.waitsIn(leaf)
                ? ClockedThreads.WAITS_IN_NATIVE
                : ClockedThreads.RUNS_IN_NATIVE;
      } else {
        weights[i] = worth;
      }
    }
  }

  private static String leaf(int stack, StackPool stacks) {
    return stacks.name(stacks.functionOf(stacks.frame(stack, 0)));
  }

  /** Adds the samples to the threads; returns whether any thread has samples in native code. */
  private boolean count(CpuSamples samples, StackPool stacks) {
    threads.values().forEach(NativeUsage::startSegment);
    for (int i = 0; i < samples.size(); i++) {
      long worth = samples.worth(i);
      if (worth == CpuSamples.IN_JAVA) {
        usage(samples.threadKey(samples.thread(i))).sampledInJava();
      } else if (worth == CpuSamples.IN_NATIVE) {
        usage(samples.threadKey(samples.thread(i)))
            .sampledInNative(leaf(samples.stack(i), stacks), this::knownLeast);
      }
    }
    threads.values().removeIf(usage -> !usage.addSamples());
    return threads.values().stream().anyMatch(usage -> usage.nativeSamples() > 0);
  }

  private NativeUsage usage(long key) {
    NativeUsage known = threads.get(key);
    if (known != null) {
      return known;
    }
    NativeUsage fresh = new NativeUsage();
    if (threads.size() < MAX_THREADS) {
      threads.put(key, fresh);
    }
    return fresh;
  }

  private double knownLeast(String leaf) {
    Double elsewhere = methods.get(leaf);
    return elsewhere != null ? elsewhere : IdleMethods.waits(leaf) ? 0 : 1;
  }

  private void learned(String leaf, double least) {
    if (methods.size() < MAX_METHODS || methods.containsKey(leaf)) {
      methods.put(leaf, least);
    }
  }

  private void learn(LongUnaryOperator cpuNanos, double java, double inNative) {
    Map<String, NativeUsage.Pool> pools = new HashMap<>();
    namePools();
    threads.forEach(
        (key, usage) -> {
          double cpu = cpuNanos.applyAsLong(key);
          if (cpu < 0) {
            return; // ended, or a group of threads
          }
          usage.learn(cpu, java, inNative, this::learned);
          if (usage.pool() != null) {
            pools.computeIfAbsent(usage.pool(), name -> new NativeUsage.Pool()).add(usage);
          }
        });
    for (NativeUsage usage : threads.values()) {
      NativeUsage.Pool pool = usage.pool() == null ? null : pools.get(usage.pool());
      if (pool != null) {
        usage.learnFromPool(pool);
      }
    }
  }

  /** Finds the pools of threads that are sampled for the first time. */
  private void namePools() {
    List<Map.Entry<Long, NativeUsage>> unnamed =
        threads.entrySet().stream()
            .filter(entry -> entry.getKey() > 0 && entry.getValue().pool() == null)
            .toList();
    if (unnamed.isEmpty()) {
      return;
    }
    String[] found = names.of(unnamed.stream().mapToLong(Map.Entry::getKey).toArray());
    for (int i = 0; i < found.length; i++) {
      Map.Entry<Long, NativeUsage> thread = unnamed.get(i);
      thread.getValue().setPool(ThreadPools.nameOf(thread.getKey(), found[i]));
    }
  }

  /** Receives the shares of a thread's CPU time that it uses in native methods. */
  @FunctionalInterface
  interface Shares {
    void accept(long key, double running, double waiting);
  }

  /**
   * Hands over the shares of all threads with CPU time in native methods. They cover several
   * segments, as a segment may have no sample of one kind.
   */
  void shares(Shares into) {
    threads.forEach(
        (key, usage) -> {
          double runs = usage.runs();
          if (runs > 0 || usage.waits() > 0) {
            into.accept(key, runs, usage.waits());
          }
        });
  }

  /** Returns the most CPU time that a thread's sample in Java gets at once, per weight. */
  double mostPerSample(long key) {
    NativeUsage usage = threads.get(key);
    return usage == null ? Double.MAX_VALUE : usage.mostPerSample();
  }

  /** Returns whether a thread's share of CPU time in native methods is known. */
  boolean knows(long key) {
    NativeUsage usage = threads.get(key);
    return usage != null && usage.cpuNanos() > 0;
  }
}
