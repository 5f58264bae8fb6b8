package dev.psc.jvm.internal.event;

import java.util.Arrays;

/** Events or samples of an {@link AllocationEstimator}, in columns. Not thread-safe. */
final class AllocationEntries {
  int count;
  int[] thread = new int[256];
  int[] stack = new int[256];
  int[] labels = new int[256];
  long[] bytes = new long[256];

  /** The buffer's size, 0 of an object outside; the objects of a sample. */
  long[] more = new long[256];

  /** The number of the buffer that ends here. */
  int[] buffer = new int[256];

  /** The size of the object that opened that buffer, or 0. */
  long[] opener = new long[256];

  void add(
      int atThread,
      int atStack,
      int withLabels,
      long itsBytes,
      long itsMore,
      int itsBuffer,
      long itsOpener) {
    if (count == thread.length) {
      int length = count * 2;
      thread = Arrays.copyOf(thread, length);
      stack = Arrays.copyOf(stack, length);
      labels = Arrays.copyOf(labels, length);
      bytes = Arrays.copyOf(bytes, length);
      more = Arrays.copyOf(more, length);
      buffer = Arrays.copyOf(buffer, length);
      opener = Arrays.copyOf(opener, length);
    }
    thread[count] = atThread;
    stack[count] = atStack;
    labels[count] = withLabels;
    bytes[count] = itsBytes;
    buffer[count] = itsBuffer;
    opener[count] = itsOpener;
    more[count++] = itsMore;
  }
}
