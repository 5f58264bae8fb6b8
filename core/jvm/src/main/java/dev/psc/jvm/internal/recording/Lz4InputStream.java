package dev.psc.jvm.internal.recording;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipException;

/**
 * Decompresses the frames of an LZ4 file. Checksums are skipped. Damage is a {@link ZipException}
 * or an {@link EOFException}. Not thread-safe; closing it closes the compressed stream.
 */
final class Lz4InputStream extends InputStream {

  private static final int MAGIC = 0x184D2204;
  private static final int SKIPPABLE = 0x184D2A50;

  /** The farthest that a match may lie back. */
  private static final int WINDOW = 1 << 16;

  private static final int MIN_MATCH = 4;

  private final InputStream in;

  /** The last bytes of the previous blocks, and then the current block. */
  private byte[] out = new byte[WINDOW];

  private byte[] block = new byte[0];
  private int at;
  private int end;
  private boolean inFrame;
  private boolean independent;
  private boolean blockChecksums;
  private boolean contentChecksum;
  private int maxBlock;

  Lz4InputStream(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    return fill() ? out[at++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, end - at);
    System.arraycopy(out, at, into, offset, count);
    at += count;
    return count;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  /** Returns whether there is a byte, after reading blocks as needed. */
  private boolean fill() throws IOException {
    while (at == end) {
      if (!inFrame && !beginFrame()) {
        return false;
      }
      if (inFrame) {
        nextBlock();
      }
    }
    return true;
  }

  private int littleEndian() throws IOException {
    return littleEndian(oneByte());
  }

  private int littleEndian(int first) throws IOException {
    return first | (oneByte() << 8) | (oneByte() << 16) | (oneByte() << 24);
  }

  private int oneByte() throws IOException {
    int value = in.read();
    if (value < 0) {
      throw new EOFException("Unexpected end of LZ4 data");
    }
    return value;
  }

  /** Returns false at the end of the file. */
  private boolean beginFrame() throws IOException {
    int first = in.read();
    if (first < 0) {
      return false;
    }
    int magic = littleEndian(first);
    if ((magic & 0xfffffff0) == SKIPPABLE) {
      in.skipNBytes(littleEndian() & 0xffffffffL);
      return true;
    }
    if (magic != MAGIC) {
      throw new ZipException("not an LZ4 frame");
    }
    int flags = oneByte();
    int size = (oneByte() >> 4) & 7;
    if (flags >> 6 != 1 || size < 4) {
      throw new ZipException("unknown kind of LZ4 frame");
    }
    if ((flags & 1) != 0) {
      throw new ZipException("LZ4 with a dictionary is not supported");
    }
    independent = (flags & 0x20) != 0;
    blockChecksums = (flags & 0x10) != 0;
    contentChecksum = (flags & 0x04) != 0;
    maxBlock = 1 << (8 + 2 * size);
    in.skipNBytes((flags & 0x08) != 0 ? 9 : 1); // the content's size, and the header's checksum
    at = 0;
    end = 0;
    inFrame = true;
    return true;
  }

  private void nextBlock() throws IOException {
    int size = littleEndian();
    if (size == 0) {
      inFrame = false;
      in.skipNBytes(contentChecksum ? 4 : 0);
      return;
    }
    boolean plain = size < 0;
    int length = size & 0x7fffffff;
    if (length > maxBlock) {
      throw new ZipException("an LZ4 block has the invalid size of " + length + " bytes");
    }
    int history = independent ? 0 : Math.min(end, WINDOW);
    System.arraycopy(out, end - history, out, 0, history);
    if (out.length < history + maxBlock) {
      byte[] larger = new byte[WINDOW + maxBlock];
      System.arraycopy(out, 0, larger, 0, history);
      out = larger;
    }
    if (block.length < length) {
      block = new byte[length];
    }
    if (in.readNBytes(block, 0, length) < length) {
      throw new EOFException("Unexpected end of LZ4 data");
    }
    in.skipNBytes(blockChecksums ? 4 : 0);
    at = history;
    end = history;
    try {
      if (plain) {
        System.arraycopy(block, 0, out, history, length);
        end += length;
      } else {
        decompress(length, history + maxBlock);
      }
    } catch (IndexOutOfBoundsException e) {
      ZipException damaged = new ZipException("a damaged LZ4 block");
      damaged.initCause(e);
      throw damaged;
    }
  }

  private void decompress(int length, int limit) throws IOException {
    int from = 0;
    int to = end;
    while (from < length) {
      int token = block[from++] & 0xff;
      int literals = token >> 4;
      if (literals == 15) {
        int more;
        do {
          more = block[from++] & 0xff;
          literals += more;
        } while (more == 255);
      }
      if (literals > length - from || literals > limit - to) {
        throw new ZipException("a damaged LZ4 block");
      }
      System.arraycopy(block, from, out, to, literals);
      from += literals;
      to += literals;
      if (from == length) {
        break; // the last sequence has no match
      }
      int distance = (block[from] & 0xff) | ((block[from + 1] & 0xff) << 8);
      from += 2;
      int match = token & 15;
      if (match == 15) {
        int more;
        do {
          more = block[from++] & 0xff;
          match += more;
        } while (more == 255);
      }
      match += MIN_MATCH;
      if (distance == 0 || distance > to || match > limit - to) {
        throw new ZipException("a damaged LZ4 block");
      }
      for (int i = 0; i < match; i++) {
        out[to] = out[to - distance];
        to++;
      }
    }
    end = to;
  }
}
