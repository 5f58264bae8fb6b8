package dev.psc.pprof.internal.wire;

import dev.psc.pprof.format.PprofException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A map from the ids of one table to the positions of its entries. As long as ids are 1, 2, 3, … in
 * table order, which most writers do, it is a comparison; from the first other id on it is a hash
 * table of primitives.
 */
public final class IdMap {

  /** The most entries of a table whose ids are not in order: 24 bytes each, at most doubled. */
  private static final int MAX_HASHED = 1 << 20;

  /** A seed per process, so that ids cannot be chosen to collide. */
  private static final long SEED = new SplittableRandom().nextLong();

  private int size;
  private boolean sequential = true;
  private long[] keys = {};
  private int[] values = {};
  private int mask;
  private int used;
  private final BitSet skipped = new BitSet();

  /** Adds the id of the next entry, unless an entry before it has the same. */
  public void add(long id) throws PprofException {
    int index = size++;
    if (sequential) {
      if (id == index + 1L) {
        return;
      }
      toHash(index);
    }
    if (used >= MAX_HASHED) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "entry " + index,
          "the profile has a table of more than "
              + MAX_HASHED
              + " entries whose ids are not 1, 2, 3, …: too many to renumber");
    }
    put(id, index);
  }

  /** Passes over an entry that nothing can refer to. */
  public void skip() {
    skipped.set(size);
    if (sequential) {
      toHash(size);
    }
    size++;
  }

  /**
   * Returns the ids that make the table's 1, 2, 3, … by position, 0 for entries passed over; null
   * when they are that already.
   */
  public int @Nullable [] renumbered() {
    if (sequential) {
      return null;
    }
    int[] ids = new int[size];
    int next = 1;
    for (int i = 0; i < size; i++) {
      ids[i] = skipped.get(i) ? 0 : next++;
    }
    return ids;
  }

  private void toHash(int entries) {
    sequential = false;
    allocate(Math.max(16, Integer.highestOneBit(Math.max(entries, 1)) * 4));
    for (int i = 0; i < entries; i++) {
      put(i + 1L, i);
    }
  }

  private void allocate(int capacity) {
    keys = new long[capacity];
    values = new int[capacity];
    used = 0;
    Arrays.fill(values, -1);
    mask = capacity - 1;
  }

  private void put(long id, int index) {
    if (used * 2L > keys.length) {
      long[] oldKeys = keys;
      int[] oldValues = values;
      allocate(keys.length * 2);
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldValues[i] >= 0) {
          insert(oldKeys[i], oldValues[i]);
        }
      }
    }
    insert(id, index);
  }

  private void insert(long id, int index) {
    int slot = slot(id);
    if (values[slot] < 0) {
      keys[slot] = id;
      values[slot] = index;
      used++;
    }
  }

  private int slot(long id) {
    long h = (id ^ SEED) * 0xff51afd7ed558ccdL;
    h = (h ^ (h >>> 33)) * 0xc4ceb9fe1a85ec53L;
    int slot = (int) (h >>> 32) & mask;
    while (values[slot] >= 0 && keys[slot] != id) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Returns the position of the entry with this id, or -1. */
  public int indexOf(long id) {
    if (sequential) {
      return id > 0 && id <= size ? (int) id - 1 : -1;
    }
    return values[slot(id)];
  }

  /** Returns whether all ids are 1, 2, 3, … in table order. */
  public boolean isSequential() {
    return sequential;
  }

  public int size() {
    return size;
  }
}
