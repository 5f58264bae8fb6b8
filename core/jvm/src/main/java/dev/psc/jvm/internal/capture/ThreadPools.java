package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.FrameNames;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The last stacks of the threads of each pool. Threads of a pool have names that differ only in
 * numbers and do the same work, so the stacks of those with a sample also represent those without
 * one: a server with many threads has a sample of each one only every few seconds. Guarded by the
 * aggregator's lock.
 */
final class ThreadPools {

  /** The fewest threads with a sample that represent others. */
  private static final int MIN_SAMPLED = 3;

  /** The most threads without a sample that one with a sample represents. */
  private static final int MAX_REPRESENTED = 2;

  /** The pool of unrelated threads: the names that the JDK gives. */
  private static final String UNNAMED = "Thread-N";

  private final ClockedThreads clocked;
  private final Map<String, List<Integer>> sampled = new HashMap<>();

  /** Receives an equal part of the CPU time of a pool for each of its stacks. */
  @FunctionalInterface
  interface Spending {
    void spend(int stack, int labels, long nanos);
  }

  /**
   * @param clocked the threads
   * @param rows the rows of those with a recent stack
   * @param names their names
   */
  ThreadPools(ClockedThreads clocked, List<Integer> rows, String[] names) {
    this.clocked = clocked;
    for (int i = 0; i < names.length; i++) {
      sampled.computeIfAbsent(nameOf(names[i]), name -> new ArrayList<>()).add(rows.get(i));
    }
  }

  /** Returns the name of a thread's pool. */
  static String nameOf(String thread) {
    return thread.isEmpty() ? "thread" : FrameNames.poolName(thread);
  }

  /**
   * Divides CPU time among the stacks of a pool.
   *
   * @param threads the number of threads without a sample that used it
   * @return false if too few threads of the pool have a stack
   */
  boolean divide(String pool, int threads, long nanos, Spending spending) {
    List<Integer> rows = sampled.getOrDefault(pool, List.of());
    if (rows.size() < MIN_SAMPLED
        || threads > MAX_REPRESENTED * rows.size()
        || pool.equals(UNNAMED)) {
      return false;
    }
    long left = nanos;
    for (int i = 0; i < rows.size(); i++) {
      long part = left / (rows.size() - i);
      int row = rows.get(i);
      boolean inJava = clocked.ran.segment[row] >= clocked.ranNative.segment[row];
      ClockedThreads.Stacks stacks = inJava ? clocked.ran : clocked.ranNative;
      spending.spend(stacks.stack[row], stacks.labels[row], part);
      left -= part;
    }
    return true;
  }
}
