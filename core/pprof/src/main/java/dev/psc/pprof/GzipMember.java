package dev.psc.pprof;

import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes one gzip member whose bytes depend on the content alone: no time, no file name. */
final class GzipMember {

  /**
   * Measured on heap and CPU profiles of Go (26 kB to 545 kB): level 6 takes twice as long for
   * bodies that are 3 % smaller, level 1 saves a third of the time for bodies that are 10 to 20 %
   * larger, and level 9 takes four times as long for another 0.5 %.
   */
  static final int LEVEL = 4;

  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;

  private GzipMember() {}

  static byte[] compress(byte[] plain, int offset, int length) {
    byte[] out = new byte[HEADER_BYTES + TRAILER_BYTES + 64 + length / 2];
    out[0] = 0x1f;
    out[1] = (byte) 0x8b;
    out[2] = Deflater.DEFLATED;
    out[9] = (byte) 0xff; // unknown operating system
    int written = HEADER_BYTES;
    Deflater deflater = new Deflater(LEVEL, true);
    try {
      deflater.setInput(plain, offset, length);
      deflater.finish();
      while (!deflater.finished()) {
        if (out.length - written <= TRAILER_BYTES) {
          out = Grow.bytes(out, out.length + 1L);
        }
        written += deflater.deflate(out, written, out.length - written - TRAILER_BYTES);
      }
    } finally {
      deflater.end();
    }
    CRC32 crc = new CRC32();
    crc.update(plain, offset, length);
    written = littleEndian(out, written, (int) crc.getValue());
    written = littleEndian(out, written, length);
    return Arrays.copyOf(out, written);
  }

  private static int littleEndian(byte[] out, int at, int value) {
    for (int i = 0; i < 4; i++) {
      out[at + i] = (byte) (value >>> (8 * i));
    }
    return at + 4;
  }
}
