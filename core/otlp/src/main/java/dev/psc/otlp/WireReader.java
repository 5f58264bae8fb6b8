package dev.psc.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A reader of a protobuf message. After {@link #next()} the field and its value can be read; fields
 * that are not read are skipped. Not thread-safe.
 */
final class WireReader {

  private byte[] buf;
  private int end;
  private int pos;
  private int field;
  private int type;
  private long number;
  private int start;

  /** Returns a reader of nothing, until {@link #reset}. */
  WireReader() {
    this(new byte[0]);
  }

  WireReader(byte[] buf) {
    this(buf, 0, buf.length);
  }

  private WireReader(byte[] buf, int from, int end) {
    this.buf = buf;
    this.pos = from;
    this.end = end;
  }

  /** Begins with another message. */
  void reset(byte[] bytes, int from, int to) {
    buf = bytes;
    pos = from;
    end = to;
  }

  /** Thrown for bytes that are not a message. */
  static final class WireException extends RuntimeException {

    private static final long serialVersionUID = 1;

    WireException(String message) {
      super(message);
    }
  }

  /** Moves to the next field; returns false at the end. */
  boolean next() {
    if (pos >= end) {
      return false;
    }
    long tag = rawVarint();
    field = (int) (tag >>> 3);
    type = (int) tag & 7;
    switch (type) {
      case 0 -> number = rawVarint();
      case 1 -> number = fixed(8);
      case 5 -> number = fixed(4);
      case 2 -> {
        long length = rawVarint();
        if (length < 0 || length > end - pos) {
          throw new WireException("a field of " + length + " bytes is longer than its message");
        }
        start = pos;
        pos += (int) length;
      }
      default -> throw new WireException("unexpected wire type " + type + " of field " + field);
    }
    return true;
  }

  private long fixed(int bytes) {
    if (end - pos < bytes) {
      throw new WireException("a number is cut off");
    }
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value |= (buf[pos++] & 0xFFL) << (8 * i);
    }
    return value;
  }

  private long rawVarint() {
    if (pos < end && buf[pos] >= 0) {
      return buf[pos++];
    }
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (pos >= end) {
        throw new WireException("a number is cut off");
      }
      byte b = buf[pos++];
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new WireException("a number has more than 10 bytes");
  }

  int field() {
    return field;
  }

  long number() {
    if (type == 2) {
      throw new WireException("field " + field + " is not a number");
    }
    return number;
  }

  /** Returns whether the field has bytes rather than a number. */
  boolean isBytes() {
    return type == 2;
  }

  /** Returns where the bytes of the field begin in the array. */
  int from() {
    requireBytes();
    return start;
  }

  /** Returns where the bytes of the field end in the array. */
  int to() {
    return pos;
  }

  /** Returns whether a packed list, to which this reader was reset, has another number. */
  boolean hasMore() {
    return pos < end;
  }

  /** Returns the next number of a packed list. */
  long packed() {
    return rawVarint();
  }

  private void requireBytes() {
    if (type != 2) {
      throw new WireException("field " + field + " has no bytes");
    }
  }

  byte[] bytes() {
    requireBytes();
    return Arrays.copyOfRange(buf, start, pos);
  }

  String text() {
    requireBytes();
    return new String(buf, start, pos - start, StandardCharsets.UTF_8);
  }

  WireReader message() {
    requireBytes();
    return new WireReader(buf, start, pos);
  }

  /** Adds the numbers of a repeated field, packed or not, to a list. */
  void numbers(LongList into) {
    if (type != 2) {
      into.add(number);
      return;
    }
    WireReader packed = message();
    while (packed.pos < packed.end) {
      into.add(packed.rawVarint());
    }
  }
}
