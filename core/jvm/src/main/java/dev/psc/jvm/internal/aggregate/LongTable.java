package dev.psc.jvm.internal.aggregate;

import java.util.Arrays;

/**
 * An open-addressing table from long keys to dense indexes in insertion order. Looking up an
 * existing key does not allocate. Not thread-safe.
 */
public final class LongTable {

  private volatile long[] keys;
  private int[] slots;
  private int size;

  public LongTable(int expected) {
    int capacity = Math.max(16, Integer.highestOneBit(Math.max(1, expected)) * 4);
    this.slots = new int[capacity];
    this.keys = new long[capacity / 2];
  }

  /** Returns the index of a key, or -1. */
  public int indexOf(long key) {
    return slots[slot(key)] - 1;
  }

  /** Returns the slot of a key, or the free slot for it. */
  private int slot(long key) {
    int mask = slots.length - 1;
    int at = spread(key) & mask;
    while (slots[at] != 0 && keys[slots[at] - 1] != key) {
      at = (at + 1) & mask;
    }
    return at;
  }

  /** Returns the index of a key, which is {@link #size()} minus one when it is new. */
  public int add(long key) {
    int at = slot(key);
    if (slots[at] != 0) {
      return slots[at] - 1;
    }
    if (size == keys.length) {
      grow();
      return add(key);
    }
    keys[size] = key;
    slots[at] = ++size;
    return size - 1;
  }

  public long key(int index) {
    return keys[index];
  }

  public int size() {
    return size;
  }

  public void clear() {
    Arrays.fill(slots, 0);
    size = 0;
  }

  /** Returns a copy that later additions to this table do not change. */
  LongTable copy() {
    LongTable copy = new LongTable(0);
    copy.keys = keys.clone();
    copy.slots = slots.clone();
    copy.size = size;
    return copy;
  }

  private void grow() {
    keys = Arrays.copyOf(keys, keys.length * 2);
    int[] bigger = new int[slots.length * 2];
    int mask = bigger.length - 1;
    for (int i = 0; i < size; i++) {
      int at = spread(keys[i]) & mask;
      while (bigger[at] != 0) {
        at = (at + 1) & mask;
      }
      bigger[at] = i + 1;
    }
    slots = bigger;
  }

  private static int spread(long key) {
    long hash = key * 0x9E3779B97F4A7C15L;
    return (int) (hash ^ (hash >>> 32));
  }
}
