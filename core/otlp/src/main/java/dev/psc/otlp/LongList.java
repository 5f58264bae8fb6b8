package dev.psc.otlp;

import java.util.Arrays;

/** A growing list of numbers. Not thread-safe. */
final class LongList {

  private long[] values = new long[16];
  private int size;

  void add(long value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  long get(int i) {
    return values[i];
  }
}
