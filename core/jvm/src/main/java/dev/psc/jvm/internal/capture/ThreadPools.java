package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.LongTable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The samples of this window and the one before, by thread pool. Threads of a pool have names that
 * differ only in numbers and do the same work, so the samples of some also represent those without
 * one: a server with many threads that run for short times has few samples of each. Guarded by the
 * aggregator's lock.
 */
final class ThreadPools {

  /** The fewest samples of a pool that represent its other threads. */
  private static final int MIN_SAMPLES = 3;

  /** The most CPU time that a sample represents in addition to its own, in periods. */
  private static final long MAX_PERIODS = 10;

  /** The number of samples of a window from which only a part of them is kept. */
  private static final int MAX = 4_096;

  /** The pool of unrelated threads: the names that the JDK gives. */
  private static final String UNNAMED = "Thread-N";

  private final long periodNanos;
  private final SplittableRandom random = new SplittableRandom();
  private long[] thread = new long[256];
  private int[] stack = new int[256];
  private int[] labels = new int[256];
  private double[] weight = new double[256];
  private int size;

  /** The number of samples of the window before. */
  private int before;

  /** The number of samples in this window, with those that were not kept. */
  private long offered;

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

  /** Returns the name of a thread's pool. */
  static String nameOf(String thread) {
    return thread.isEmpty() ? "thread" : FrameNames.poolName(thread);
  }

  /**
   * Adds a sample of a platform thread.
   *
   * @param sampleWeight its weight among the samples of its pool
   */
  void add(long threadId, int stackId, int labelId, double sampleWeight) {
    offered++;
    if (size - before < MAX) {
      if (size == thread.length) {
        int length = size * 2;
        thread = Arrays.copyOf(thread, length);
        stack = Arrays.copyOf(stack, length);
        labels = Arrays.copyOf(labels, length);
        weight = Arrays.copyOf(weight, length);
      }
      set(size++, threadId, stackId, labelId, sampleWeight);
      return;
    }
    // Each sample of the window is kept with the same probability.
    long at = before + random.nextLong(offered);
    if (at < size) {
      set((int) at, threadId, stackId, labelId, sampleWeight);
    }
  }

  private void set(int index, long threadId, int stackId, int labelId, double sampleWeight) {
    thread[index] = threadId;
    stack[index] = stackId;
    labels[index] = labelId;
    weight[index] = sampleWeight;
  }

  /** Forgets the samples of the window before the one that ends now. */
  void endWindow() {
    for (int i = before; i < size; i++) {
      set(i - before, thread[i], stack[i], labels[i], weight[i]);
    }
    size -= before;
    before = size;
    offered = 0;
  }

  void clear() {
    size = 0;
    before = 0;
    offered = 0;
  }

  /**
   * Divides CPU time of pools among their samples.
   *
   * @param unsampled the CPU time of threads without a sample, by pool; the pools that are divided
   *     are removed
   */
  void divide(Map<String, Long> unsampled, Names names, Spending spending) {
    LongTable threads = new LongTable(64);
    for (int i = 0; i < size; i++) {
      threads.add(thread[i]);
    }
    long[] ids = new long[threads.size()];
    for (int t = 0; t < ids.length; t++) {
      ids[t] = threads.key(t);
    }
    String[] threadNames = names.of(ids);
    Map<String, Pool> pools = new HashMap<>();
    Pool[] ofThreads = new Pool[ids.length];
    for (int t = 0; t < ids.length; t++) {
      // The names of ended threads are not known.
      ofThreads[t] =
          threadNames[t].isEmpty()
              ? new Pool()
              : pools.computeIfAbsent(nameOf(threadNames[t]), name -> new Pool());
    }
    Pool[] ofSamples = new Pool[size];
    for (int i = 0; i < size; i++) {
      ofSamples[i] = ofThreads[threads.indexOf(thread[i])];
      ofSamples[i].count++;
      ofSamples[i].weight += weight[i];
    }
    unsampled
        .entrySet()
        .removeIf(
            entry -> {
              Pool pool = pools.get(entry.getKey());
              if (pool == null
                  || entry.getKey().equals(UNNAMED)
                  || pool.count < MIN_SAMPLES
                  || entry.getValue() > pool.count * MAX_PERIODS * periodNanos) {
                return false;
              }
              pool.left = entry.getValue();
              return true;
            });
    for (int i = 0; i < size; i++) {
      Pool pool = ofSamples[i];
      if (pool.left > 0) {
        long part = Math.min(pool.left, Math.round(pool.left / pool.weight * weight[i]));
        pool.left -= part;
        pool.weight -= weight[i];
        spending.spend(stack[i], labels[i], part);
      }
    }
  }

  /** The samples of a pool, and the CPU time to divide among those that follow. */
  private static final class Pool {
    private int count;
    private double weight;
    private long left;
  }
}
