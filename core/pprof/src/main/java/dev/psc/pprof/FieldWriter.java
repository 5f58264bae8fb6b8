package dev.psc.pprof;

import java.util.Arrays;

/** Appends protobuf fields to a growing array. Not thread-safe. */
final class FieldWriter {

  private byte[] buffer;
  private int length;

  FieldWriter(int expectedBytes) {
    buffer = new byte[Math.max(64, expectedBytes)];
  }

  /** Returns how many bytes a varint takes: 1 to 10. */
  static int varintSize(long value) {
    return (70 - Long.numberOfLeadingZeros(value | 1)) / 7;
  }

  /** Returns how many bytes {@link #field} takes for a field number below 16. */
  static int fieldSize(long value) {
    return value == 0 ? 0 : 1 + varintSize(value);
  }

  int length() {
    return length;
  }

  /** Returns the array that is written to, of which the first {@link #length} bytes count. */
  byte[] buffer() {
    return buffer;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(buffer, length);
  }

  void varint(long value) {
    buffer = Grow.bytes(buffer, length + 10L);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      buffer[length++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    buffer[length++] = (byte) rest;
  }

  /** Writes a varint field, or nothing for 0, which is what a missing field means. */
  void field(int number, long value) {
    if (value != 0) {
      varint((long) number << 3);
      varint(value);
    }
  }

  /** Writes a varint field, 0 too, as the elements of a repeated field need it. */
  void element(int number, long value) {
    varint((long) number << 3);
    varint(value);
  }

  /** Writes the head of a message, string or packed field of which the size is known. */
  void head(int number, int sizeBytes) {
    varint(((long) number << 3) | 2);
    varint(sizeBytes);
  }

  void bytes(int number, byte[] content) {
    head(number, content.length);
    buffer = Grow.bytes(buffer, (long) length + content.length);
    System.arraycopy(content, 0, buffer, length, content.length);
    length += content.length;
  }
}
