package dev.psc.examples.benchmarks;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/**
 * A comparison of the cost of two single-threaded operations. They alternate in short batches, so
 * that both have the same conditions. The cost is processor time, on which other processes have
 * less influence than on wall time.
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

  /** Keeps results alive, so that the compiler does not remove the work. */
  @SuppressWarnings("UnusedVariable") // written as if it was read
  private static volatile Object sink = "";

  private Stopwatch() {}

  /** An operation whose result is used. */
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
   * The cost of a call.
   *
   * @param threadNanos processor time of this thread
   * @param processNanos processor time of all threads, in steps of 10 ms for all calls together
   */
  record Cost(double threadNanos, double processNanos) {}

  /** Returns the number of calls in an amount of processor time, after a warm-up. */
  static int callsIn(long nanos, Work work) throws Exception {
    return (int) Math.max(1, warmUp(work) * (nanos / BATCH_NANOS));
  }

  /** Returns the average cost of a call. */
  static Cost cost(Work work, int calls) throws Exception {
    long process = SYSTEM.getProcessCpuTime();
    double thread = batch(work, calls);
    return new Cost(thread, (double) (SYSTEM.getProcessCpuTime() - process) / calls);
  }

  /** Returns the average allocated bytes of a call on this thread, after a warm-up. */
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
    // On a busy machine the JIT compiler is late, so the warm-up takes longer.
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
