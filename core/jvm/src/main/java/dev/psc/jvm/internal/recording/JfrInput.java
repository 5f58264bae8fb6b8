package dev.psc.jvm.internal.recording;

import java.io.EOFException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Reads the numbers of a recording from an array. Reading beyond the array throws an {@link
 * IndexOutOfBoundsException} or an {@link EOFException}; a count above the number of remaining
 * bytes allocates nothing. Not thread-safe.
 */
final class JfrInput {

  private static final VarHandle SHORT = bigEndian(short[].class);
  private static final VarHandle INT = bigEndian(int[].class);
  private static final VarHandle LONG = bigEndian(long[].class);

  private static final long HIGHEST_BITS = 0x8080808080808080L;

  private final boolean compressed;
  private byte[] bytes;
  private int at;

  /**
   * @param compressed whether numbers have seven bits per byte, the lowest first, in nine bytes at
   *     most; otherwise they have their size, the highest byte first
   */
  JfrInput(byte[] bytes, boolean compressed) {
    this.bytes = bytes;
    this.compressed = compressed;
  }

  private static VarHandle bigEndian(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.BIG_ENDIAN);
  }

  byte[] bytes() {
    return bytes;
  }

  boolean isCompressed() {
    return compressed;
  }

  void reset(byte[] newBytes, int position) {
    bytes = newBytes;
    at = position;
  }

  int position() {
    return at;
  }

  void position(int position) {
    at = position;
  }

  byte readByte() {
    return bytes[at++];
  }

  long readLong() {
    if (compressed) {
      byte first = bytes[at++];
      return first >= 0 ? first : readRest(first);
    }
    long value = (long) LONG.get(bytes, at);
    at += Long.BYTES;
    return value;
  }

  private long readRest(byte first) {
    long value = first & 0x7f;
    for (int shift = 7; shift < 56; shift += 7) {
      byte next = bytes[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return value | (bytes[at++] & 0xffL) << 56;
  }

  int readInt() {
    if (compressed) {
      return (int) readLong();
    }
    int value = (int) INT.get(bytes, at);
    at += Integer.BYTES;
    return value;
  }

  short readShort() {
    if (compressed) {
      return (short) readLong();
    }
    short value = (short) SHORT.get(bytes, at);
    at += Short.BYTES;
    return value;
  }

  char readChar() {
    return (char) readShort();
  }

  int readRawInt() {
    int value = (int) INT.get(bytes, at);
    at += Integer.BYTES;
    return value;
  }

  long readRawLong() {
    long value = (long) LONG.get(bytes, at);
    at += Long.BYTES;
    return value;
  }

  /** Reads how many elements of at least a byte follow. */
  int readCount() throws IOException {
    int count = readInt();
    if (count < 0 || count > bytes.length - at) {
      throw new EOFException(
          "a count of " + (count & 0xffffffffL) + ", which is more than follows");
    }
    return count;
  }

  void skip(int count) throws IOException {
    if (count < 0 || count > bytes.length - at) {
      throw new EOFException(
          "a length of " + (count & 0xffffffffL) + " bytes, which is more than follow");
    }
    at += count;
  }

  /**
   * Reads rows of numbers, and keeps two of each; only where numbers are compressed.
   *
   * @param columns how many numbers a row has
   * @param first index of the number that goes into {@code firsts}
   * @param second index of the number that goes into {@code seconds}, or -1
   */
  void readColumns(int rows, int columns, int first, int second, long[] firsts, int[] seconds) {
    int position = at;
    byte[] from = bytes;
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        long value = from[position++];
        if (value < 0) {
          at = position;
          value = readRest((byte) value);
          position = at;
        }
        if (column == first) {
          firsts[row] = value;
        } else if (column == second) {
          seconds[row] = (int) value;
        }
      }
    }
    at = position;
  }

  /**
   * Skips numbers of any size; only where numbers are compressed. Eight bytes are examined
   * together: a number ends with a byte whose highest bit is clear.
   */
  void skipCompressed(int count) {
    int position = at;
    int left = count;
    byte[] from = bytes;
    while (left >= Long.BYTES && position <= from.length - Long.BYTES) {
      long ends = ~(long) LONG.get(from, position) & HIGHEST_BITS;
      if (ends == 0) {
        position += 9; // all bits of the ninth belong to the number
        left--;
      } else {
        position += Long.BYTES - Long.numberOfTrailingZeros(ends) / Byte.SIZE;
        left -= Long.bitCount(ends);
      }
    }
    for (; left > 0; left--) {
      int ninth = position + 8;
      while (from[position++] < 0 && position <= ninth) {}
    }
    at = position;
  }
}
