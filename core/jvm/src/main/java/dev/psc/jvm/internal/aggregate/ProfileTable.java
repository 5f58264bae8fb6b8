package dev.psc.jvm.internal.aggregate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;

/**
 * A bounded table of two sums per (stack, labels), for one profile. When it is full, further
 * samples are added to the stack {@code [other]}. Not thread-safe.
 */
public final class ProfileTable {

  /** The maximum number of distinct (stack, labels). */
  static final int MAX_ROWS = 16_384;

  private final LongTable rows;
  private long[] values;
  private final int maxRows;
  private long folded;

  public ProfileTable() {
    this(new LongTable(64), new long[128], MAX_ROWS);
  }

  public ProfileTable(int maxRows) {
    this(new LongTable(64), new long[128], maxRows);
  }

  private ProfileTable(LongTable rows, long[] values, int maxRows) {
    this.rows = rows;
    this.values = values;
    this.maxRows = maxRows;
  }

  public void add(int stack, int labels, long first, long second) {
    long key = ((long) stack << 32) | labels;
    int row;
    if (rows.size() < maxRows) {
      row = rows.add(key);
    } else {
      row = rows.indexOf(key);
      if (row < 0) {
        folded++;
        row = rows.add((long) StackPool.OTHER_STACK << 32);
      }
    }
    if (row * 2 >= values.length) {
      values = Arrays.copyOf(values, values.length * 2);
    }
    values[row * 2] = sum(values[row * 2], first);
    values[row * 2 + 1] = sum(values[row * 2 + 1], second);
  }

  /** Returns a sum of which damaged or huge values do not make a negative one. */
  private static long sum(long before, long added) {
    long sum = before + Math.max(0, added);
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  public int size() {
    return rows.size();
  }

  /** Returns the number of samples that went to {@code [other]} because the table was full. */
  long folded() {
    return folded;
  }

  public int stack(int row) {
    return (int) (rows.key(row) >>> 32);
  }

  /** Returns the tags of a row: see {@link TraceTable}. */
  int labels(int row) {
    return (int) rows.key(row);
  }

  public long first(int row) {
    return values[row * 2];
  }

  public long second(int row) {
    return values[row * 2 + 1];
  }

  ProfileTable copy() {
    ProfileTable copy = new ProfileTable(rows.copy(), values.clone(), maxRows);
    copy.folded = folded;
    return copy;
  }

  /** Adds all rows of another table with the same numbering of stacks and labels. */
  public void addAll(ProfileTable other) {
    for (int row = 0; row < other.rows.size(); row++) {
      add(other.stack(row), other.labels(row), other.first(row), other.second(row));
    }
  }

  /** Returns a copy whose second values are the first ones times a period. */
  public ProfileTable timesPeriod(long period) {
    ProfileTable copy = copy();
    for (int row = 0; row < rows.size(); row++) {
      long count = copy.values[row * 2];
      copy.values[row * 2 + 1] = count > Long.MAX_VALUE / period ? Long.MAX_VALUE : count * period;
    }
    return copy;
  }

  /**
   * Returns a copy whose first values are the second ones in units of a period. Rounding is carried
   * from row to row, so that their sum is right as well.
   */
  public ProfileTable inPeriods(long period) {
    ProfileTable copy = copy();
    long left = 0;
    for (int row = 0; row < rows.size(); row++) {
      long nanos = copy.values[row * 2 + 1] + left;
      long periods = Math.max(0, (nanos + period / 2) / period);
      left = nanos - periods * period;
      copy.values[row * 2] = periods;
    }
    return copy;
  }

  void markStacks(BitSet used) {
    for (int row = 0; row < rows.size(); row++) {
      used.set(stack(row));
    }
  }

  /**
   * Returns whether a row with a span fits. Spans fill at most half of the table, so that samples
   * keep their stacks.
   */
  boolean hasRoomForSpan(int stack, int tags) {
    return rows.size() < maxRows / 2 || rows.indexOf(((long) stack << 32) | tags) >= 0;
  }

  /** Replaces the tags of all rows. */
  ProfileTable retagged(IntUnaryOperator replacement) {
    ProfileTable table = new ProfileTable(maxRows);
    for (int row = 0; row < rows.size(); row++) {
      table.add(stack(row), replacement.applyAsInt(labels(row)), first(row), second(row));
    }
    table.folded = folded;
    return table;
  }

  /** Replaces the numbers of all stacks. */
  ProfileTable renumbered(int[] stacks) {
    ProfileTable table = new ProfileTable(maxRows);
    for (int row = 0; row < rows.size(); row++) {
      table.add(stacks[stack(row)], labels(row), first(row), second(row));
    }
    table.folded = folded;
    return table;
  }
}
