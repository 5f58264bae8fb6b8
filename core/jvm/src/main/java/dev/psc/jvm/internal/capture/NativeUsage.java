package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.IdleMethods;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.ObjDoubleConsumer;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the CPU time of one thread in Java and in native methods, over the last ten
 * seconds or so. Guarded by the aggregator's lock.
 */
final class NativeUsage {

  /** The weight of the past after each segment; half is forgotten after 23 segments. */
  static final double DECAY = 0.97;

  /** The CPU time per time seen in a native method below which it counts as waiting. */
  private static final double WAITS_BELOW = 0.2;

  /** The native samples in a row after which a span is evaluated. */
  private static final int SPAN = 4;

  /** The part of the CPU time in Java from which a thread does not use it in native code alone. */
  private static final double IN_JAVA_TOO = 0.1;

  /** The relative error of the time in Java by its samples, apart from noise. */
  private static final double MODEL_ERROR = 0.1;

  /**
   * The samples in native code that a thread must have, or would have if it did the same as its
   * pool, so that its own share counts and not the pool's.
   */
  private static final double FEW_SAMPLES = 3;

  /** The samples in Java from which the CPU time between them is the best estimate of each. */
  private static final double MANY_SAMPLES = 8;

  /**
   * The samples of a pool in Java and in methods that run, from which waits get only a part of the
   * unexplained CPU time. With fewer, they get more, and all of it if there is none.
   */
  private static final double ENOUGH_SAMPLES = 2;

  /**
   * The part of the unexplained CPU time that waits get. The rest belongs to samples in Java that
   * the JDK could not take.
   */
  private static final double WAITS_GET = 0.1;

  private final Map<String, Method> methods = new HashMap<>();
  private double cpuNanos;
  private double javaSamples;
  private double nativeSamples;
  private double spanCpuNanos;
  private int spanSamples;
  private int spanJava;
  private double recentCpu;
  private double recentJava;
  private double recentNative;
  private double recentCount;

  /** The time that a sample in native code represents. */
  private double turnNanos;

  private int segmentJava;
  private int segmentNative;

  /** The CPU time that samples explain, of Java and of native methods that run. */
  private double busyNanos;

  /** The number of samples that explain it. */
  private double busySamples;

  /** The time seen in native methods that wait. */
  private double waitingNanos;

  /** The share of the time in native methods that seem to run in which the thread runs there. */
  private double runningShare = 1;

  /** The odds of native code to Java by all that is known, per odds by samples alone. */
  private double correction = 1;

  /** The part of the CPU time in native methods that wait. */
  private double waits;

  /** The part of the CPU time in native methods that run. */
  private double runs;

  /** The most CPU time that a sample in Java gets at once, per time that it represents. */
  private double mostPerSample = Double.MAX_VALUE;

  private @Nullable String pool;

  /** A native method of the thread. */
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

  /** The CPU time of a pool's sampled threads. */
  static final class Pool {
    private double cpuNanos;
    private double busyNanos;
    private double busySamples;
    private double recentCpu;
    private double recentJava;
    private double recentNative;
    private int threads;

    void add(NativeUsage thread) {
      threads++;
      recentCpu += thread.recentCpu;
      recentJava += thread.recentJava;
      recentNative += thread.recentNative;
      cpuNanos += thread.cpuNanos;
      busyNanos += thread.busyNanos;
      busySamples += thread.busySamples;
    }

    /** Returns the part of the CPU time in native methods that run. */
    private double runs() {
      return share(recentCpu, recentJava, recentNative, 1);
    }

    /** Returns the CPU time of a sample in Java, per time that it represents. */
    private double perSample() {
      double inJava = recentCpu * Math.max(0, 1 - runs() - waits());
      return threads == 1 || recentJava == 0 ? Double.MAX_VALUE : inJava / recentJava;
    }

    /** Returns the part of the CPU time that methods which wait get. */
    private double waits() {
      double unexplained = cpuNanos > 0 ? Math.max(0, 1 - busyNanos / cpuNanos) : 0;
      double known = Math.min(1, busySamples / ENOUGH_SAMPLES);
      return unexplained * (1 - known * (1 - WAITS_GET));
    }
  }

  void startSegment() {
    segmentJava = 0;
    segmentNative = 0;
    methods.values().forEach(method -> method.segmentSamples = 0);
  }

  void sampledInJava() {
    segmentJava++;
  }

  /**
   * Counts a sample in a native method.
   *
   * @param knownLeast what other threads showed of a method; see {@link Method#least}
   */
  void sampledInNative(String leaf, ToDoubleFunction<String> knownLeast) {
    segmentNative++;
    methods.computeIfAbsent(leaf, name -> new Method(knownLeast.applyAsDouble(name)))
        .segmentSamples++;
  }

  /** Adds the samples of the segment; returns whether any of the past count. */
  boolean addSamples() {
    javaSamples = javaSamples * DECAY + segmentJava;
    nativeSamples = nativeSamples * DECAY + segmentNative;
    return javaSamples + nativeSamples >= 0.05;
  }

  double javaSamples() {
    return javaSamples;
  }

  double nativeSamples() {
    return nativeSamples;
  }

  /** Returns the name of the thread's pool, or null as long as it is not known. */
  @Nullable String pool() {
    return pool;
  }

  void setPool(String name) {
    pool = name;
  }

  double cpuNanos() {
    return cpuNanos;
  }

  /** Sets the parts of the CPU time in native methods by the samples of the thread and its pool. */
  void learnFromPool(Pool all) {
    mostPerSample = javaSamples < MANY_SAMPLES ? all.perSample() : Double.MAX_VALUE;
    // A method does not use more than the time in which it was seen.
    waits = cpuNanos == 0 ? 0 : Math.min(all.waits(), waitingNanos / cpuNanos);
    double poolRuns = all.runs();
    double expectedSamples = turnNanos == 0 ? 0 : poolRuns * recentCpu / turnNanos;
    boolean fewSamples = Math.max(recentCount, expectedSamples) < FEW_SAMPLES;
    double share = fewSamples ? poolRuns : share(recentCpu, recentJava, recentNative, correction);
    runs = Math.min(share, 1 - waits);
  }

  /**
   * Returns the share of the CPU time in native methods that run. The JDK cannot take all samples
   * in Java, so what no sample explains is Java.
   */
  static double share(double cpu, double inJava, double inNative, double correction) {
    if (inNative == 0 || inJava == 0) {
      return inNative == 0 ? 0 : 1;
    }
    double share = inNative / Math.max(cpu, inJava + inNative);
    return share * correction / (1 - share + share * correction);
  }

  /** Returns the part of the CPU time in native methods that wait. */
  double waits() {
    return waits;
  }

  /** Returns the part of the CPU time in native methods that run. */
  double runs() {
    return runs;
  }

  /**
   * Returns the most CPU time that a sample in Java gets at once, per time that it represents. If a
   * thread has few samples, the CPU time between two of them is mostly chance, and the mean of its
   * pool is better; what a sample does not get is divided at the end of the window.
   */
  double mostPerSample() {
    return mostPerSample;
  }

  boolean waitsIn(String leaf) {
    Method method = methods.get(leaf);
    return method != null && method.waits() && !IdleMethods.neverWaits(leaf);
  }

  /** Returns the CPU time per time in a native method. */
  double shareOf(String leaf) {
    if (waitsIn(leaf)) {
      return waits * cpuNanos / Math.max(1, waitingNanos);
    }
    return IdleMethods.neverWaits(leaf) ? 1 : runningShare;
  }

  /**
   * Learns from the CPU time of the segment.
   *
   * @param java the time that a sample in Java represents
   * @param inNative the time that a sample in native code represents
   * @param learned receives what a span showed of a method; see {@link Method#least}
   */
  void learn(double cpu, double java, double inNative, ObjDoubleConsumer<String> learned) {
    cpuNanos = cpuNanos * DECAY + cpu;
    spanCpuNanos += cpu;
    spanJava += segmentJava;
    for (Method method : methods.values()) {
      method.samples = method.samples * DECAY + method.segmentSamples;
      method.spanSamples += method.segmentSamples;
      spanSamples += method.segmentSamples;
    }
    if (spanSamples >= SPAN) {
      evaluate(java, inNative, learned);
    }
    estimate(java, inNative);
    // Many samples need little of the past; few need much.
    double keep = Math.max(0.5, Math.min(DECAY, 1 - recentCount / 100));
    recentCpu = recentCpu * keep + cpu;
    recentJava = recentJava * keep + segmentJava * java;
    recentCount = 0;
    for (Iterator<Map.Entry<String, Method>> all = methods.entrySet().iterator(); all.hasNext(); ) {
      Map.Entry<String, Method> known = all.next();
      Method method = known.getValue();
      method.recentSamples = method.recentSamples * keep + method.segmentSamples;
      if (!waitsIn(known.getKey())) {
        recentCount += method.recentSamples * shareOf(known.getKey());
      }
      if (method.samples < 0.01) {
        all.remove();
      }
    }
    recentNative = recentCount * inNative;
    turnNanos = inNative;
  }

  /** Ends a span of a thread in which it was seen in native code often enough. */
  private void evaluate(double java, double inNative, ObjDoubleConsumer<String> learned) {
    // Otherwise the CPU time may be that of Java, where some samples are missing.
    boolean onlyNative = spanJava * java < IN_JAVA_TOO * spanCpuNanos;
    for (Map.Entry<String, Method> entry : methods.entrySet()) {
      Method method = entry.getValue();
      if (method.spanSamples * 2 > spanSamples) {
        double ratio = Math.min(1, spanCpuNanos / (method.spanSamples * inNative));
        // Down fast and up slowly: only quiet spans are significant.
        if (ratio < method.least) {
          method.least += (ratio - method.least) * 0.5;
        } else if (onlyNative) {
          method.least += (ratio - method.least) * 0.05;
        }
        learned.accept(entry.getKey(), method.least);
      }
      method.spanSamples = 0;
    }
    spanSamples = 0;
    spanJava = 0;
    spanCpuNanos = 0;
  }

  /** Estimates how much of the time seen in native methods the thread runs there. */
  private void estimate(double java, double inNative) {
    double inJava = javaSamples * java;
    double busy = 0;
    double running = 0;
    double waiting = 0;
    for (Map.Entry<String, Method> entry : methods.entrySet()) {
      double nanos = entry.getValue().samples * inNative;
      if (IdleMethods.neverWaits(entry.getKey())) {
        busy += nanos;
      } else if (entry.getValue().waits()) {
        waiting += nanos;
      } else {
        running += nanos;
      }
    }
    double noise = Math.sqrt(javaSamples + 2) * java;
    runningShare = shareOfRunning(cpuNanos, inJava + busy, noise, running);
    double inNativeCode = busy + running * runningShare;
    busyNanos = inJava + inNativeCode;
    busySamples = javaSamples + inNativeCode / inNative;
    waitingNanos = waiting;
    correction =
        correction(
            cpuNanos,
            inJava,
            Math.hypot(noise, MODEL_ERROR * inJava),
            inNativeCode,
            Math.sqrt(inNativeCode * inNative));
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

  /**
   * Corrects the time seen in native code by the CPU time that samples in Java leave, the more the
   * fewer samples there are in native code. If the two differ by more than chance, the samples in
   * native code count alone: the JDK could not take all samples in Java, or there are too few
   * processors.
   *
   * @return the odds of native code to Java, per odds by samples alone
   */
  private static double correction(
      double cpu, double inJava, double javaNoise, double inNative, double nativeNoise) {
    if (inJava == 0 || inNative == 0 || cpu == 0) {
      return 1;
    }
    double seen = inNative * Math.min(1, cpu / (inJava + inNative));
    double left = Math.max(0, cpu - inJava);
    double deviation = (left - seen) / nativeNoise;
    double variance = nativeNoise * nativeNoise;
    double trust =
        variance / (variance + javaNoise * javaNoise) * Math.exp(-deviation * deviation / 8);
    double corrected = seen + trust * (left - seen);
    return odds(corrected, cpu) / odds(seen, cpu);
  }

  private static double odds(double part, double all) {
    double share = Math.max(0.001, Math.min(0.999, part / all));
    return share / (1 - share);
  }
}
