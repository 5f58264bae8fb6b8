package dev.psc.pprof.internal.wire;

import java.util.Arrays;

/** Arrays that grow by half their size, so that appending costs a constant on average. */
public final class ArrayGrowth {

  private static final int MAX = Integer.MAX_VALUE - 8;

  private ArrayGrowth() {}

  public static int capacity(int current, long needed) {
    if (needed > MAX) {
      throw new OutOfMemoryError("a profile's table would need " + needed + " entries");
    }
    return (int) Math.min(MAX, Math.max(needed, current + (long) (current >> 1) + 16));
  }

  public static int[] ints(int[] array, long needed) {
    return needed <= array.length ? array : Arrays.copyOf(array, capacity(array.length, needed));
  }

  public static long[] longs(long[] array, long needed) {
    return needed <= array.length ? array : Arrays.copyOf(array, capacity(array.length, needed));
  }
}
