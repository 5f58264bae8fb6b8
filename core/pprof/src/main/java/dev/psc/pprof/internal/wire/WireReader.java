package dev.psc.pprof.internal.wire;

import dev.psc.pprof.format.PprofException;

/**
 * Walks over the fields of one protobuf message in place. {@link #next} reads a tag and, for
 * varints, its value, or, for length-delimited fields, where the payload starts and stops; every
 * other wire type is stepped over. Reused for message after message by {@link #reset}. Not
 * thread-safe.
 */
public final class WireReader {

  public static final int VARINT = 0;
  static final int FIXED64 = 1;
  public static final int BYTES = 2;
  static final int GROUP_START = 3;
  static final int FIXED32 = 5;

  public final byte[] buf;

  /** Position of the next byte to read. */
  public int pos;

  /** End of the message. */
  public int end;

  /** Number of the field just read. */
  public int field;

  /** Wire type of the field just read. */
  public int type;

  /** The position of the current field's tag; up to {@link #pos} it is the field verbatim. */
  public int tagStart;

  /** Value of a varint field. */
  public long value;

  /** Start of a length-delimited payload; it ends at {@link #pos}. */
  public int start;

  public WireReader(byte[] buf, int pos, int end) {
    this.buf = buf;
    this.pos = pos;
    this.end = end;
  }

  public WireReader reset(int from, int to) {
    pos = from;
    end = to;
    return this;
  }

  /** Reads the field with the tag at a position. */
  public void read(int at, int to) throws PprofException {
    pos = at;
    end = to;
    next();
  }

  /** Reads the next field; false at the end of the message. */
  public boolean next() throws PprofException {
    int p = pos;
    if (p >= end) {
      return false;
    }
    tagStart = p;
    int tag = buf[p++];
    if (tag < 0) {
      pos = p - 1;
      long wide = varint();
      if (wide <= 0 || wide >>> 32 != 0) {
        throw corrupt(tagStart, "a field tag of more than 32 bits");
      }
      tag = (int) wide;
      p = pos;
    }
    field = tag >>> 3;
    type = tag & 7;
    if (field == 0) {
      throw corrupt(tagStart, "field number 0");
    }
    if (type == VARINT) {
      if (p < end && buf[p] >= 0) {
        value = buf[p];
        pos = p + 1;
      } else {
        pos = p;
        value = varint();
      }
      return true;
    }
    if (type == BYTES) {
      int length;
      if (p < end && buf[p] >= 0) {
        length = buf[p++];
      } else {
        pos = p;
        long wide = varint();
        p = pos;
        if (wide < 0 || wide > end - p) {
          throw tooLong(wide);
        }
        length = (int) wide;
      }
      if (length > end - p) {
        throw tooLong(length);
      }
      start = p;
      pos = p + length;
      return true;
    }
    pos = p;
    skipOther(type);
    return true;
  }

  /**
   * Steps over messages of one field, as long as they follow each other and their lengths take at
   * most two bytes.
   *
   * @return how many they were
   */
  public int skip(int messages, int atMost) {
    byte[] b = buf;
    int tag = messages << 3 | BYTES;
    int last = end - 3;
    int n = 0;
    int p = pos;
    while (n < atMost && p < last && b[p] == tag) {
      int length = b[p + 1];
      int from = p + 2;
      if (length < 0) {
        length = (length & 0x7f) | (b[from++] << 7);
      }
      if (length < 0 || length > end - from) {
        break;
      }
      p = from + length;
      n++;
    }
    pos = p;
    return n;
  }

  /** Reads a varint at {@link #pos}. */
  public long varint() throws PprofException {
    long result = 0;
    int p = pos;
    for (int shift = 0; shift < 64; shift += 7) {
      if (p >= end) {
        throw truncated(p, "within a number");
      }
      byte b = buf[p++];
      result |= (b & 0x7fL) << shift;
      if (b >= 0) {
        if (shift == 63 && b > 1) {
          break;
        }
        pos = p;
        return result;
      }
    }
    throw corrupt(pos, "a number of more than 64 bits");
  }

  private void skipOther(int wireType) throws PprofException {
    switch (wireType) {
      case FIXED64 -> skip(8);
      case FIXED32 -> skip(4);
      case GROUP_START -> throw corrupt(tagStart, "a group, which readers of profiles reject");
      default -> throw corrupt(tagStart, "wire type " + wireType);
    }
  }

  private void skip(int bytes) throws PprofException {
    if (end - pos < bytes) {
      throw truncated(pos, "within a field");
    }
    pos += bytes;
  }

  private PprofException tooLong(long length) {
    return truncated(
        tagStart,
        "field "
            + field
            + " claims "
            + Long.toUnsignedString(length)
            + " bytes where "
            + (end - tagStart)
            + " are left");
  }

  private static PprofException truncated(int at, String what) {
    return new PprofException(
        PprofException.TRUNCATED,
        "byte " + at,
        "the profile ends too early ("
            + what
            + ", byte "
            + at
            + "): the response was cut off, or it is not pprof");
  }

  private static PprofException corrupt(int at, String what) {
    return new PprofException(
        PprofException.CORRUPT,
        "byte " + at,
        "the profile is damaged: " + what + " at byte " + at + "; fetch it again");
  }
}
