package dev.psc.pprof.internal.wire;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * gzip over byte arrays. Unlike {@link java.util.zip.GZIPInputStream} it reads every member however
 * the bytes arrived, checks that nothing follows the last one, and stops at limits.
 */
public final class Gzip {

  /**
   * The level that profiles are compressed with. Measured on heap and CPU profiles of Go (26 kB to
   * 545 kB): level 6 takes twice as long for bodies that are 3 % smaller, level 1 saves a third of
   * the time for bodies that are 10 to 20 % larger, and level 9 takes four times as long for
   * another 0.5 %.
   */
  public static final int LEVEL = 4;

  /** The result of inflating: {@code buf[0..length)}. */
  @SuppressWarnings("ArrayRecordComponent") // Internal, and never compared.
  public record Inflated(byte[] buf, int length, int members) {}

  /** The size of the pieces in which output is produced, so that limits are checked often. */
  private static final int PIECE = 1 << 20;

  /** The size of the pieces of compressed output. */
  private static final int KEPT_PIECE = 1 << 14;

  /** The size from which the ratio is checked. */
  private static final int RATIO_FREE_BYTES = 8 << 20;

  /** The blocks of a body of 256 MiB that is compressed in pieces of 32 KiB, as by bgzip. */
  private static final int MAX_MEMBERS = 1 << 13;

  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;
  private static final int FLAG_HEADER_CRC = 2;
  private static final int FLAG_EXTRA = 4;
  private static final int FLAG_NAME = 8;
  private static final int FLAG_COMMENT = 16;

  private static final byte[] HEADER = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff};

  private final byte[] body;
  private final int from;
  private final int to;
  private final PprofLimits limits;
  private final int wireBytes;
  private final CRC32 crc = new CRC32();
  private byte[] out;
  private int size;

  private Gzip(byte[] body, int from, int to, PprofLimits limits, int wireBytes, boolean shared) {
    this.body = body;
    this.from = from;
    this.to = to;
    this.limits = limits;
    this.wireBytes = wireBytes;
    int expected = expectedSize(body, from, to, limits);
    this.out = shared ? InflatePool.output(expected) : new byte[expected];
  }

  public static boolean isGzip(byte[] body, int from, int to) {
    return to - from >= 2 && body[from] == 0x1f && body[from + 1] == (byte) 0x8b;
  }

  /**
   * Inflates all members of a body that may itself have been inflated.
   *
   * @param wireBytes how many bytes came over the wire, which the ratio is counted from
   * @param shared whether the output is one of {@link InflatePool}
   */
  public static Inflated inflate(
      byte[] body, int from, int to, PprofLimits limits, int wireBytes, boolean shared)
      throws PprofException {
    Gzip gzip = new Gzip(body, from, to, limits, wireBytes, shared);
    Inflater inflater = InflatePool.inflater();
    try {
      int members = 0;
      int at = from;
      while (at < to) {
        if (!isGzip(body, at, to)) {
          throw gzip.trailing(at);
        }
        if (++members > MAX_MEMBERS) {
          throw gzip.tooManyMembers(at);
        }
        at = gzip.member(inflater, at);
        inflater.reset();
      }
      return new Inflated(gzip.out, gzip.size, members);
    } finally {
      InflatePool.release(inflater);
    }
  }

  /** The trailer's size where it is plausible; it may lie, so a wrong one only costs a copy. */
  private static int expectedSize(byte[] body, int from, int to, PprofLimits limits) {
    long wire = (long) to - from;
    long guess = wire * 4;
    if (wire >= HEADER_BYTES + TRAILER_BYTES) {
      long claimed = littleEndian(body, to - 4);
      if (claimed <= Math.max(wire * 16, 1 << 16)) {
        guess = claimed;
      }
    }
    // One byte more than needed: zlib reports the end of the stream only with room for output.
    return (int) Math.min(guess, limits.inflatedBytes()) + 1;
  }

  private int member(Inflater inflater, int at) throws PprofException {
    int data = header(at);
    int begin = size;
    inflater.setInput(body, data, to - data);
    try {
      while (!inflater.finished()) {
        if (size == out.length) {
          grow();
        }
        int n = inflater.inflate(out, size, Math.min(PIECE, out.length - size));
        size += n;
        if (size > limits.inflatedBytes()) {
          throw tooLarge();
        }
        if (n == 0 && !inflater.finished()) {
          if (inflater.needsDictionary()) {
            throw corrupt(data, "it needs a preset dictionary");
          }
          if (inflater.needsInput()) {
            throw truncated(to);
          }
        }
        checkRatio(data - from + inflater.getBytesRead());
      }
    } catch (DataFormatException e) {
      long damaged = data + inflater.getBytesRead();
      throw new PprofException(
          PprofException.CORRUPT,
          "byte " + damaged,
          "the gzip stream is damaged near byte " + damaged + "; fetch the profile again",
          e);
    }
    int trailer = data + (int) inflater.getBytesRead();
    if (to - trailer < TRAILER_BYTES) {
      throw truncated(to);
    }
    crc.reset();
    crc.update(out, begin, size - begin);
    if (crc.getValue() != littleEndian(body, trailer)) {
      throw corrupt(trailer, "its checksum is wrong");
    }
    if (size - begin != littleEndian(body, trailer + 4)) {
      throw corrupt(trailer + 4, "its length is wrong");
    }
    return trailer + TRAILER_BYTES;
  }

  private int header(int from) throws PprofException {
    if (to - from < HEADER_BYTES) {
      throw truncated(to);
    }
    if (body[from + 2] != 8) {
      throw corrupt(from + 2, "its compression method is unknown");
    }
    int flags = body[from + 3];
    int at = from + HEADER_BYTES;
    if ((flags & FLAG_EXTRA) != 0) {
      if (to - at < 2) {
        throw truncated(to);
      }
      at += 2 + (body[at] & 0xff) + ((body[at + 1] & 0xff) << 8);
    }
    if ((flags & FLAG_NAME) != 0) {
      at = afterZero(at);
    }
    if ((flags & FLAG_COMMENT) != 0) {
      at = afterZero(at);
    }
    if ((flags & FLAG_HEADER_CRC) != 0) {
      at += 2;
    }
    if (at >= to) {
      throw truncated(to);
    }
    return at;
  }

  private int afterZero(int from) throws PprofException {
    int at = from;
    while (at < to && body[at] != 0) {
      at++;
    }
    if (at >= to) {
      throw truncated(to);
    }
    return at + 1;
  }

  private void grow() throws PprofException {
    if (size > limits.inflatedBytes()) {
      throw tooLarge();
    }
    long wanted = Math.max(out.length * 2L, 1 << 12);
    out = Arrays.copyOf(out, (int) Math.min(wanted, limits.inflatedBytes() + 1));
  }

  /** Counts over all members and both layers: small members must not add up to a bomb. */
  private void checkRatio(long inflated) throws PprofException {
    long read = Math.min(inflated, wireBytes);
    if (size > RATIO_FREE_BYTES && size > read * limits.ratio()) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "byte " + size + " inflated",
          "the gzip stream inflates to more than "
              + limits.ratio()
              + " times its size ("
              + read
              + " bytes gave "
              + size
              + "); raise the limit PprofLimits.ratio if this is a real profile");
    }
  }

  private PprofException tooManyMembers(int at) {
    return new PprofException(
        PprofException.TOO_LARGE,
        "byte " + at,
        "the body has more than "
            + MAX_MEMBERS
            + " gzip members; the server must compress a profile as a whole");
  }

  private PprofException tooLarge() {
    return new PprofException(
        PprofException.TOO_LARGE,
        "byte " + size + " inflated",
        "the profile inflates to more than "
            + limits.inflatedBytes()
            + " bytes; raise the limit PprofLimits.inflatedBytes or profile for a shorter time");
  }

  private PprofException trailing(int at) {
    return new PprofException(
        PprofException.TRAILING_GARBAGE,
        "byte " + at,
        (to - at)
            + " bytes that are not gzip follow the profile at byte "
            + at
            + " ("
            + Sniffer.printable(body, at, to)
            + "): the server wrote something after the profile");
  }

  private static PprofException truncated(int at) {
    return new PprofException(
        PprofException.TRUNCATED,
        "byte " + at,
        "the gzip stream ends too early, after "
            + at
            + " bytes: the response was cut off; fetch the profile again");
  }

  private static PprofException corrupt(int at, String what) {
    return new PprofException(
        PprofException.CORRUPT,
        "byte " + at,
        "the gzip stream is damaged: " + what + " (byte " + at + "); fetch the profile again");
  }

  private static long littleEndian(byte[] b, int at) {
    return (b[at] & 0xffL)
        | (b[at + 1] & 0xffL) << 8
        | (b[at + 2] & 0xffL) << 16
        | (b[at + 3] & 0xffL) << 24;
  }

  /** Compresses to one gzip member whose header names neither time nor system. */
  public static byte[] deflate(byte[] source, int from, int to, int level) {
    try (Writer writer = new Writer(level)) {
      writer.add(source, from, to);
      return writer.finish();
    }
  }

  /**
   * Compresses what comes bit by bit to one gzip member. What was compressed is kept in pieces and
   * put together once, as an array that grows would be allocated several times over. Not
   * thread-safe.
   */
  public static final class Writer implements AutoCloseable {

    private final Deflater deflater;
    private final CRC32 crc = new CRC32();
    private final List<byte[]> full = new ArrayList<>();
    private byte[] piece = new byte[KEPT_PIECE];
    private int inPiece = HEADER.length;
    private int source;

    public Writer(int level) {
      deflater = new Deflater(level, true);
      System.arraycopy(HEADER, 0, piece, 0, HEADER.length);
    }

    /** Compresses these bytes, which may be changed afterwards. */
    public void add(byte[] bytes, int from, int to) {
      crc.update(bytes, from, to - from);
      source += to - from;
      deflater.setInput(bytes, from, to - from);
      while (!deflater.needsInput()) {
        compress();
      }
    }

    private void compress() {
      if (inPiece == piece.length) {
        full.add(piece);
        piece = new byte[KEPT_PIECE];
        inPiece = 0;
      }
      inPiece += deflater.deflate(piece, inPiece, piece.length - inPiece);
    }

    /** Returns the member. */
    public byte[] finish() {
      deflater.finish();
      while (!deflater.finished()) {
        compress();
      }
      int before = full.size() * KEPT_PIECE;
      byte[] member = new byte[before + inPiece + TRAILER_BYTES];
      for (int i = 0; i < full.size(); i++) {
        System.arraycopy(full.get(i), 0, member, i * KEPT_PIECE, KEPT_PIECE);
      }
      System.arraycopy(piece, 0, member, before, inPiece);
      putLittleEndian(member, before + inPiece, (int) crc.getValue());
      putLittleEndian(member, before + inPiece + 4, source);
      return member;
    }

    /** Releases the memory outside the heap. */
    @Override
    public void close() {
      deflater.end();
    }
  }

  private static void putLittleEndian(byte[] b, int at, int value) {
    b[at] = (byte) value;
    b[at + 1] = (byte) (value >>> 8);
    b[at + 2] = (byte) (value >>> 16);
    b[at + 3] = (byte) (value >>> 24);
  }
}
