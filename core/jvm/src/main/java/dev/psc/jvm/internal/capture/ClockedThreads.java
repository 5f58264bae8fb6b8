package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A reading of the clocks and the uncounted CPU time, by thread. Guarded by the aggregator's lock.
 */
final class ClockedThreads {

  final Reading reading;
  final LongTable rows;
  final long[] nanos;
  final long[] unspent;

  /** The part for samples in native code, where these have a separate part. */
  final long[] unspentNative;

  final Stacks ran;
  final Stacks ranNative;
  final Stacks waited;

  ClockedThreads(Reading reading) {
    int count = reading.threadIds().length;
    this.reading = reading;
    this.rows = new LongTable(count);
    this.nanos = new long[count];
    this.unspent = new long[count];
    this.unspentNative = new long[count];
    this.ran = new Stacks(count);
    this.ranNative = new Stacks(count);
    this.waited = new Stacks(count);
    for (long id : reading.threadIds()) {
      rows.add(id);
    }
  }

  /** Replaces the previous reading; returns the CPU time of all threads since then. */
  long continueFrom(@Nullable ClockedThreads before) {
    long sum = 0;
    for (int row = 0; row < unspent.length; row++) {
      nanos[row] = Math.max(0, reading.threadNanos()[row]);
      int old = before == null ? -1 : before.rows.indexOf(rows.key(row));
      if (before != null && old >= 0) {
        nanos[row] = Math.max(0, nanos[row] - Math.max(0, before.reading.threadNanos()[old]));
        unspent[row] = before.unspent[old];
        unspentNative[row] = before.unspentNative[old];
        ran.copy(row, before.ran, old);
        ranNative.copy(row, before.ranNative, old);
        waited.copy(row, before.waited, old);
      }
      sum += nanos[row];
      unspent[row] = before == null ? 0 : unspent[row] + nanos[row];
    }
    return sum;
  }

  /** Returns the CPU time of a thread in this segment, or -1 without a clock. */
  long nanosOf(long id) {
    int row = rows.indexOf(id);
    return row < 0 ? -1 : nanos[row];
  }

  /** Sets a share of a thread's CPU time in this segment aside for samples in native code. */
  void setAside(long id, double share) {
    int row = rows.indexOf(id);
    if (row < 0) {
      return;
    }
    long nanosInNative = Math.min(unspent[row], Math.round(nanos[row] * share));
    unspent[row] -= nanosInNative;
    unspentNative[row] += nanosInNative;
  }

  long left(int row) {
    return unspent[row] + unspentNative[row];
  }

  long take(int row) {
    long nanos = left(row);
    unspent[row] = 0;
    unspentNative[row] = 0;
    return nanos;
  }

  void forgetStacks() {
    ran.forget();
    ranNative.forget();
    waited.forget();
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
