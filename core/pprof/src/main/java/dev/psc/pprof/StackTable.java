package dev.psc.pprof;

import java.util.Arrays;

/** From hashes of stacks to their counters, in flat arrays. The hashes are mixed already. */
final class StackTable {

  private final int columns;
  private long[] keys;
  private int[] entries;
  private int mask;
  private long[] entryKeys;
  private long[] counters;
  private int size;

  StackTable(int columns, int expected) {
    this.columns = columns;
    int capacity = Math.max(16, Integer.highestOneBit(Math.max(expected, 1)) * 4);
    keys = new long[capacity];
    entries = new int[capacity];
    mask = capacity - 1;
    entryKeys = new long[Math.max(expected, 8)];
    counters = new long[entryKeys.length * columns];
  }

  int size() {
    return size;
  }

  long bytes() {
    return 8L * keys.length + 4L * entries.length + 8L * entryKeys.length + 8L * counters.length;
  }

  /** Returns the entry of a hash, or -1. */
  int find(long key) {
    int slot = (int) key & mask;
    while (entries[slot] != 0) {
      if (keys[slot] == key) {
        return entries[slot] - 1;
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** Returns the entry of a hash, which is made where there is none. */
  int entry(long key) {
    int slot = (int) key & mask;
    while (entries[slot] != 0) {
      if (keys[slot] == key) {
        return entries[slot] - 1;
      }
      slot = (slot + 1) & mask;
    }
    if (size == entryKeys.length) {
      entryKeys = Arrays.copyOf(entryKeys, size * 2);
      counters = Arrays.copyOf(counters, size * 2 * columns);
    }
    keys[slot] = key;
    entries[slot] = size + 1;
    entryKeys[size++] = key;
    if (size * 2 > keys.length) {
      rehash();
    }
    return size - 1;
  }

  private void rehash() {
    keys = new long[keys.length * 2];
    entries = new int[keys.length];
    mask = keys.length - 1;
    for (int i = 0; i < size; i++) {
      int slot = (int) entryKeys[i] & mask;
      while (entries[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      keys[slot] = entryKeys[i];
      entries[slot] = i + 1;
    }
  }

  long key(int entry) {
    return entryKeys[entry];
  }

  long counter(int entry, int column) {
    return counters[entry * columns + column];
  }

  void add(int entry, int column, long value) {
    counters[entry * columns + column] += value;
  }
}
