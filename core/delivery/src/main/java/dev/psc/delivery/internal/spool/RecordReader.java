package dev.psc.delivery.internal.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A reader of the records of a segment, in order. Only damaged records are lost: after damage, the
 * next intact header is searched byte by byte. Not thread-safe.
 */
final class RecordReader implements Closeable {

  /** An intact record. */
  static final class Body {
    private final int ordinal;
    private final byte[] bytes;
    private final long offset;

    Body(int ordinal, byte[] bytes, long offset) {
      this.ordinal = ordinal;
      this.bytes = bytes;
      this.offset = offset;
    }

    int ordinal() {
      return ordinal;
    }

    byte[] bytes() {
      return bytes;
    }

    long offset() {
      return offset;
    }
  }

  private static final int BUFFER_BYTES = 256 << 10;

  private final Disk.DiskFile file;
  private final int salt;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
  private long bufferStart;
  private long position;

  RecordReader(Disk.DiskFile file, int salt, long position) {
    this.file = file;
    this.salt = salt;
    this.position = position;
    this.bufferStart = position;
    buffer.limit(0);
  }

  /** Returns the position of the search for the next record. */
  long position() {
    return position;
  }

  /** Returns the next intact record that ends at or before a position, or null. */
  @Nullable Body next(long end) throws IOException {
    while (position + Records.HEADER_BYTES + Records.TRAILER_BYTES <= end) {
      ByteBuffer header = peek(position, Records.HEADER_BYTES);
      if (header == null) {
        break;
      }
      int at = header.position();
      int ordinal = header.getInt(at + 4);
      int length = header.getInt(at + 8);
      long bodyStart = position + Records.HEADER_BYTES;
      boolean intact =
          header.getInt(at) == Records.MAGIC
              && header.getInt(at + 12) == Records.headerCrc(salt, ordinal, length)
              && length >= 0
              && bodyStart + length + Records.TRAILER_BYTES <= end;
      byte[] body = intact ? body(bodyStart, length, ordinal) : null;
      if (body != null) {
        long offset = position;
        position = bodyStart + length + Records.TRAILER_BYTES;
        return new Body(ordinal, body, offset);
      }
      position++;
    }
    return null;
  }

  private byte @Nullable [] body(long start, int length, int ordinal) throws IOException {
    byte[] body = new byte[length];
    if (length <= BUFFER_BYTES / 2) {
      ByteBuffer bytes = peek(start, length + Records.TRAILER_BYTES);
      if (bytes == null) {
        return null;
      }
      bytes.get(body);
      return bytes.getInt() == Records.bodyCrc(salt, ordinal, body) ? body : null;
    }
    ByteBuffer trailer = ByteBuffer.allocate(Records.TRAILER_BYTES);
    if (file.read(ByteBuffer.wrap(body), start) < length
        || file.read(trailer, start + length) < Records.TRAILER_BYTES) {
      return null;
    }
    return trailer.getInt(0) == Records.bodyCrc(salt, ordinal, body) ? body : null;
  }

  /** Returns a view of bytes of the file, or null if it ends before. */
  private @Nullable ByteBuffer peek(long from, int count) throws IOException {
    if (from < bufferStart || from + count > bufferStart + buffer.limit()) {
      buffer.clear();
      bufferStart = from;
      int read = file.read(buffer, from);
      buffer.position(0);
      buffer.limit(Math.max(0, read));
      if (read < count) {
        return null;
      }
    }
    int start = (int) (from - bufferStart);
    ByteBuffer view = buffer.duplicate();
    view.limit(start + count);
    view.position(start);
    return view;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
