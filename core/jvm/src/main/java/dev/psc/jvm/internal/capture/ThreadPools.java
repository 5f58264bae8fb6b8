package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.TraceTable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
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

  /** The number of samples that are kept of a thread: the last ones. */
  private static final int MAX_OF_THREAD = 64;

  /** The number of samples that are kept of all threads. */
  private static final int MAX = 32_768;

  /** The pool of unrelated threads: the names that the JDK gives. */
  private static final String UNNAMED = "Thread-N";

  private final long periodNanos;
  private final Map<Long, Deque<PoolSample>> samples = new HashMap<>();
  private int size;
  private long windowStart;

  /**
   * A sample of a platform thread.
   *
   * @param segment the number of the segment in which it was taken
   * @param tags its labels and its span; the span is valid in its window only
   * @param inNative whether it was taken in native code
   * @param weight its weight among the samples of its pool of the same kind
   */
  record PoolSample(
      long segment, long thread, int stack, int tags, boolean inNative, double weight) {}

  /** CPU time of a pool's threads that is not divided yet. */
  static final class Unsampled {
    private long inJava;
    private long inNative;

    void add(long javaNanos, long nativeNanos) {
      inJava += javaNanos;
      inNative += nativeNanos;
    }
  }

  /** Receives the parts of the CPU time of a pool. */
  @FunctionalInterface
  interface Spending {
    void spend(int stack, int tags, long nanos);
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
    Deque<PoolSample> ofThread =
        samples.computeIfAbsent(sample.thread(), thread -> new ArrayDeque<>());
    if (ofThread.size() == MAX_OF_THREAD) {
      ofThread.removeFirst();
      size--;
    }
    if (size < MAX) {
      ofThread.addLast(sample);
      size++;
    }
  }

  /** Starts a window with the segment after this one. */
  void endWindow(long segment) {
    windowStart = segment + 1;
  }

  void clear() {
    samples.clear();
    size = 0;
  }

  /** Forgets the samples that are too old in a segment. */
  private void expire(long segment) {
    size = 0;
    for (Iterator<Deque<PoolSample>> threads = samples.values().iterator(); threads.hasNext(); ) {
      Deque<PoolSample> ofThread = threads.next();
      while (!ofThread.isEmpty() && ofThread.getFirst().segment() <= segment - MAX_AGE) {
        ofThread.removeFirst();
      }
      size += ofThread.size();
      if (ofThread.isEmpty()) {
        threads.remove();
      }
    }
  }

  /**
   * Divides CPU time of pools among their samples of this window, and earlier ones if these are
   * few.
   *
   * @param segment the last segment of the window
   * @param unsampled the CPU time to divide, by pool; the pools that are divided are removed
   */
  void divide(long segment, Map<String, Unsampled> unsampled, Names names, Spending spending) {
    expire(segment);
    Map<String, List<PoolSample>> ofPools = new HashMap<>();
    long[] ids = samples.keySet().stream().mapToLong(id -> id).toArray();
    String[] found = names.of(ids);
    for (int i = 0; i < ids.length; i++) {
      Deque<PoolSample> ofThread = samples.get(ids[i]);
      String pool = nameOf(found[i]);
      // The names of ended threads are not known.
      if (ofThread != null && !found[i].isEmpty() && !pool.equals(UNNAMED)) {
        ofPools.computeIfAbsent(pool, name -> new ArrayList<>()).addAll(ofThread);
      }
    }
    unsampled
        .entrySet()
        .removeIf(
            entry ->
                new Pool(entry.getValue(), ofPools.getOrDefault(entry.getKey(), List.of()))
                    .divide(spending));
  }

  /** The samples of a pool, with the sum of weights by kind: first in Java, then in native code. */
  private final class Pool {
    private final Unsampled all;
    private final List<PoolSample> chosen = new ArrayList<>();
    private final double[] weight = new double[2];

    private Pool(Unsampled all, List<PoolSample> known) {
      this.all = all;
      List<PoolSample> newestFirst = new ArrayList<>(known);
      newestFirst.sort(Comparator.comparingLong(PoolSample::segment).reversed());
      for (PoolSample sample : newestFirst) {
        if (sample.segment() >= windowStart || chosen.size() < ENOUGH_SAMPLES) {
          chosen.add(sample);
          weight[kind(sample)] += sample.weight();
        }
      }
    }

    private static int kind(PoolSample sample) {
      return sample.inNative() ? 1 : 0;
    }

    /** Returns false if there are too few samples for so much CPU time. */
    private boolean divide(Spending spending) {
      if (chosen.size() < MIN_SAMPLES
          || all.inJava + all.inNative > chosen.size() * MAX_PERIODS * periodNanos) {
        return false;
      }
      long[] left = {all.inJava, all.inNative};
      for (int kind = 0; kind < 2; kind++) {
        if (weight[kind] == 0) {
          left[1 - kind] += left[kind];
          left[kind] = 0;
        }
      }
      for (PoolSample sample : chosen) {
        int kind = kind(sample);
        // The last one of its kind gets the rest.
        long part = Math.min(left[kind], Math.round(left[kind] / weight[kind] * sample.weight()));
        left[kind] -= part;
        weight[kind] -= sample.weight();
        if (part > 0) {
          boolean inWindow = sample.segment() >= windowStart;
          int tags = inWindow ? sample.tags() : TraceTable.labelsOf(sample.tags());
          spending.spend(sample.stack(), tags, part);
        }
      }
      return true;
    }
  }
}
