package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.TraceTable;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.internal.event.CpuWeigher;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A calibration of CPU samples by CPU clocks. Samples show where a thread spent time, but not how
 * much: the JDK's execution samples cover 13 % of the CPU time of 20 busy threads on 2 cores, and
 * its CPU time samples miss threads that run for less than a period at a time. In each segment of
 * about half a second, the samples of a thread share the CPU time of its clock. CPU time of threads
 * without a sample is counted where other threads of their pool were seen. What remains, and the
 * rest of the process, is counted under frames in brackets, so that the total is the CPU time of
 * the process.
 *
 * <p>Guarded by the aggregator's lock.
 */
public final class CpuCalibration implements CpuWeigher {

  static final String VM = "[GC, JIT and VM threads]";
  static final String NOT_SAMPLED = "[not sampled]";

  /** The segments after which CPU time is no longer added to a thread's last stack. */
  private static final int REMEMBER_SEGMENTS = 10;

  /**
   * The CPU time in periods up to which a thread that has no sample in the last half minute may
   * have been missed by chance. With more, its stack cannot be walked, and it does something else
   * than the others of its pool.
   */
  private static final int MISSED_PERIODS = 30;

  /** The key of all virtual threads together, which have no CPU clocks. */
  private static final long VIRTUAL = Long.MIN_VALUE;

  /** The prefix of the names of threads that carry virtual threads. */
  private static final String CARRIER = "ForkJoinPool-";

  private final Aggregator aggregator;
  private final ThreadPools.@Nullable Names names;
  private final long periodNanos;
  private final boolean showOwn;
  private final NativeWaits nativeWaits;
  private final CpuSamples samples = new CpuSamples();
  private final ThreadPools pools;

  /** The weight of each sample, relative to others of its thread. */
  private double[] weights = new double[256];

  /** The kind of each sample. */
  private int[] kinds = new int[256];

  /** The CPU time per weight, by thread and kind. */
  private double[] worth = new double[64];

  private double[] threadWeights = new double[64];
  private long timed;
  private @Nullable ClockedThreads last;
  private long segment;
  private long vmUnspent;

  /** The CPU time of Java threads, and that which samples represent, in the last ten seconds. */
  private double recentNanos;

  private double representedNanos;

  /**
   * @param names the names of threads, or null without CPU clocks; then every sample counts as one
   *     period
   * @param periodNanos the sampling interval in Java code
   * @param nativePeriodNanos the sampling interval in native code
   */
  CpuCalibration(
      Aggregator aggregator,
      ThreadPools.@Nullable Names names,
      long periodNanos,
      long nativePeriodNanos,
      boolean showOwn) {
    this.aggregator = aggregator;
    this.names = names;
    this.periodNanos = periodNanos;
    this.showOwn = showOwn;
    this.nativeWaits = new NativeWaits(this::names, periodNanos, nativePeriodNanos);
    this.pools = new ThreadPools(periodNanos);
  }

  @Override
  public void sample(long threadId, boolean virtual, boolean inNative, int stack, int labels) {
    if (names != null) {
      long worthOfSample = inNative ? CpuSamples.IN_NATIVE : CpuSamples.IN_JAVA;
      samples.add(virtual ? VIRTUAL : threadId, stack, labels, worthOfSample);
    } else if (!inNative) {
      spend(stack, labels, 1, periodNanos);
    }
  }

  @Override
  public void sampledAt(boolean inNative, long nanos) {
    nativeWaits.sampledAt(inNative, nanos);
  }

  @Override
  public void timed(long threadId, boolean virtual, int stack, int labels, long nanos) {
    timed++;
    if (names != null) {
      samples.add(virtual ? VIRTUAL : threadId, stack, labels, nanos);
    } else {
      spend(stack, labels, 1, nanos);
    }
  }

  private void spend(int stack, int labels, int count, long nanos) {
    aggregator.add(JvmProfile.PROCESS_CPU, stack, labels, count, nanos);
    aggregator.add(JvmProfile.WALL, stack, labels, count, nanos);
  }

  /** Clears all state; the next reading is the first. */
  void reset() {
    samples.clear();
    nativeWaits.clear();
    pools.clear();
    last = null;
    vmUnspent = 0;
    recentNanos = 0;
    representedNanos = 0;
  }

  boolean isEmpty() {
    return samples.size() == 0;
  }

  /** Returns the number of samples so far that represent a known CPU time. */
  long timedSamples() {
    return timed;
  }

  /**
   * Returns the part of the CPU time of Java threads that samples represent, in percent, over the
   * last ten seconds or so.
   */
  int coverage() {
    return recentNanos == 0 ? 100 : (int) Math.round(100 * representedNanos / recentNanos);
  }

  /** Clears the last stacks of threads, after numbers of stacks have changed. */
  void forgetStacks() {
    pools.clear();
    if (last != null) {
      last.forgetStacks();
    }
  }

  /**
   * Ends a segment.
   *
   * @param reading the clocks at its end, read when the marker of the end was written
   * @param spendAll whether a window ends, so that no CPU time is kept for a later sample
   * @return the CPU time of the thread that used most in the segment
   */
  long endSegment(Reading reading, boolean spendAll) {
    if (names == null || reading == Reading.nothing()) {
      samples.clear();
      return 0;
    }
    segment++;
    ClockedThreads now = new ClockedThreads(reading);
    long javaNanos = now.continueFrom(last);
    if (last != null) {
      long processNanos = reading.processNanos() - last.reading.processNanos();
      long endedNanos = spendSamples(now, Math.max(0, processNanos - javaNanos));
      spendEnded(now);
      if (spendAll) {
        spendUnsampled(now);
        pools.endWindow(segment);
      }
      vmUnspent += processNanos - javaNanos - endedNanos;
      if (vmUnspent > 0) {
        pseudo(vmUnspent, VM);
        vmUnspent = 0;
      }
    }
    last = now;
    samples.clear();
    return Arrays.stream(now.nanos).max().orElse(0);
  }

  /**
   * Divides each thread's CPU time among its samples.
   *
   * @param restNanos the CPU time of the process that no live Java thread used
   * @return the CPU time of threads that no longer have a clock
   */
  private long spendSamples(ClockedThreads now, long restNanos) {
    int threads = samples.threadCount();
    if (weights.length < samples.size()) {
      weights = new double[samples.size() * 2];
      kinds = new int[samples.size() * 2];
    }
    if (worth.length < ClockedThreads.KINDS * threads) {
      worth = new double[ClockedThreads.KINDS * threads * 2];
      threadWeights = new double[ClockedThreads.KINDS * threads * 2];
    }
    Arrays.fill(threadWeights, 0, ClockedThreads.KINDS * threads, 0);
    nativeWaits.weigh(samples, now::nanosOf, aggregator.stackPool(), weights, kinds);
    nativeWaits.shares(now::setAside);
    addCoverage(now);
    boolean[] carriers = carriers();
    int virtual = samples.threadIndex(VIRTUAL);
    for (int i = 0; i < samples.size(); i++) {
      threadWeights[payer(i, carriers, virtual)] += weights[i];
    }
    double livingNanos = 0;
    double livingWeight = 0;
    for (int t = 0; t < threads; t++) {
      long id = samples.threadKey(t);
      int row = id == VIRTUAL ? -1 : now.rows.indexOf(id);
      setWorth(t, row < 0 && id != VIRTUAL ? -1 : 0);
      double weight = weightOf(t);
      if (weight > 0 && !isEnded(t)) {
        double nanos =
            row >= 0 ? price(now, t, row) : priceByWeight(t, takeCarriers(now, carriers));
        livingNanos += nanos;
        livingWeight += weight;
      }
    }
    // Too few samples do not determine the price of one.
    double price = livingWeight < 5 * periodNanos ? 1 : livingNanos / livingWeight;
    long endedNanos = priceEnded(price, restNanos);
    for (int i = 0; i < samples.size(); i++) {
      int row = now.rows.indexOf(samples.threadKey(samples.thread(i)));
      long nanos = Math.round(worth[payer(i, carriers, virtual)] * weights[i]);
      if (row >= 0) {
        int labels = TraceTable.labelsOf(samples.labels(i));
        now.seen[kinds[i]].set(row, samples.stack(i), labels, segment);
        if (weights[i] > 0 && kinds[i] != ClockedThreads.WAITS_IN_NATIVE) {
          boolean inNative = kinds[i] == ClockedThreads.RUNS_IN_NATIVE;
          pools.add(
              new ThreadPools.PoolSample(
                  segment,
                  now.rows.key(row),
                  samples.stack(i),
                  samples.labels(i),
                  inNative,
                  weights[i]));
        }
      }
      if (nanos > 0) {
        spend(samples.stack(i), samples.labels(i), 1, nanos);
      }
    }
    return endedNanos;
  }

  private void addCoverage(ClockedThreads now) {
    double nanos = Arrays.stream(now.nanos).sum();
    double represented = 0;
    for (int i = 0; i < samples.size(); i++) {
      represented += kinds[i] == ClockedThreads.WAITS_IN_NATIVE ? 0 : weights[i];
    }
    recentNanos = recentNanos * NativeUsage.DECAY + nanos;
    representedNanos = representedNanos * NativeUsage.DECAY + Math.min(nanos, represented);
  }

  private void setWorth(int thread, double perWeight) {
    int first = ClockedThreads.KINDS * thread;
    Arrays.fill(worth, first, first + ClockedThreads.KINDS, perWeight);
  }

  /** Returns whether a sampled thread has no clock any more, until its samples have a price. */
  private boolean isEnded(int thread) {
    return worth[ClockedThreads.KINDS * thread] < 0;
  }

  private double weightOf(int thread) {
    int first = ClockedThreads.KINDS * thread;
    return threadWeights[first + ClockedThreads.RUNS_IN_JAVA]
        + threadWeights[first + ClockedThreads.RUNS_IN_NATIVE]
        + threadWeights[first + ClockedThreads.WAITS_IN_NATIVE];
  }

  /** Sets the CPU time per weight of a live thread; returns the CPU time that it spends. */
  private long price(ClockedThreads now, int thread, int row) {
    if (!nativeWaits.knows(samples.threadKey(thread))) {
      return priceByWeight(thread, now.take(row));
    }
    long spent = 0;
    for (int kind = 0; kind < ClockedThreads.KINDS; kind++) {
      int index = ClockedThreads.KINDS * thread + kind;
      if (threadWeights[index] > 0) {
        double most =
            kind == ClockedThreads.RUNS_IN_JAVA
                ? nativeWaits.mostPerSample(samples.threadKey(thread))
                : Double.MAX_VALUE;
        worth[index] = Math.min(now.unspent[kind][row] / threadWeights[index], most);
        long nanos =
            Math.min(now.unspent[kind][row], Math.round(worth[index] * threadWeights[index]));
        spent += nanos;
        now.unspent[kind][row] -= nanos;
      }
    }
    return spent;
  }

  /** Divides CPU time among the samples of a thread by their weights alone. */
  private long priceByWeight(int thread, long nanos) {
    setWorth(thread, nanos / weightOf(thread));
    return nanos;
  }

  /** Returns the index of the CPU time that a sample shares. */
  private int payer(int sample, boolean[] carriers, int virtual) {
    int thread = samples.thread(sample);
    int shared = carriers.length > 0 && carriers[thread] ? virtual : thread;
    return ClockedThreads.KINDS * shared + kinds[sample];
  }

  /**
   * Returns which sampled threads carry virtual threads; empty without samples of virtual threads.
   * The samples of carriers and of virtual threads share the CPU time of all carriers.
   */
  private boolean[] carriers() {
    if (samples.threadIndex(VIRTUAL) < 0) {
      return new boolean[0];
    }
    int threads = samples.threadCount();
    long[] ids = new long[threads];
    for (int t = 0; t < threads; t++) {
      ids[t] = Math.max(1, samples.threadKey(t)); // 1 is the main thread, no carrier
    }
    String[] threadNames = names(ids);
    boolean[] carriers = new boolean[threads];
    for (int t = 0; t < threads; t++) {
      carriers[t] = threadNames[t].startsWith(CARRIER);
    }
    return carriers;
  }

  /**
   * Divides CPU time among the samples of ended threads, whose clocks have ended. They get their
   * uncounted CPU time and, for the segment in which they ended, what a sample of a live thread
   * gets, within the CPU time of the process.
   *
   * @return their CPU time in this segment
   */
  private long priceEnded(double perWeight, long restNanos) {
    double weight = 0;
    for (int t = 0; t < samples.threadCount(); t++) {
      weight += isEnded(t) ? weightOf(t) : 0;
    }
    double price = Math.min(perWeight, restNanos / Math.max(1, weight));
    for (int t = 0; t < samples.threadCount(); t++) {
      if (isEnded(t)) {
        double ownWeight = weightOf(t);
        int before = last == null ? -1 : last.rows.indexOf(samples.threadKey(t));
        long left = last != null && before >= 0 && ownWeight > 0 ? last.take(before) : 0;
        setWorth(t, price + left / Math.max(1, ownWeight));
      }
    }
    return Math.round(price * weight);
  }

  /** Counts the remaining CPU time of threads that ended without a further sample. */
  private void spendEnded(ClockedThreads now) {
    ClockedThreads before = last;
    if (before == null) {
      return;
    }
    for (int row = 0; row < before.nanos.length; row++) {
      if (before.left(row) > 0
          && now.rows.indexOf(before.rows.key(row)) < 0
          && !addToLast(before, row)) {
        spendUnknown(before, row, "ended threads");
      }
    }
  }

  /** Counts the CPU time left at the last stacks of the thread, unless they are too old. */
  private boolean addToLast(ClockedThreads clocked, int row) {
    for (int kind = 0; kind < ClockedThreads.KINDS; kind++) {
      addToLast(clocked, row, kind, kind);
    }
    return clocked.left(row) == 0;
  }

  private void addToLast(ClockedThreads clocked, int row, int kind, int seenAs) {
    ClockedThreads.Stacks stacks = clocked.seen[seenAs];
    long left = clocked.unspent[kind][row];
    if (left > 0 && isRecent(stacks, row)) {
      spend(stacks.stack[row], stacks.labels[row], 0, left);
      clocked.unspent[kind][row] = 0;
    }
  }

  /** Collects the CPU time of the carriers of virtual threads. */
  private long takeCarriers(ClockedThreads now, boolean[] sampledCarriers) {
    long[] ids = idsWithUnspent(now);
    String[] threadNames = names(ids);
    long taken = 0;
    for (int i = 0; i < ids.length; i++) {
      int sampled = samples.threadIndex(ids[i]);
      boolean carrier =
          sampled >= 0 ? sampledCarriers[sampled] : threadNames[i].startsWith(CARRIER);
      if (carrier) {
        taken += now.take(now.rows.indexOf(ids[i]));
      }
    }
    return taken;
  }

  private void spendUnsampled(ClockedThreads now) {
    long[] ids = idsWithUnspent(now);
    String[] threadNames = names(ids);
    Map<String, ThreadPools.Unsampled> unsampled = new TreeMap<>();
    Map<Integer, String> missed = new TreeMap<>();
    for (int i = 0; i < ids.length; i++) {
      int row = now.rows.indexOf(ids[i]);
      String pool = ThreadPools.nameOf(threadNames[i]);
      addToLast(now, row, ClockedThreads.WAITS_IN_NATIVE, ClockedThreads.WAITS_IN_NATIVE);
      if (!showOwn && OwnThreads.isOwn(ids[i], threadNames[i])) {
        pseudo(now.take(row), PseudoFrames.PROFILER);
      } else if (now.left(row) > MISSED_PERIODS * periodNanos && !wasSeenAtWork(now, row)) {
        spendUnknown(now, row, pool);
      } else {
        long inNative = now.unspent[ClockedThreads.RUNS_IN_NATIVE][row];
        unsampled
            .computeIfAbsent(pool, name -> new ThreadPools.Unsampled())
            .add(now.left(row) - inNative, inNative);
        missed.put(row, pool);
      }
    }
    if (!missed.isEmpty()) {
      pools.divide(
          segment, unsampled, this::names, (stack, tags, nanos) -> spend(stack, tags, 0, nanos));
      missed.forEach(
          (row, pool) -> {
            if (unsampled.containsKey(pool)) {
              spendUnknown(now, row, pool);
            } else {
              now.take(row); // divided
            }
          });
    }
  }

  /**
   * Counts CPU time at the last stacks of the thread, or else as not sampled. Each kind counts at
   * its own stack, or at that of another kind if need be.
   */
  private void spendUnknown(ClockedThreads now, int row, String pool) {
    addToLast(now, row);
    for (int seenAs = 0; seenAs < ClockedThreads.KINDS; seenAs++) {
      for (int kind = 0; kind < ClockedThreads.KINDS; kind++) {
        addToLast(now, row, kind, seenAs);
      }
    }
    if (now.left(row) > 0) {
      pseudo(now.take(row), NOT_SAMPLED, "[" + pool + "]");
    }
  }

  /** Returns whether samples of the thread are among those of its pool. */
  private boolean wasSeenAtWork(ClockedThreads clocked, int row) {
    long last =
        Math.max(
            clocked.seen[ClockedThreads.RUNS_IN_JAVA].segment[row],
            clocked.seen[ClockedThreads.RUNS_IN_NATIVE].segment[row]);
    return last != 0 && segment - last < ThreadPools.MAX_AGE;
  }

  private boolean isRecent(ClockedThreads.Stacks stacks, int row) {
    return stacks.segment[row] != 0 && segment - stacks.segment[row] <= REMEMBER_SEGMENTS;
  }

  private String[] names(long[] ids) {
    return names == null || ids.length == 0 ? new String[0] : names.of(ids);
  }

  private static long[] idsWithUnspent(ClockedThreads now) {
    long[] ids = new long[now.nanos.length];
    int count = 0;
    for (int row = 0; row < ids.length; row++) {
      if (now.left(row) > 0) {
        ids[count++] = now.rows.key(row);
      }
    }
    return Arrays.copyOf(ids, count);
  }

  private void pseudo(long nanos, String... frames) {
    spend(aggregator.stackPool().stackOf(frames), 0, 0, nanos);
  }
}
