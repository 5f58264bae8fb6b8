package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;

/** The last column of a snapshot, summed by leaf function and by any function on the stack. */
public final class Totals {

  private Totals() {}

  /** Returns the sum of the second value (the first where there is one only) by leaf. */
  public static Map<String, Long> of(Snapshot snapshot) {
    Map<String, Long> sums = new TreeMap<>();
    for (int row = 0; row < snapshot.table().size(); row++) {
      sums.merge(name(snapshot, row, 0), value(snapshot, row), Long::sum);
    }
    return sums;
  }

  /** Returns the sum of all stacks with a function of this name on it. */
  static long with(Snapshot snapshot, String function) {
    return with(snapshot, function, row -> value(snapshot, row));
  }

  /** Returns the sum of the first value of all stacks with a function of this name on it. */
  static long firstWith(Snapshot snapshot, String function) {
    return with(snapshot, function, snapshot.table()::first);
  }

  private static long with(Snapshot snapshot, String function, IntToLongFunction value) {
    long sum = 0;
    for (int row = 0; row < snapshot.table().size(); row++) {
      int depth = snapshot.stackPool().depth(snapshot.table().stack(row));
      for (int i = 0; i < depth; i++) {
        if (name(snapshot, row, i).equals(function)) {
          sum += value.applyAsLong(row);
          break;
        }
      }
    }
    return sum;
  }

  static long all(Snapshot snapshot) {
    return of(snapshot).values().stream().mapToLong(Long::longValue).sum();
  }

  private static long value(Snapshot snapshot, int row) {
    return snapshot.profile().sampleTypes().size() > 1
        ? snapshot.table().second(row)
        : snapshot.table().first(row);
  }

  private static String name(Snapshot snapshot, int row, int frame) {
    StackPool stackPool = snapshot.stackPool();
    return stackPool.name(
        stackPool.functionOf(stackPool.frame(snapshot.table().stack(row), frame)));
  }
}
