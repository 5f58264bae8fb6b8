package dev.psc.otlp;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A table of messages or texts, each of which it has once, by position. Position 0 is the empty
 * one, as the protocol demands. A message is written to {@link #entry} and then added. Not
 * thread-safe.
 */
final class EntryTable {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Profiles of others must not be able to choose texts whose hashes are equal. */
  private static final long SEED = new SplittableRandom().nextLong();

  private final WireWriter content = new WireWriter(1 << 10);
  private int[] ends = new int[64];
  private int[] hashes = new int[64];
  private int[] slots = new int[256];
  private int size;

  EntryTable() {
    add();
  }

  /** Removes all entries except for the empty one. */
  void clear() {
    content.size(0);
    Arrays.fill(slots, 0);
    size = 0;
    add();
  }

  int size() {
    return size;
  }

  int capacity() {
    return content.capacity();
  }

  /** Returns the writer of the next entry. */
  WireWriter entry() {
    return content;
  }

  /** Returns where an entry begins in the array of {@link #entry}. */
  int start(int entry) {
    return entry == 0 ? 0 : ends[entry - 1];
  }

  /** Adds what was written to {@link #entry}; returns its position, the old one if it is known. */
  int add() {
    byte[] bytes = content.array();
    int start = start(size);
    int end = content.size();
    int hash = hash(bytes, start, end);
    int mask = slots.length - 1;
    int at = hash & mask;
    while (slots[at] != 0) {
      int known = slots[at] - 1;
      if (hashes[known] == hash
          && Arrays.equals(bytes, start(known), ends[known], bytes, start, end)) {
        content.size(start);
        return known;
      }
      at = (at + 1) & mask;
    }
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
      hashes = Arrays.copyOf(hashes, size * 2);
    }
    ends[size] = end;
    hashes[size] = hash;
    slots[at] = ++size;
    if (size * 2 > slots.length) {
      grow();
    }
    return size - 1;
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

  private static int hash(byte[] bytes, int from, int to) {
    long hash = SEED ^ (to - from);
    int at = from;
    for (; to - at >= 8; at += 8) {
      hash = mix(hash, (long) LONGS.get(bytes, at));
    }
    long rest = 0;
    for (; at < to; at++) {
      rest = (rest << 8) | (bytes[at] & 0xFF);
    }
    hash = mix(hash, rest);
    return (int) (hash ^ (hash >>> 32));
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * 0x9E3779B97F4A7C15L;
    return mixed ^ (mixed >>> 29);
  }

  /** Writes all entries as a repeated field. */
  void write(WireWriter out, int field) {
    byte[] bytes = content.array();
    int start = 0;
    for (int i = 0; i < size; i++) {
      out.bytes(field, bytes, start, ends[i]);
      start = ends[i];
    }
  }
}
