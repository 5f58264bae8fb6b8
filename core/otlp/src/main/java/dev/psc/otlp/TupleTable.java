package dev.psc.otlp;

import java.util.Arrays;

/**
 * A table of tuples of numbers, each of which it has once, by position. Position 0 is the value
 * that the protocol requires: a tuple of zeros, or an empty one. Not thread-safe.
 */
final class TupleTable {

  private long[] values = new long[256];
  private int[] ends = new int[64];
  private int[] hashes = new int[64];
  private int[] slots = new int[256];
  private int size;

  TupleTable(long... zero) {
    add(zero, zero.length);
  }

  int size() {
    return size;
  }

  int start(int tuple) {
    return tuple == 0 ? 0 : ends[tuple - 1];
  }

  int length(int tuple) {
    return ends[tuple] - start(tuple);
  }

  /** Returns one number of a tuple. */
  long value(int tuple, int i) {
    return values[start(tuple) + i];
  }

  /** Returns the numbers of all tuples; those of one begin at its {@link #start}. */
  long[] values() {
    return values;
  }

  int add(LongList tuple) {
    return add(tuple.array(), tuple.size());
  }

  /** Returns the position of a tuple, which is added if it is new. */
  int add(long[] tuple, int count) {
    int hash = hash(tuple, count);
    int mask = slots.length - 1;
    int at = hash & mask;
    while (slots[at] != 0) {
      int known = slots[at] - 1;
      if (hashes[known] == hash && isEqual(known, tuple, count)) {
        return known;
      }
      at = (at + 1) & mask;
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
      hashes = Arrays.copyOf(hashes, size * 2);
    }
    int start = start(size);
    if (values.length - start < count) {
      values = Arrays.copyOf(values, Math.max(values.length * 2, Math.addExact(start, count)));
    }
    System.arraycopy(tuple, 0, values, start, count);
    ends[size] = start + count;
    hashes[size] = hash;
    slots[at] = ++size;
    if (size * 2 > slots.length) {
      grow();
    }
    return size - 1;
  }

  private boolean isEqual(int known, long[] tuple, int count) {
    int start = start(known);
    return Arrays.equals(values, start, ends[known], tuple, 0, count);
  }

  private void grow() {
    slots = new int[slots.length * 2];
    int mask = slots.length - 1;
    for (int i = 0; i < size; i++) {
      int at = hashes[i] & mask;
      while (slots[at] != 0) {
        at = (at + 1) & mask;
      }
      slots[at] = i + 1;
    }
  }

  private static int hash(long[] tuple, int count) {
    long hash = count;
    for (int i = 0; i < count; i++) {
      hash = (hash ^ tuple[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return (int) (hash ^ (hash >>> 32));
  }
}
