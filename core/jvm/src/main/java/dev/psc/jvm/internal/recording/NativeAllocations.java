package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.ProfileTable;
import java.util.Arrays;

/**
 * Sampled native allocations and all releases, matched by address and time: an unreleased
 * allocation is in use. Events of a chunk are not in order of time, so they are matched when the
 * recording ends, or when their number reaches the limit. Not thread-safe.
 */
final class NativeAllocations {

  private static final int LONGS = 5;

  private final int most;
  private long[] rows = new long[LONGS * 256];
  private int size;
  private boolean incomplete;

  /**
   * @param most the largest number of events in memory
   */
  NativeAllocations(int most) {
    this.most = most;
  }

  /** Returns a store whose limit follows the size of the heap. */
  static NativeAllocations ofHeap() {
    long most = Runtime.getRuntime().maxMemory() / 8 / (LONGS * Long.BYTES) / 3;
    return new NativeAllocations((int) Math.min(4_000_000, most));
  }

  void allocated(long address, long nanos, int stack, int labels, long objects, long bytes) {
    add(address, nanos, ((long) stack << 32) | labels, objects, bytes);
  }

  void released(long address, long nanos) {
    add(address, nanos, 0, 0, 0);
  }

  private void add(long address, long nanos, long key, long objects, long bytes) {
    if (size == most) {
      match();
      int room = most - most / 4;
      if (size > room) {
        // A quarter is always free afterwards, so that matching stays rare.
        incomplete = true;
        size = room;
      }
    }
    if ((size + 1) * LONGS > rows.length) {
      rows = Arrays.copyOf(rows, Math.min(most * LONGS, rows.length * 2));
    }
    int at = size++ * LONGS;
    rows[at] = address;
    rows[at + 1] = nanos;
    rows[at + 2] = key;
    rows[at + 3] = objects;
    rows[at + 4] = bytes;
  }

  /** Keeps the last allocation of each address that no later event of that address ends. */
  private void match() {
    Integer[] order = new Integer[size];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        (a, b) -> {
          int byAddress = Long.compare(rows[a * LONGS], rows[b * LONGS]);
          return byAddress != 0
              ? byAddress
              : Long.compare(rows[a * LONGS + 1], rows[b * LONGS + 1]);
        });
    long[] kept = new long[rows.length];
    int keptSize = 0;
    for (int i = 0; i < size; i++) {
      int at = order[i] * LONGS;
      boolean last = i + 1 == size || rows[order[i + 1] * LONGS] != rows[at];
      if (last && rows[at + 3] > 0) {
        System.arraycopy(rows, at, kept, keptSize++ * LONGS, LONGS);
      }
    }
    rows = kept;
    size = keptSize;
  }

  /** Adds the allocations that are in use. */
  void addInUse(ProfileTable table) {
    match();
    for (int i = 0; i < size; i++) {
      int at = i * LONGS;
      table.add((int) (rows[at + 2] >>> 32), (int) rows[at + 2], rows[at + 3], rows[at + 4]);
    }
  }

  /** Returns whether allocations were left out because too many were in use. */
  boolean isIncomplete() {
    return incomplete;
  }
}
