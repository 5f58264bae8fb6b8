package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.LongTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The samples of the last half minute, by thread pool. Threads of a pool have names that differ
 * only in numbers and do the same work, so the samples of some also represent those without one: a
 * server with many threads that run for short times has few samples of each. Guarded by the
 * aggregator's lock.
 */
final class ThreadPools {

  /** The fewest samples of a pool that represent its other threads. */
  private static final int MIN_SAMPLES = 3;

  /** The samples of a pool from which those of earlier windows are not needed. */
  private static final int ENOUGH_SAMPLES = 20;

  /** The age in segments from which a sample represents no other thread. */
  static final int MAX_AGE = 60;

  /** The most CPU time that a sample represents in addition to its own, in periods. */
  private static final long MAX_PERIODS = 10;

  /** The number of samples that are kept. */
  private static final int MAX = 8_192;

  /** The pool of unrelated threads: the names that the JDK gives. */
  private static final String UNNAMED = "Thread-N";

  private final long periodNanos;
  private final Deque<PoolSample> samples = new ArrayDeque<>();
  private long windowStart;

  /**
   * A sample of a platform thread.
   *
   * @param segment the number of the segment in which it was taken
   * @param inNative whether it was taken in native code
   * @param weight its weight among the samples of its pool of the same kind
   */
  record PoolSample(
      long segment, long thread, int stack, int labels, boolean inNative, double weight) {}

  /** CPU time of a pool's threads that is not divided yet. */
  static final class Unsampled {
    private long inJava;
    private long inNative;

    void add(long javaNanos, long nativeNanos) {
      inJava += javaNanos;
      inNative += nativeNanos;
    }

    private long nanos() {
      return inJava + inNative;
    }
  }

  /** Receives the parts of the CPU time of a pool. */
  @FunctionalInterface
  interface Spending {
    void spend(int stack, int labels, long nanos);
  }

  /** The names of live threads. */
  @FunctionalInterface
  interface Names {
    String[] of(long[] threadIds);
  }

  ThreadPools(long periodNanos) {
    this.periodNanos = periodNanos;
  }

  /** Returns the name of a thread's pool, as shown in profiles. */
  static String nameOf(String thread) {
    return thread.isEmpty() ? "thread" : FrameNames.poolName(thread);
  }

  /** Returns the name of a thread's pool, which is its own if its name says nothing. */
  static String nameOf(long threadId, String thread) {
    String name = nameOf(thread);
    return thread.isEmpty() || name.equals(UNNAMED) ? name + " " + threadId : name;
  }

  void add(PoolSample sample) {
    if (samples.size() == MAX) {
      samples.removeFirst();
    }
    samples.addLast(sample);
  }

  /** Ends a window with a segment; forgets samples that are too old. */
  void endWindow(long segment) {
    windowStart = segment + 1;
    while (!samples.isEmpty() && samples.getFirst().segment() <= segment - MAX_AGE) {
      samples.removeFirst();
    }
  }

  void clear() {
    samples.clear();
  }

  /**
   * Divides CPU time of pools among their samples of this window, and earlier ones if these are
   * few.
   *
   * @param unsampled the CPU time of threads without a sample, by pool; the pools that are divided
   *     are removed
   */
  void divide(Map<String, Unsampled> unsampled, Names names, Spending spending) {
    Map<Long, String> poolNames = poolNames(names);
    Map<String, Pool> pools = new HashMap<>();
    unsampled.forEach((name, nanos) -> pools.put(name, new Pool(nanos)));
    for (Iterator<PoolSample> newestFirst = samples.descendingIterator(); newestFirst.hasNext(); ) {
      PoolSample sample = newestFirst.next();
      String name = poolNames.getOrDefault(sample.thread(), UNNAMED);
      Pool pool = name.equals(UNNAMED) ? null : pools.get(name);
      if (pool != null
          && (sample.segment() >= windowStart || pool.samples.size() < ENOUGH_SAMPLES)) {
        pool.add(sample);
      }
    }
    pools.forEach(
        (name, pool) -> {
          int count = pool.samples.size();
          if (count >= MIN_SAMPLES && pool.all.nanos() <= count * MAX_PERIODS * periodNanos) {
            pool.divide(spending);
            unsampled.remove(name);
          }
        });
  }

  /** Returns the pools of all sampled threads that live. */
  private Map<Long, String> poolNames(Names names) {
    LongTable threads = new LongTable(64);
    samples.forEach(sample -> threads.add(sample.thread()));
    long[] ids = new long[threads.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = threads.key(i);
    }
    String[] found = names.of(ids);
    Map<Long, String> poolNames = new HashMap<>();
    for (int i = 0; i < ids.length; i++) {
      if (!found[i].isEmpty()) {
        poolNames.put(ids[i], nameOf(found[i]));
      }
    }
    return poolNames;
  }

  /** The samples of a pool, with the sum of weights by kind: first in Java, then in native code. */
  private static final class Pool {
    private final Unsampled all;
    private final List<PoolSample> samples = new ArrayList<>();
    private final double[] weight = new double[2];

    private Pool(Unsampled all) {
      this.all = all;
    }

    void add(PoolSample sample) {
      int kind = kind(sample);
      samples.add(sample);
      weight[kind] += sample.weight();
    }

    private static int kind(PoolSample sample) {
      return sample.inNative() ? 1 : 0;
    }

    void divide(Spending spending) {
      long[] left = {all.inJava, all.inNative};
      for (int kind = 0; kind < 2; kind++) {
        if (weight[kind] == 0) {
          left[1 - kind] += left[kind];
          left[kind] = 0;
        }
      }
      for (PoolSample sample : samples) {
        int kind = kind(sample);
        // The last one of its kind gets the rest.
        long part = Math.min(left[kind], Math.round(left[kind] / weight[kind] * sample.weight()));
        left[kind] -= part;
        weight[kind] -= sample.weight();
        spending.spend(sample.stack(), sample.labels(), part);
      }
    }
  }
}
