package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.aggregate.StackPool;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/**
 * An estimate of the time that samples of {@code jdk.ExecutionSample} and {@code
 * jdk.NativeMethodSample} represent, and of the native methods in which threads wait.
 *
 * <p>A thread in native code is sampled alike whether it runs or waits. Only the CPU clock
 * distinguishes the two. Two values are estimated per thread and native method, over some ten
 * seconds:
 *
 * <ul>
 *   <li>The CPU time per time in the method, in the spans in which the thread used the least. A
 *       method that runs uses as much as it is seen; one that waits has spans with almost none.
 *   <li>The CPU time that the thread's samples in Java do not explain. Java code does not wait, so
 *       its samples come first, and native methods that wait get no more than the rest.
 * </ul>
 *
 * <p>The values of a method in one thread are the initial values in other threads. Guarded by the
 * aggregator's lock.
 */
final class NativeWaits {

  /** Limit on the threads in Java code that the JDK samples per tick; in native code it is one. */
  private static final int JAVA_SAMPLES_PER_TICK = 5;

  /** The weight of the past after each segment; half is forgotten after 23 segments. */
  private static final double DECAY = 0.97;

  /** The CPU time per time seen in a native method below which it counts as waiting. */
  private static final double WAITS_BELOW = 0.2;

  /** The native samples in a row after which a span is evaluated. */
  private static final int SPAN = 4;

  /** The excess of time in Java over its samples that is allowed before waits get any. */
  private static final double SLACK = 0.25;

  /** The part of a thread's CPU time by other samples from which waits get nothing. */
  private static final double EXPLAINS = 0.1;

  /** The relative error of the time in Java by its samples, apart from noise. */
  private static final double MODEL_ERROR = 0.1;

  private static final int MAX_THREADS = 10_000;
  private static final int MAX_METHODS = 1_000;

  private final double periodNanos;
  private final double nativePeriodNanos;
  private final Map<Long, Usage> threads = new HashMap<>();
  private final Map<String, Double> methods = new HashMap<>();

  NativeWaits(long periodNanos, long nativePeriodNanos) {
    this.periodNanos = periodNanos;
    this.nativePeriodNanos = nativePeriodNanos;
  }

  /** The known CPU usage of a thread; times are of the last ten seconds or so. */
  private static final class Usage {
    private final Map<String, Method> methods = new HashMap<>();
    private double cpuNanos;
    private double javaSamples;
    private double nativeSamples;
    private double spanCpuNanos;
    private int spanSamples;
    private double recentJava;
    private double recentNative;
    private double recentCount;
    private int segmentJava;
    private int segmentNative;

    /** The shares of the time in native methods that the thread runs there. */
    private double runningShare = 1;

    private double waitingShare;

    private double shareOf(String leaf) {
      Method method = methods.get(leaf);
      if (method == null || IdleMethods.neverWaits(leaf)) {
        return 1;
      }
      return method.waits() ? waitingShare : runningShare;
    }
  }

  /** A native method of a thread. */
  private static final class Method {
    private double samples;
    private double recentSamples;
    private int spanSamples;
    private int segmentSamples;

    /** The CPU time per time in the method in quiet spans. */
    private double least;

    private Method(double least) {
      this.least = least;
    }

    private boolean waits() {
      return least < WAITS_BELOW;
    }
  }

  void clear() {
    threads.clear();
  }

  /**
   * Learns from a segment and weighs its samples.
   *
   * @param cpuNanos the CPU time of a thread in this segment
   * @param weights filled with the CPU time that a sample represents, in any unit per thread; 0 for
   *     a sample that only waits
   */
  void weigh(CpuSamples samples, LongUnaryOperator cpuNanos, StackPool stacks, double[] weights) {
    if (!count(samples, stacks)) {
      for (int i = 0; i < samples.size(); i++) {
        weights[i] = samples.worth(i) >= 0 ? samples.worth(i) : periodNanos;
      }
      return;
    }
    double mostJava = 1e-9;
    double mostNative = 1e-9;
    double allJava = 0;
    double allNative = 0;
    for (Usage usage : threads.values()) {
      mostJava = Math.max(mostJava, usage.javaSamples);
      mostNative = Math.max(mostNative, usage.nativeSamples);
      allJava += usage.javaSamples;
      allNative += usage.nativeSamples;
    }
    // Threads take turns. The number of threads in a round is that of all samples per sample of the
    // thread that never misses its turn.
    double java = periodNanos * Math.max(1, allJava / mostJava / JAVA_SAMPLES_PER_TICK);
    double inNative = nativePeriodNanos * Math.max(1, allNative / mostNative);
    learn(cpuNanos, java, inNative);
    for (int i = 0; i < samples.size(); i++) {
      long worth = samples.worth(i);
      if (worth == CpuSamples.IN_JAVA) {
        weights[i] = java;
      } else if (worth == CpuSamples.IN_NATIVE) {
        Usage usage = threads.get(samples.threadKey(samples.thread(i)));
        String leaf = leaf(samples.stack(i), stacks);
        weights[i] = usage == null ? inNative : inNative * usage.shareOf(leaf);
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
    for (Usage usage : threads.values()) {
      usage.segmentJava = 0;
      usage.segmentNative = 0;
      usage.methods.values().forEach(method -> method.segmentSamples = 0);
    }
    for (int i = 0; i < samples.size(); i++) {
      long worth = samples.worth(i);
      if (worth >= 0) {
        continue;
      }
      Usage usage = usage(samples.threadKey(samples.thread(i)));
      if (worth == CpuSamples.IN_JAVA) {
        usage.segmentJava++;
      } else {
        usage.segmentNative++;
        String leaf = leaf(samples.stack(i), stacks);
        method(usage, leaf).segmentSamples++;
      }
    }
    boolean any = false;
    for (Iterator<Usage> all = threads.values().iterator(); all.hasNext(); ) {
      Usage usage = all.next();
      usage.javaSamples = usage.javaSamples * DECAY + usage.segmentJava;
      usage.nativeSamples = usage.nativeSamples * DECAY + usage.segmentNative;
      any |= usage.nativeSamples > 0;
      if (usage.javaSamples + usage.nativeSamples < 0.05) {
        all.remove();
      }
    }
    return any;
  }

  private Usage usage(long key) {
    Usage known = threads.get(key);
    if (known != null) {
      return known;
    }
    Usage fresh = new Usage();
    if (threads.size() < MAX_THREADS) {
      threads.put(key, fresh);
    }
    return fresh;
  }

  private Method method(Usage usage, String leaf) {
    Method known = usage.methods.get(leaf);
    if (known != null) {
      return known;
    }
    Double elsewhere = methods.get(leaf);
    double least = elsewhere != null ? elsewhere : IdleMethods.waits(leaf) ? 0 : 1;
    Method fresh = new Method(least);
    usage.methods.put(leaf, fresh);
    return fresh;
  }

  private void learn(LongUnaryOperator cpuNanos, double java, double inNative) {
    for (Map.Entry<Long, Usage> entry : threads.entrySet()) {
      Usage usage = entry.getValue();
      double cpu = cpuNanos.applyAsLong(entry.getKey());
      if (cpu < 0) {
        continue; // ended, or a group of threads
      }
      usage.cpuNanos = usage.cpuNanos * DECAY + cpu;
      usage.spanCpuNanos += cpu;
      for (Method method : usage.methods.values()) {
        method.samples = method.samples * DECAY + method.segmentSamples;
        method.spanSamples += method.segmentSamples;
        usage.spanSamples += method.segmentSamples;
      }
      if (usage.spanSamples >= SPAN) {
        evaluate(usage, inNative);
      }
      divide(usage, java, inNative);
      // Many samples need little of the past; few need much.
      double keep = Math.max(0.5, Math.min(DECAY, 1 - usage.recentCount / 100));
      usage.recentJava = usage.recentJava * keep + usage.segmentJava * java;
      usage.recentCount = 0;
      for (Iterator<Map.Entry<String, Method>> all = usage.methods.entrySet().iterator();
          all.hasNext(); ) {
        Map.Entry<String, Method> known = all.next();
        Method method = known.getValue();
        method.recentSamples = method.recentSamples * keep + method.segmentSamples;
        usage.recentCount += method.recentSamples * usage.shareOf(known.getKey());
        method.segmentSamples = 0;
        if (method.samples < 0.01) {
          all.remove();
        }
      }
      usage.recentNative = usage.recentCount * inNative;
    }
  }

  /** Receives the share of a thread's CPU time that it uses in native methods. */
  @FunctionalInterface
  interface Shares {
    void accept(long key, double share);
  }

  /**
   * Hands over the shares of all threads with CPU time in native methods. They cover several
   * segments, as a segment may have no sample of one kind.
   */
  void shares(Shares into) {
    threads.forEach(
        (key, usage) -> {
          if (usage.recentNative > 0) {
            into.accept(key, usage.recentNative / (usage.recentJava + usage.recentNative));
          }
        });
  }

  /** Returns whether a thread's share of CPU time in native methods is known. */
  boolean knows(long key) {
    Usage usage = threads.get(key);
    return usage != null && usage.cpuNanos > 0;
  }

  /** Ends a span of a thread in which it was seen in native code often enough. */
  private void evaluate(Usage usage, double inNative) {
    for (Map.Entry<String, Method> entry : usage.methods.entrySet()) {
      Method method = entry.getValue();
      if (method.spanSamples * 2 > usage.spanSamples) {
        double ratio = Math.min(1, usage.spanCpuNanos / (method.spanSamples * inNative));
        // Down fast and up slowly: only quiet spans are significant.
        method.least += (ratio - method.least) * (ratio < method.least ? 0.5 : 0.05);
        if (methods.size() < MAX_METHODS || methods.containsKey(entry.getKey())) {
          methods.put(entry.getKey(), method.least);
        }
      }
      method.spanSamples = 0;
    }
    usage.spanSamples = 0;
    usage.spanCpuNanos = 0;
  }

  /** Divides the CPU time that Java code does not explain among the native methods. */
  private static void divide(Usage usage, double java, double inNative) {
    double busy = usage.javaSamples * java;
    double running = 0;
    double waiting = 0;
    for (Map.Entry<String, Method> entry : usage.methods.entrySet()) {
      double nanos = entry.getValue().samples * inNative;
      if (IdleMethods.neverWaits(entry.getKey())) {
        busy += nanos;
      } else if (entry.getValue().waits()) {
        waiting += nanos;
      } else {
        running += nanos;
      }
    }
    double noise = Math.sqrt(usage.javaSamples + 2) * java;
    usage.runningShare = shareOfRunning(usage.cpuNanos, busy, noise, running);
    usage.waitingShare =
        shareOfWaiting(usage.cpuNanos, busy + running * usage.runningShare, noise, waiting);
  }

  /** A method that waits gets CPU time only where no other sample explains it. */
  private static double shareOfWaiting(double cpu, double busy, double noise, double seen) {
    double rest = cpu - busy * (1 + SLACK) - 2 * noise;
    return busy > EXPLAINS * cpu ? 0 : Math.max(0, rest) / Math.max(1, seen);
  }

  /**
   * A method that seems to run gets all of its time, unless Java code alone explains the thread's
   * CPU time well.
   */
  private static double shareOfRunning(double cpu, double busy, double noise, double seen) {
    // With too few processors, both parts are seen longer than they run. A half is enough then.
    double enough = Math.max(1, Math.min(seen, cpu) / 2);
    double expected = Math.max(0, Math.min(1, (cpu - busy) / enough));
    double error = Math.hypot(noise, MODEL_ERROR * Math.max(cpu, busy - cpu)) / Math.max(1, seen);
    double trust = 1 / (1 + error * error / 0.25);
    double share = trust * expected + (1 - trust);
    return share > 0.5 ? 1 : share;
  }
}
