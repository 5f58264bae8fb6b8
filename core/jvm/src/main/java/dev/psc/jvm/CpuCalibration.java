package dev.psc.jvm;

import dev.psc.jvm.CpuClock.Reading;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Gives CPU samples their worth by CPU clocks. The JDK's execution samples say where inside a
 * thread the time went, not how much there was (13 % of the truth with 20 busy threads on 2 cores).
 * So in each segment of about a second a thread's samples share the CPU time that the thread's
 * clock shows for it. CPU time of threads without a sample, and of the process beyond its Java
 * threads, is counted under frames in brackets: the total is the process's CPU time.
 *
 * <p>Guarded by the aggregator's lock.
 */
final class CpuCalibration implements CpuWeigher {

  static final String VM = "[GC, JIT and VM threads]";
  static final String NOT_SAMPLED = "[not sampled]";
  static final String PROFILER = "[profiler threads]";

  /** Samples of one segment; beyond it they are dropped, and the rest shares the CPU time. */
  private static final int MAX_SAMPLES = 65_536;

  private static final long VIRTUAL = Long.MIN_VALUE;

  private final Aggregator aggregator;
  private final @Nullable CpuClock clock;
  private final long periodNanos;
  private final double nativeWeight;
  private final boolean showOwn;

  private final LongTable threads = new LongTable(64);
  private double[] weights = new double[64];
  private int[] nativeThreads = new int[64];
  private int[] sampleThread = new int[256];
  private int[] sampleStack = new int[256];
  private int[] sampleLabels = new int[256];
  private boolean[] sampleNative = new boolean[256];
  private int samples;

  private @Nullable Reading last;
  private LongTable lastThreads = new LongTable(64);
  private long[] unspent = new long[0];
  private long vmUnspent;

  /**
   * @param clock the CPU clocks, or null to count every sample as one period
   * @param periodNanos distance between two samples in Java code
   * @param nativePeriodNanos distance between two samples in native code
   */
  CpuCalibration(
      Aggregator aggregator,
      @Nullable CpuClock clock,
      long periodNanos,
      long nativePeriodNanos,
      boolean showOwn) {
    this.aggregator = aggregator;
    this.clock = clock;
    this.periodNanos = periodNanos;
    this.nativeWeight = (double) nativePeriodNanos / periodNanos;
    this.showOwn = showOwn;
  }

  @Override
  public void sample(long threadId, boolean virtual, boolean inNative, int stack, int labels) {
    if (clock == null) {
      if (!inNative) {
        weighed(stack, labels, periodNanos);
      }
      return;
    }
    if (samples == MAX_SAMPLES) {
      return;
    }
    if (samples == sampleThread.length) {
      int length = samples * 2;
      sampleThread = Arrays.copyOf(sampleThread, length);
      sampleStack = Arrays.copyOf(sampleStack, length);
      sampleLabels = Arrays.copyOf(sampleLabels, length);
      sampleNative = Arrays.copyOf(sampleNative, length);
    }
    int thread = threads.add(virtual ? VIRTUAL : threadId);
    if (thread >= weights.length) {
      weights = Arrays.copyOf(weights, weights.length * 2);
      nativeThreads = Arrays.copyOf(nativeThreads, nativeThreads.length * 2);
    }
    if (inNative) {
      nativeThreads[thread]++;
    }
    sampleThread[samples] = thread;
    sampleStack[samples] = stack;
    sampleLabels[samples] = labels;
    sampleNative[samples++] = inNative;
  }

  @Override
  public void weighed(int stack, int labels, long nanos) {
    aggregator.add(JvmProfile.PROCESS_CPU, stack, labels, 1, nanos);
    aggregator.add(JvmProfile.WALL, stack, labels, 1, nanos);
  }

  /** Forgets everything: the next reading is the first. */
  void reset() {
    clearSegment();
    last = null;
    unspent = new long[0];
    lastThreads = new LongTable(64);
    vmUnspent = 0;
  }

  boolean isEmpty() {
    return samples == 0;
  }

  /**
   * Ends a segment.
   *
   * @param now the clocks at its end, read when the marker of the end was written
   * @param weighed whether samples came with their own CPU time, so that only the rest of the
   *     process is missing
   * @param spendAll whether a window ends, so that no CPU time may wait for a later sample
   */
  void endSegment(Reading now, boolean weighed, boolean spendAll) {
    if (clock == null || now == Reading.nothing()) {
      clearSegment();
      return;
    }
    LongTable nowThreads = new LongTable(now.threadIds().length);
    long[] nanos = new long[now.threadIds().length];
    long javaNanos = 0;
    for (int i = 0; i < nanos.length; i++) {
      int row = nowThreads.add(now.threadIds()[i]);
      long delta = delta(now, i);
      javaNanos += delta;
      int before = lastThreads.indexOf(now.threadIds()[i]);
      nanos[row] = delta + (before < 0 ? 0 : unspent[before]);
    }
    if (last != null) {
      long endedNanos = 0;
      if (weighed) {
        Arrays.fill(nanos, 0);
      } else {
        endedNanos = spend(nowThreads, nanos);
        if (spendAll) {
          spendUnsampled(nowThreads, nanos);
        }
      }
      vmUnspent += now.processNanos() - last.processNanos() - javaNanos - endedNanos;
      if (vmUnspent > 0) {
        pseudo(0, vmUnspent, VM);
        vmUnspent = 0;
      }
    } else {
      Arrays.fill(nanos, 0);
    }
    last = now;
    lastThreads = nowThreads;
    unspent = nanos;
    clearSegment();
  }

  private long delta(Reading now, int index) {
    int before = lastThreads.indexOf(now.threadIds()[index]);
    long earlier = before < 0 || last == null ? 0 : Math.max(0, last.threadNanos()[before]);
    return Math.max(0, now.threadNanos()[index] - earlier);
  }

  /**
   * Divides each thread's CPU time among its samples.
   *
   * @return what was given to threads that no longer have a clock
   */
  private long spend(LongTable nowThreads, long[] nanos) {
    int inNative = 0;
    for (int t = 0; t < threads.size(); t++) {
      inNative += nativeThreads[t] > 0 ? 1 : 0;
    }
    // One thread in native code is sampled per tick, in turn: a sample stands for all of them.
    double perNative = nativeWeight * Math.max(1, inNative);
    for (int i = 0; i < samples; i++) {
      weights[sampleThread[i]] += sampleNative[i] ? perNative : 1;
    }
    double[] worth = new double[threads.size()];
    boolean[] ended = new boolean[threads.size()];
    for (int t = 0; t < worth.length; t++) {
      long id = threads.key(t);
      int row = id == VIRTUAL ? -1 : nowThreads.indexOf(id);
      if (row >= 0) {
        worth[t] = nanos[row] / weights[t];
        nanos[row] = 0;
      } else if (id == VIRTUAL) {
        worth[t] = takeCarriers(nowThreads, nanos) / weights[t];
      } else {
        ended[t] = true;
        worth[t] = periodNanos;
      }
    }
    double endedNanos = 0;
    for (int i = 0; i < samples; i++) {
      int thread = sampleThread[i];
      double value = worth[thread];
      if (ended[thread]) {
        if (sampleNative[i]) {
          continue;
        }
        endedNanos += value;
      } else {
        value *= sampleNative[i] ? perNative : 1;
      }
      long rounded = Math.round(value);
      if (rounded > 0) {
        weighed(sampleStack[i], sampleLabels[i], rounded);
      }
    }
    return Math.round(endedNanos);
  }

  /** Takes the CPU time of the threads that carry virtual threads. */
  private long takeCarriers(LongTable nowThreads, long[] nanos) {
    long[] ids = idsWith(nowThreads, nanos, 0);
    String[] names = names(ids);
    long taken = 0;
    for (int i = 0; i < ids.length; i++) {
      if (names[i].startsWith("ForkJoinPool-") && threads.indexOf(ids[i]) < 0) {
        int row = nowThreads.indexOf(ids[i]);
        taken += nanos[row];
        nanos[row] = 0;
      }
    }
    return taken;
  }

  private void spendUnsampled(LongTable nowThreads, long[] nanos) {
    long[] ids = idsWith(nowThreads, nanos, 0);
    if (ids.length == 0) {
      return;
    }
    String[] names = names(ids);
    for (int i = 0; i < ids.length; i++) {
      int row = nowThreads.indexOf(ids[i]);
      if (!showOwn && (OwnThreads.contains(ids[i]) || names[i].startsWith("JFR "))) {
        pseudo(0, nanos[row], PROFILER);
      } else {
        String name = names[i].isEmpty() ? "thread" : FrameNames.poolName(names[i]);
        pseudo(0, nanos[row], NOT_SAMPLED, "[" + name + "]");
      }
      nanos[row] = 0;
    }
  }

  private String[] names(long[] ids) {
    return clock == null || ids.length == 0 ? new String[0] : clock.names(ids);
  }

  private static long[] idsWith(LongTable threads, long[] nanos, long moreThan) {
    long[] ids = new long[threads.size()];
    int count = 0;
    for (int row = 0; row < ids.length; row++) {
      if (nanos[row] > moreThan) {
        ids[count++] = threads.key(row);
      }
    }
    return Arrays.copyOf(ids, count);
  }

  private void pseudo(long count, long nanos, String... frames) {
    int stack = aggregator.interner().stackOf(frames);
    aggregator.add(JvmProfile.PROCESS_CPU, stack, 0, count, nanos);
    aggregator.add(JvmProfile.WALL, stack, 0, count, nanos);
  }

  private void clearSegment() {
    samples = 0;
    Arrays.fill(weights, 0, threads.size(), 0);
    Arrays.fill(nativeThreads, 0, threads.size(), 0);
    threads.clear();
  }
}
