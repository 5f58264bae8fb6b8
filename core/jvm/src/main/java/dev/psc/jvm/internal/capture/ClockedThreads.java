package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A reading of the clocks and the uncounted CPU time, by thread. Guarded by the aggregator's lock.
 */
final class ClockedThreads {

  /** The kinds of samples, by what is estimated of the thread. */
  static final int RUNS_IN_JAVA = 0;

  static final int RUNS_IN_NATIVE = 1;
  static final int WAITS_IN_NATIVE = 2;
  static final int KINDS = 3;

  final Reading reading;
  final LongTable rows;
  final long[] nanos;

  /** By kind of sample and thread. */
  final long[][] unspent;

  /** By kind of sample. */
  final Stacks[] seen;

  ClockedThreads(Reading reading) {
    int count = reading.threadIds().length;
    this.reading = reading;
    this.rows = new LongTable(count);
    this.nanos = new long[count];
    this.unspent = new long[KINDS][count];
    this.seen = new Stacks[] {new Stacks(count), new Stacks(count), new Stacks(count)};
    for (long id : reading.threadIds()) {
      rows.add(id);
    }
  }

  /** Replaces the previous reading; returns the CPU time of all threads since then. */
  long continueFrom(@Nullable ClockedThreads before) {
    long sum = 0;
    for (int row = 0; row < nanos.length; row++) {
      nanos[row] = Math.max(0, reading.threadNanos()[row]);
      int old = before == null ? -1 : before.rows.indexOf(rows.key(row));
      if (before != null && old >= 0) {
        nanos[row] = Math.max(0, nanos[row] - Math.max(0, before.reading.threadNanos()[old]));
        for (int kind = 0; kind < KINDS; kind++) {
          unspent[kind][row] = before.unspent[kind][old];
          seen[kind].copy(row, before.seen[kind], old);
        }
      }
      sum += nanos[row];
      unspent[RUNS_IN_JAVA][row] = before == null ? 0 : unspent[RUNS_IN_JAVA][row] + nanos[row];
    }
    return sum;
  }

  /** Returns the CPU time of a thread in this segment, or -1 without a clock. */
  long nanosOf(long id) {
    int row = rows.indexOf(id);
    return row < 0 ? -1 : nanos[row];
  }

  /** Sets shares of a thread's CPU time in this segment aside for samples in native code. */
  void setAside(long id, double running, double waiting) {
    int row = rows.indexOf(id);
    if (row >= 0) {
      move(row, RUNS_IN_NATIVE, running);
      move(row, WAITS_IN_NATIVE, waiting);
    }
  }

  private void move(int row, int kind, double share) {
    long moved = Math.min(unspent[RUNS_IN_JAVA][row], Math.round(nanos[row] * share));
    unspent[RUNS_IN_JAVA][row] -= moved;
    unspent[kind][row] += moved;
  }

  long left(int row) {
    return unspent[RUNS_IN_JAVA][row]
        + unspent[RUNS_IN_NATIVE][row]
        + unspent[WAITS_IN_NATIVE][row];
  }

  long take(int row) {
    long left = left(row);
    for (long[] ofKind : unspent) {
      ofKind[row] = 0;
    }
    return left;
  }

  void forgetStacks() {
    for (Stacks stacks : seen) {
      stacks.forget();
    }
  }

  /** The last stack of each thread. */
  static final class Stacks {

    final int[] stack;
    final int[] labels;
    final long[] segment;

    private Stacks(int count) {
      stack = new int[count];
      labels = new int[count];
      segment = new long[count];
    }

    void set(int row, int stackId, int labelId, long atSegment) {
      stack[row] = stackId;
      labels[row] = labelId;
      segment[row] = atSegment;
    }

    void copy(int row, Stacks from, int old) {
      set(row, from.stack[old], from.labels[old], from.segment[old]);
    }

    void forget() {
      Arrays.fill(segment, 0);
    }
  }
}
