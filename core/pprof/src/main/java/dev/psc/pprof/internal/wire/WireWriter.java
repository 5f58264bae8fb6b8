package dev.psc.pprof.internal.wire;

import java.util.Arrays;

/**
 * Writes protobuf fields into a growing array. A nested message is written between {@link #begin}
 * and {@link #end}; its length is filled in afterwards. Not thread-safe.
 */
public final class WireWriter {

  private static final int MAX_BYTES = Integer.MAX_VALUE - 64;

  public byte[] buf;
  public int size;

  public WireWriter(int capacity) {
    buf = new byte[Math.max(capacity, 64)];
  }

  /** Makes room for this many more bytes. */
  public void ensure(int more) {
    if (buf.length - size < more) {
      grow(more);
    }
  }

  private void grow(int more) {
    long needed = (long) size + more;
    if (needed > MAX_BYTES) {
      throw new IllegalStateException("a profile cannot take more than " + MAX_BYTES + " bytes");
    }
    buf = Arrays.copyOf(buf, (int) Math.min(MAX_BYTES, Math.max(needed, buf.length * 3L / 2)));
  }

  public void varint(long value) {
    ensure(10);
    byte[] b = buf;
    int p = size;
    long v = value;
    while ((v & ~0x7fL) != 0) {
      b[p++] = (byte) (v | 0x80);
      v >>>= 7;
    }
    b[p++] = (byte) v;
    size = p;
  }

  public void tag(int field, int type) {
    varint((long) field << 3 | type);
  }

  /** Writes a varint field; 0 is the default of every field and not written. */
  public void number(int field, long value) {
    if (value != 0) {
      tag(field, WireReader.VARINT);
      varint(value);
    }
  }

  /** Writes a varint field even where it is 0, as the last value of a repeated field counts. */
  public void explicit(int field, long value) {
    tag(field, WireReader.VARINT);
    varint(value);
  }

  public void bytes(int field, byte[] source, int from, int to) {
    tag(field, WireReader.BYTES);
    varint(to - from);
    raw(source, from, to);
  }

  /** Copies bytes as they are. */
  public void raw(byte[] source, int from, int to) {
    int length = to - from;
    ensure(length);
    System.arraycopy(source, from, buf, size, length);
    size += length;
  }

  /** Starts a nested message or a packed field; returns what {@link #end} needs. */
  public int begin(int field) {
    tag(field, WireReader.BYTES);
    ensure(1);
    return ++size;
  }

  /** Ends what {@link #begin} started. */
  public void end(int mark) {
    int length = size - mark;
    if (length < 0x80) {
      buf[mark - 1] = (byte) length;
      return;
    }
    int more = sizeOf(length) - 1;
    ensure(more);
    System.arraycopy(buf, mark, buf, mark + more, length);
    int total = size + more;
    size = mark - 1;
    varint(length);
    size = total;
  }

  /** Writes the head of a message, string or packed field of which the size is known. */
  public void head(int field, int sizeBytes) {
    tag(field, WireReader.BYTES);
    varint(sizeBytes);
  }

  /** Returns how many bytes {@link #number} takes for a field number below 16. */
  public static int numberSize(long value) {
    return value == 0 ? 0 : 1 + sizeOf(value);
  }

  /** Returns how many bytes a varint takes. */
  public static int sizeOf(long value) {
    return (Long.SIZE - Long.numberOfLeadingZeros(value | 1) + 6) / 7;
  }

  public byte[] toByteArray() {
    return Arrays.copyOf(buf, size);
  }
}
