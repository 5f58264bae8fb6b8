package dev.psc.examples.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/**
 * Compares what two pieces of single-threaded work cost this thread. They take turns in short
 * batches, so that both see the same neighbours and the same clock rate; the cost is processor
 * time, which other processes do not inflate as they do wall time.
 */
final class Stopwatch {

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final com.sun.management.OperatingSystemMXBean SYSTEM =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final int ROUNDS = 41;
  private static final long WARMUP_NANOS = 3_000_000_000L;
  private static final long MAX_WARMUP_NANOS = 4 * WARMUP_NANOS;
  private static final long BATCH_NANOS = 40_000_000L;

  /** Keeps results alive, so that the compiler cannot leave the work out. */
  @SuppressWarnings("UnusedVariable") // written so that it might be read
  private static volatile Object sink = "";

  private Stopwatch() {}

  /** Work whose result is looked at. */
  @FunctionalInterface
  interface Work {
    Object run() throws Exception;
  }

  /**
   * The medians of both.
   *
   * @param ours nanoseconds of processor time per call of the first
   * @param theirs nanoseconds of processor time per call of the second
   * @param ratio the median of the ratios of each round
   */
  record Comparison(double ours, double theirs, double ratio) {
    String describe(String oursName, String theirsName) {
      return String.format(
          Locale.ROOT, "%s %.3f ms, %s %.3f ms", oursName, ours / 1e6, theirsName, theirs / 1e6);
    }
  }

  static Comparison compare(Work ours, Work theirs) throws Exception {
    int oursPerBatch = warmUp(ours);
    int theirsPerBatch = warmUp(theirs);
    double[] first = new double[ROUNDS];
    double[] second = new double[ROUNDS];
    double[] ratios = new double[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
      first[round] = batch(ours, oursPerBatch);
      second[round] = batch(theirs, theirsPerBatch);
      ratios[round] = first[round] / second[round];
    }
    return new Comparison(median(first), median(second), median(ratios));
  }

  /**
   * What a call costs.
   *
   * @param threadNanos processor time of this thread
   * @param processNanos processor time of all threads, in steps of 10 ms for all calls together
   */
  record Cost(double threadNanos, double processNanos) {}

  /** Returns how many calls fill so much processor time, after warming up. */
  static int callsIn(long nanos, Work work) throws Exception {
    return (int) Math.max(1, warmUp(work) * (nanos / BATCH_NANOS));
  }

  /** Returns what a call costs on average. */
  static Cost cost(Work work, int calls) throws Exception {
    long process = SYSTEM.getProcessCpuTime();
    double thread = batch(work, calls);
    return new Cost(thread, (double) (SYSTEM.getProcessCpuTime() - process) / calls);
  }

  /** Returns the bytes that a call allocates on this thread, on average after warming up. */
  static double allocatedBytes(Work work) throws Exception {
    int calls = Math.max(20, warmUp(work));
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < calls; i++) {
      sink = work.run();
    }
    return (double) (THREADS.getCurrentThreadAllocatedBytes() - before) / calls;
  }

  /** Returns how many calls fill a batch. */
  private static int warmUp(Work work) throws Exception {
    long start = System.nanoTime();
    long cpuStart = THREADS.getCurrentThreadCpuTime();
    long cpu = 0;
    long calls = 0;
    // On a busy machine the compiler gets its turn late, and so must the measuring.
    while (cpu < WARMUP_NANOS && System.nanoTime() - start < MAX_WARMUP_NANOS) {
      sink = work.run();
      calls++;
      cpu = THREADS.getCurrentThreadCpuTime() - cpuStart;
    }
    return (int) Math.max(1, calls * BATCH_NANOS / Math.max(1, cpu));
  }

  private static double batch(Work work, int calls) throws Exception {
    long before = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < calls; i++) {
      sink = work.run();
    }
    return (double) (THREADS.getCurrentThreadCpuTime() - before) / calls;
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
