package dev.psc.pprof.internal.wire;

import java.util.Arrays;

/**
 * Finds the ids of things that are kept elsewhere, in arrays, by the hash of their content: open
 * addressing over primitives, so that a lookup allocates nothing. Ids are 0, 1, 2, … in the order
 * of {@link #add}. Not thread-safe.
 *
 * <p>A lookup walks {@code for (int slot = first(hash); idAt(slot) >= 0; slot = next(slot))} and
 * compares contents where {@link #hashAt} agrees.
 */
public final class IdTable {

  private static final int START = 17;

  private int[] slots;
  private int[] hashes;
  private int size;

  public IdTable() {
    this(32);
  }

  public IdTable(int expected) {
    int capacity = Integer.highestOneBit(Math.max(16, Math.min(expected, 1 << 28)) * 2 - 1) * 2;
    slots = new int[capacity];
    hashes = new int[Math.max(16, expected)];
  }

  public static int start() {
    return START;
  }

  public static int mix(int hash, int value) {
    int mixed = (hash ^ value) * 0x9e3779b1;
    return mixed ^ (mixed >>> 15);
  }

  public static int mixLong(int hash, long value) {
    return mix(mix(hash, (int) value), (int) (value >>> 32));
  }

  public int size() {
    return size;
  }

  public int first(int hash) {
    return hash & (slots.length - 1);
  }

  public int next(int slot) {
    return (slot + 1) & (slots.length - 1);
  }

  /** Returns the id in a slot, or -1 when it is free and the search is over. */
  public int idAt(int slot) {
    return slots[slot] - 1;
  }

  /** Returns the hash under which an id was added. */
  public int hashAt(int id) {
    return hashes[id];
  }

  /** Returns the next id and makes it findable under the hash. */
  public int add(int hash) {
    if (size == hashes.length) {
      hashes = Arrays.copyOf(hashes, ArrayGrowth.capacity(size, size + 1));
    }
    if (size * 2 >= slots.length) {
      rehash();
    }
    hashes[size] = hash;
    put(size);
    return size++;
  }

  private void rehash() {
    slots = new int[slots.length * 2];
    for (int id = 0; id < size; id++) {
      put(id);
    }
  }

  private void put(int id) {
    int slot = first(hashes[id]);
    while (slots[slot] != 0) {
      slot = next(slot);
    }
    slots[slot] = id + 1;
  }
}
