package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.internal.event.CpuWeigher;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A calibration of CPU samples by CPU clocks. The JDK's execution samples show where a thread spent
 * time, but not how much (13 % of the CPU time with 20 busy threads on 2 cores). In each segment of
 * about half a second, the samples of a thread share the CPU time of its clock. CPU time of threads
 * without a sample, and of the rest of the process, is counted under frames in brackets, so that
 * the total is the CPU time of the process.
 *
 * <p>Guarded by the aggregator's lock.
 */
public final class CpuCalibration implements CpuWeigher {

  static final String VM = "[GC, JIT and VM threads]";
  static final String NOT_SAMPLED = "[not sampled]";

  /**
   * The maximum number of samples of a segment; further samples are dropped and the others share
   * the CPU time.
   */
  private static final int MAX_SAMPLES = 65_536;

  /** The number of segments after which CPU time no longer goes to the last stack of a thread. */
  private static final int REMEMBER_SEGMENTS = 10;

  private static final long VIRTUAL = Long.MIN_VALUE;

  private final Aggregator aggregator;
  private final @Nullable Names names;
  private final long periodNanos;
  private final double nativeWeight;
  private final boolean showOwn;

  /** The names of live threads. */
  @FunctionalInterface
  interface Names {
    String[] of(long[] threadIds);
  }

  private final LongTable threads = new LongTable(64);
  private double[] weights = new double[64];
  private int[] nativeThreads = new int[64];
  private int[] sampleThread = new int[256];
  private int[] sampleStack = new int[256];
  private int[] sampleLabels = new int[256];
  private boolean[] sampleNative = new boolean[256];
  private int samples;

  private @Nullable Clocked last;
  private long segment;
  private long vmUnspent;

  /**
   * @param names the names of threads, or null without CPU clocks; then every sample counts as one
   *     period
   * @param periodNanos the sampling interval in Java code
   * @param nativePeriodNanos the sampling interval in native code
   */
  CpuCalibration(
      Aggregator aggregator,
      @Nullable Names names,
      long periodNanos,
      long nativePeriodNanos,
      boolean showOwn) {
    this.aggregator = aggregator;
    this.names = names;
    this.periodNanos = periodNanos;
    this.nativeWeight = (double) nativePeriodNanos / periodNanos;
    this.showOwn = showOwn;
  }

  @Override
  public void sample(long threadId, boolean virtual, boolean inNative, int stack, int labels) {
    if (names == null) {
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

  /** Clears all state; the next reading is the first. */
  void reset() {
    clearSegment();
    last = null;
    vmUnspent = 0;
  }

  boolean isEmpty() {
    return samples == 0;
  }

  /** Clears the last stacks of threads, after numbers of stacks have changed. */
  void forgetStacks() {
    if (last != null) {
      Arrays.fill(last.lastSegment, 0);
    }
  }

  /**
   * Ends a segment.
   *
   * @param reading the clocks at its end, read when the marker of the end was written
   * @param weighed whether samples have their own CPU time, so that only the rest of the process is
   *     added
   * @param spendAll whether a window ends, so that no CPU time is kept for a later sample
   */
  void endSegment(Reading reading, boolean weighed, boolean spendAll) {
    if (names == null || reading == Reading.nothing()) {
      clearSegment();
      return;
    }
    segment++;
    Clocked now = new Clocked(reading);
    long javaNanos = now.continueFrom(last, weighed || last == null);
    if (last != null) {
      long processNanos = reading.processNanos() - last.reading.processNanos();
      long endedNanos = 0;
      if (!weighed) {
        endedNanos = spend(now, Math.max(0, processNanos - javaNanos));
        spendEnded(now);
        if (spendAll) {
          spendUnsampled(now);
        }
      }
      vmUnspent += processNanos - javaNanos - endedNanos;
      if (vmUnspent > 0) {
        pseudo(vmUnspent, VM);
        vmUnspent = 0;
      }
    }
    last = now;
    clearSegment();
  }

  /** The last reading of the clocks and the uncounted CPU time, by thread. */
  private static final class Clocked {

    private final Reading reading;
    private final LongTable rows;
    private final long[] unspent;
    private final int[] lastStack;
    private final int[] lastLabels;
    private final long[] lastSegment;

    private Clocked(Reading reading) {
      int count = reading.threadIds().length;
      this.reading = reading;
      this.rows = new LongTable(count);
      this.unspent = new long[count];
      this.lastStack = new int[count];
      this.lastLabels = new int[count];
      this.lastSegment = new long[count];
      for (long id : reading.threadIds()) {
        rows.add(id);
      }
    }

    /** Replaces the previous reading; returns the CPU time of all threads since then. */
    private long continueFrom(@Nullable Clocked before, boolean forget) {
      long sum = 0;
      for (int row = 0; row < unspent.length; row++) {
        long nanos = Math.max(0, reading.threadNanos()[row]);
        int old = before == null ? -1 : before.rows.indexOf(rows.key(row));
        if (before != null && old >= 0) {
          nanos = Math.max(0, nanos - Math.max(0, before.reading.threadNanos()[old]));
          unspent[row] = before.unspent[old];
          lastStack[row] = before.lastStack[old];
          lastLabels[row] = before.lastLabels[old];
          lastSegment[row] = before.lastSegment[old];
        }
        sum += nanos;
        unspent[row] = forget ? 0 : unspent[row] + nanos;
      }
      return sum;
    }
  }

  /**
   * Divides each thread's CPU time among its samples.
   *
   * @param restNanos the CPU time of the process that no live Java thread used
   * @return the CPU time of threads that no longer have a clock
   */
  private long spend(Clocked now, long restNanos) {
    int inNative = 0;
    for (int t = 0; t < threads.size(); t++) {
      inNative += nativeThreads[t] > 0 ? 1 : 0;
    }
    // One thread in native code is sampled per tick, in turn: its sample counts for all of them.
    double perNative = nativeWeight * Math.max(1, inNative);
    for (int i = 0; i < samples; i++) {
      weights[sampleThread[i]] += sampleNative[i] ? perNative : 1;
    }
    double[] worth = new double[threads.size()];
    double livingNanos = 0;
    double livingWeight = 0;
    for (int t = 0; t < worth.length; t++) {
      long id = threads.key(t);
      int row = id == VIRTUAL ? -1 : now.rows.indexOf(id);
      if (row >= 0 || id == VIRTUAL) {
        double nanos = row >= 0 ? now.unspent[row] : takeCarriers(now);
        worth[t] = nanos / weights[t];
        livingNanos += nanos;
        livingWeight += weights[t];
        if (row >= 0) {
          now.unspent[row] = 0;
        }
      } else {
        worth[t] = -1;
      }
    }
    long endedNanos =
        priceEnded(worth, livingWeight < 5 ? periodNanos : livingNanos / livingWeight, restNanos);
    for (int i = 0; i < samples; i++) {
      int thread = sampleThread[i];
      int row = now.rows.indexOf(threads.key(thread));
      if (row >= 0) {
        now.lastStack[row] = sampleStack[i];
        now.lastLabels[row] = sampleLabels[i];
        now.lastSegment[row] = segment;
      }
      long nanos = Math.round(worth[thread] * (sampleNative[i] ? perNative : 1));
      if (nanos > 0) {
        weighed(sampleStack[i], sampleLabels[i], nanos);
      }
    }
    return endedNanos;
  }

  /**
   * Divides CPU time among the samples of ended threads, whose clocks are gone. They get their
   * uncounted CPU time and, for the segment in which they ended, the mean weight of a sample of a
   * live thread, within the CPU time of the process.
   *
   * @return their CPU time in this segment
   */
  private long priceEnded(double[] worth, double perSample, long restNanos) {
    double weight = 0;
    for (int t = 0; t < worth.length; t++) {
      weight += worth[t] < 0 ? weights[t] : 0;
    }
    double price = Math.min(perSample, restNanos / Math.max(1, weight));
    for (int t = 0; t < worth.length; t++) {
      if (worth[t] < 0) {
        worth[t] = price;
        int before = last == null ? -1 : last.rows.indexOf(threads.key(t));
        if (last != null && before >= 0) {
          worth[t] += last.unspent[before] / weights[t];
          last.unspent[before] = 0;
        }
      }
    }
    return Math.round(price * weight);
  }

  /** Counts the remaining CPU time of threads that ended without a further sample. */
  private void spendEnded(Clocked now) {
    Clocked before = last;
    if (before == null) {
      return;
    }
    for (int row = 0; row < before.unspent.length; row++) {
      if (before.unspent[row] > 0 && now.rows.indexOf(before.rows.key(row)) < 0) {
        long nanos = before.unspent[row];
        if (!addToLast(before, row, nanos)) {
          pseudo(nanos, NOT_SAMPLED, "[ended threads]");
        }
      }
    }
  }

  /** Counts CPU time at the last stack of the thread, unless it is too old. */
  private boolean addToLast(Clocked clocked, int row, long nanos) {
    if (clocked.lastSegment[row] == 0 || segment - clocked.lastSegment[row] > REMEMBER_SEGMENTS) {
      return false;
    }
    aggregator.add(
        JvmProfile.PROCESS_CPU, clocked.lastStack[row], clocked.lastLabels[row], 0, nanos);
    aggregator.add(JvmProfile.WALL, clocked.lastStack[row], clocked.lastLabels[row], 0, nanos);
    return true;
  }

  /** Collects the CPU time of the carriers of virtual threads. */
  private long takeCarriers(Clocked now) {
    long[] ids = idsWithUnspent(now);
    String[] threadNames = names(ids);
    long taken = 0;
    for (int i = 0; i < ids.length; i++) {
      if (threadNames[i].startsWith("ForkJoinPool-") && threads.indexOf(ids[i]) < 0) {
        int row = now.rows.indexOf(ids[i]);
        taken += now.unspent[row];
        now.unspent[row] = 0;
      }
    }
    return taken;
  }

  private void spendUnsampled(Clocked now) {
    long[] ids = idsWithUnspent(now);
    String[] threadNames = names(ids);
    for (int i = 0; i < ids.length; i++) {
      int row = now.rows.indexOf(ids[i]);
      long nanos = now.unspent[row];
      now.unspent[row] = 0;
      if (!showOwn && (OwnThreads.contains(ids[i]) || threadNames[i].startsWith("JFR "))) {
        pseudo(nanos, PseudoFrames.PROFILER);
      } else if (!addToLast(now, row, nanos)) {
        String name = threadNames[i].isEmpty() ? "thread" : FrameNames.poolName(threadNames[i]);
        pseudo(nanos, NOT_SAMPLED, "[" + name + "]");
      }
    }
  }

  private String[] names(long[] ids) {
    return names == null || ids.length == 0 ? new String[0] : names.of(ids);
  }

  private static long[] idsWithUnspent(Clocked now) {
    long[] ids = new long[now.unspent.length];
    int count = 0;
    for (int row = 0; row < ids.length; row++) {
      if (now.unspent[row] > 0) {
        ids[count++] = now.rows.key(row);
      }
    }
    return Arrays.copyOf(ids, count);
  }

  private void pseudo(long nanos, String... frames) {
    int stack = aggregator.stackPool().stackOf(frames);
    aggregator.add(JvmProfile.PROCESS_CPU, stack, 0, 0, nanos);
    aggregator.add(JvmProfile.WALL, stack, 0, 0, nanos);
  }

  private void clearSegment() {
    samples = 0;
    Arrays.fill(weights, 0, threads.size(), 0);
    Arrays.fill(nativeThreads, 0, threads.size(), 0);
    threads.clear();
  }
}
