package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.LongTable;
import java.util.Arrays;

/** The CPU samples of a segment, in columns. Guarded by the aggregator's lock. */
final class CpuSamples {

  /** The worth of a sample in Java code, whose CPU time is unknown. */
  static final long IN_JAVA = -1;

  /** The worth of a sample in native code, whose CPU time is unknown. */
  static final long IN_NATIVE = -2;

  /** Further samples are dropped; the others share the CPU time of their threads. */
  private static final int MAX = 65_536;

  private final LongTable threads = new LongTable(64);
  private int[] thread = new int[256];
  private int[] stack = new int[256];
  private int[] labels = new int[256];
  private long[] nanos = new long[256];
  private int size;

  /**
   * Adds a sample.
   *
   * @param key the thread
   * @param worth its CPU time, {@link #IN_JAVA} or {@link #IN_NATIVE}
   */
  void add(long key, int stackId, int labelId, long worth) {
    if (size == MAX) {
      return;
    }
    if (size == thread.length) {
      int length = size * 2;
      thread = Arrays.copyOf(thread, length);
      stack = Arrays.copyOf(stack, length);
      labels = Arrays.copyOf(labels, length);
      nanos = Arrays.copyOf(nanos, length);
    }
    thread[size] = threads.add(key);
    stack[size] = stackId;
    labels[size] = labelId;
    nanos[size++] = worth;
  }

  int size() {
    return size;
  }

  int threadCount() {
    return threads.size();
  }

  /** Returns the key of a thread by its index. */
  long threadKey(int index) {
    return threads.key(index);
  }

  /** Returns the index of a thread, or -1 if it has no sample. */
  int threadIndex(long key) {
    return threads.indexOf(key);
  }

  /** Returns the index of a sample's thread. */
  int thread(int sample) {
    return thread[sample];
  }

  int stack(int sample) {
    return stack[sample];
  }

  int labels(int sample) {
    return labels[sample];
  }

  long worth(int sample) {
    return nanos[sample];
  }

  void clear() {
    size = 0;
    threads.clear();
  }
}
