package dev.psc.scrape.kubernetes;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * A stream that fails if one object is far larger than the API allows, so that a broken server
 * cannot exhaust the heap.
 */
final class LimitedInput extends FilterInputStream {

  /** An object has at most 1.5 MB in etcd, and is larger as JSON. */
  static final long OBJECT_BYTES = 8 << 20;

  private long left = OBJECT_BYTES;

  LimitedInput(InputStream in) {
    super(in);
  }

  /** Starts counting for the next object. */
  void allowMore() {
    left = OBJECT_BYTES;
  }

  @Override
  public int read() throws IOException {
    int b = super.read();
    if (b >= 0) {
      took(1);
    }
    return b;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    int count = super.read(buffer, offset, length);
    if (count > 0) {
      took(count);
    }
    return count;
  }

  private void took(int count) throws IOException {
    left -= count;
    if (left < 0) {
      throw new IOException("an object is larger than " + OBJECT_BYTES + " bytes");
    }
  }
}
