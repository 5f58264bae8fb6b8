package dev.psc.pprof.repair;

import java.util.Arrays;

/**
 * A map from hashes of stacks to entries 0, 1, 2, … and the counters of each, in flat arrays. The
 * hashes are mixed already. Scrapes of one target list mostly the same stacks in the same order, so
 * a search first looks where the last one ended.
 */
final class StackTable {

  private static final int LEAST = 16;

  private final int columns;
  private long[] keys;
  private long[] counters;
  private int[] slots;
  private int mask;
  private int size;
  private int next;

  StackTable(int columns, int expected) {
    this.columns = columns;
    int capacity = Math.max(LEAST, expected);
    keys = new long[capacity];
    counters = new long[0]; // Empty until the caller adds entries.
    allocate(capacity);
  }

  private void allocate(int entries) {
    slots = new int[slotsFor(Math.max(LEAST, entries))];
    mask = slots.length - 1;
  }

  int size() {
    return size;
  }

  /** Returns the number of entries that fit. */
  int capacity() {
    return keys.length;
  }

  /** Returns the memory that it occupies. */
  long bytes() {
    return 8L * keys.length + 8L * counters.length + 4L * slots.length;
  }

  /** Returns the memory that a table of that many entries occupies. */
  static long bytes(int entries, int columns) {
    int capacity = Math.max(LEAST, entries);
    return 8L * capacity + 8L * capacity * columns + 4L * slotsFor(capacity);
  }

  private static int slotsFor(int entries) {
    return Integer.highestOneBit(entries * 2 - 1) * 2;
  }

  /** Starts over with the expectation of the order in which entries were added. */
  void rewind() {
    next = 0;
  }

  /** Returns the entry of a hash, and creates it if there is none. */
  int entry(long key) {
    int expected = next;
    if (expected < size && keys[expected] == key) {
      next = expected + 1;
      return expected;
    }
    int slot = (int) key & mask;
    for (int found = slots[slot]; found != 0; found = slots[slot]) {
      if (keys[found - 1] == key) {
        next = found;
        return found - 1;
      }
      slot = (slot + 1) & mask;
    }
    return add(key, slot);
  }

  private int add(long key, int slot) {
    if (size == keys.length) {
      int capacity = size + size / 4; // A few stacks are new in each scrape, rarely many.
      keys = Arrays.copyOf(keys, capacity);
      counters = Arrays.copyOf(counters, capacity * columns);
    }
    keys[size] = key;
    slots[slot] = ++size;
    if (size * 2 > slots.length) {
      index(size);
    }
    return size - 1;
  }

  private void index(int entries) {
    allocate(entries);
    for (int i = 0; i < size; i++) {
      int slot = (int) keys[i] & mask;
      while (slots[slot] != 0) {
        slot = (slot + 1) & mask;
      }
      slots[slot] = i + 1;
    }
  }

  /** Forgets the entries from this one on, none of which has counters yet, and their room. */
  void truncate(int entries) {
    if (entries < size) {
      int capacity = Math.max(LEAST, entries);
      keys = Arrays.copyOf(keys, capacity);
      counters = Arrays.copyOf(counters, capacity * columns);
      size = entries;
      index(size);
    }
  }

  /** Returns a table of the entries whose mark is not 0, no larger than it has to be. */
  StackTable only(int[] marked, int count) {
    StackTable table = new StackTable(columns, count);
    table.counters = new long[table.keys.length * columns];
    for (int i = 0; i < size; i++) {
      if (marked[i] != 0) {
        int to = table.size;
        table.keys[to] = keys[i];
        System.arraycopy(counters, i * columns, table.counters, to * columns, columns);
        table.size++;
      }
    }
    table.index(count);
    return table;
  }

  long counter(int entry, int column) {
    return counters[entry * columns + column];
  }

  /** Returns the first position from one on at which other counters differ, or -1. */
  int difference(long[] others, int from) {
    int end = size * columns;
    int at = Arrays.mismatch(counters, from, end, others, from, end);
    return at < 0 ? -1 : from + at;
  }

  /**
   * Replaces the counters by others of the same layout, except for entries whose mark is 0.
   *
   * @param all room for every entry at least, best for the table's {@link #capacity}; belongs to
   *     the table from now on
   */
  void take(long[] all, int[] marked) {
    for (int i = 0; i < size; i++) {
      if (marked[i] == 0) {
        System.arraycopy(counters, i * columns, all, i * columns, columns);
      }
    }
    int room = keys.length * columns;
    counters = all.length == room ? all : Arrays.copyOf(all, room);
  }
}
