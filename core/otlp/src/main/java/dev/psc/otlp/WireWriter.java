package dev.psc.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A writer of protobuf messages into a growing array. Not thread-safe. */
final class WireWriter {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;

  private byte[] buf;
  private int pos;

  WireWriter(int capacity) {
    buf = new byte[capacity];
  }

  /** Makes room for a number of bytes; returns the array, which {@link #size()} of it fill. */
  byte[] room(int bytes) {
    if (buf.length - pos < bytes) {
      buf = Arrays.copyOf(buf, Math.max(buf.length * 2, Math.addExact(pos, bytes)));
    }
    return buf;
  }

  /** Sets the number of bytes after some were written to the array, or are to be removed. */
  void size(int bytes) {
    pos = bytes;
  }

  private void rawVarint(long value) {
    room(10);
    if ((value & ~0x7FL) == 0) {
      buf[pos++] = (byte) value;
    } else {
      pos = put(buf, pos, value);
    }
  }

  /** Writes a number where there is room for it; returns the position after it. */
  static int put(byte[] to, int from, long value) {
    int at = from;
    long left = value;
    while ((left & ~0x7FL) != 0) {
      to[at++] = (byte) (left | 0x80);
      left >>>= 7;
    }
    to[at++] = (byte) left;
    return at;
  }

  private void tag(int field, int type) {
    rawVarint((long) field << 3 | type);
  }

  /** Writes a number, unless it is 0. */
  void varint(int field, long value) {
    if (value != 0) {
      tag(field, VARINT);
      rawVarint(value);
    }
  }

  /** Writes a number without a field, into a packed list. */
  void rawValue(long value) {
    rawVarint(value);
  }

  /** Writes a number, 0 as well: for a field of a {@code oneof}. */
  void varintOrZero(int field, long value) {
    tag(field, VARINT);
    rawVarint(value);
  }

  void fixed64(int field, long value) {
    if (value != 0) {
      tag(field, FIXED64);
      room(8);
      for (int i = 0; i < 8; i++) {
        buf[pos++] = (byte) (value >>> (8 * i));
      }
    }
  }

  void bytes(int field, byte[] value) {
    bytes(field, value, 0, value.length);
  }

  void bytes(int field, byte[] value, int from, int to) {
    tag(field, BYTES);
    rawVarint(to - from);
    append(value, from, to);
  }

  /** Writes bytes without a field. */
  void append(byte[] value, int from, int to) {
    int length = to - from;
    room(length);
    if (length < 16) { // labels of samples, mostly
      for (int i = 0; i < length; i++) {
        buf[pos + i] = value[from + i];
      }
    } else {
      System.arraycopy(value, from, buf, pos, length);
    }
    pos += length;
  }

  /** Writes a text, also an empty one: in lists, its position counts. */
  void text(int field, String value) {
    bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes 16 or 8 bytes of ids, the most significant byte first. */
  void id(int field, long... parts) {
    tag(field, BYTES);
    rawVarint(parts.length * 8L);
    room(parts.length * 8);
    for (long part : parts) {
      for (int shift = 56; shift >= 0; shift -= 8) {
        buf[pos++] = (byte) (part >>> shift);
      }
    }
  }

  /** Writes numbers as a packed list, unless there are none. */
  void packed(int field, LongList values) {
    if (values.size() == 0) {
      return;
    }
    int mark = begin(field);
    for (int i = 0; i < values.size(); i++) {
      rawVarint(values.get(i));
    }
    end(mark);
  }

  /** Begins a message inside of this one; {@link #end} ends it. */
  int begin(int field) {
    tag(field, BYTES);
    room(1);
    pos++; // the length, if it is short
    return pos;
  }

  void end(int mark) {
    int length = pos - mark;
    if (length < 0x80) {
      buf[mark - 1] = (byte) length;
      return;
    }
    int extra = length < 1 << 14 ? 1 : length < 1 << 21 ? 2 : length < 1 << 28 ? 3 : 4;
    room(extra);
    System.arraycopy(buf, mark, buf, mark + extra, length);
    pos = mark - 1;
    rawVarint(length);
    pos += length;
  }

  int size() {
    return pos;
  }

  int capacity() {
    return buf.length;
  }

  /** Returns the array, of which the first {@link #size()} bytes count until the next change. */
  byte[] array() {
    return buf;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(buf, pos);
  }
}
