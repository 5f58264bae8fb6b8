package dev.psc.jvm.internal.recording;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Decompresses a file into another one: recordings one after the other, all those of a zip. Not
 * thread-safe.
 */
final class Decompression {

  /** The largest ratio of decompressed to compressed bytes; recordings reach about ten. */
  static final int MAX_RATIO = 100;

  /** The size that a file may expand to whatever its ratio. */
  static final long SMALL_BYTES = 64L << 20;

  /** Enough for a compressed file in a zip in a compressed file. */
  private static final int MAX_DEPTH = 3;

  /** The most files of a zip that are named as left out. */
  private static final int MAX_NAMED = 20;

  private static final int MAX_NAME_CHARS = 200;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int HEAD_BYTES = 6;
  private static final byte[] MAGIC = {'F', 'L', 'R', 0};

  private final Path from;
  private final OutputStream out;
  private final long maxBytes;
  private final long maxExpanded;
  private final List<Part> parts = new ArrayList<>();
  private final List<String> remarks;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private long written;
  private long skipped;
  private int leftOut;

  /**
   * A recording in the decompressed file.
   *
   * @param start where it begins
   * @param end where it ends
   */
  record Part(long start, long end) {}

  private Decompression(Path from, OutputStream out, long maxBytes, List<String> remarks)
      throws IOException {
    this.from = from;
    this.out = out;
    this.maxBytes = maxBytes;
    this.maxExpanded = Math.max(SMALL_BYTES, Files.size(from) * MAX_RATIO);
    this.remarks = remarks;
  }

  /**
   * Decompresses a file.
   *
   * @param maxBytes the most bytes to write
   * @param remarks gets a remark about each part that is damaged or left out
   * @return the recordings in it
   * @throws IOException if it expands too much, is compressed in a way that cannot be read, or
   *     holds something other than recordings
   */
  static List<Part> run(Path from, Path to, long maxBytes, List<String> remarks)
      throws IOException {
    try (InputStream in = Files.newInputStream(from);
        OutputStream out = Files.newOutputStream(to)) {
      Decompression decompression = new Decompression(from, out, maxBytes, remarks);
      decompression.unpack(new BufferedInputStream(in, BUFFER_BYTES), "", 0);
      return decompression.parts;
    }
  }

  /**
   * Unpacks one file.
   *
   * @param entry its name in a zip, or empty
   */
  private void unpack(BufferedInputStream in, String entry, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException(from + " is compressed more than " + MAX_DEPTH + " times");
    }
    long before = written;
    try {
      in.mark(HEAD_BYTES);
      byte[] first = in.readNBytes(HEAD_BYTES);
      in.reset();
      Compression compression = Compression.of(first);
      if (compression == Compression.NONE) {
        copy(in, first, entry);
      } else if (!compression.isReadable()) {
        leaveOut(entry, "is compressed with " + compression.advice());
      } else if (compression == Compression.ZIP) {
        unpackZip(in, depth);
      } else {
        unpack(new BufferedInputStream(compression.open(in), BUFFER_BYTES), entry, depth + 1);
      }
    } catch (EOFException | ZipException e) {
      remarks.add(
          named(entry)
              + " is damaged or cut off after "
              + (written - before)
              + " decompressed bytes ("
              + e.getMessage()
              + ")");
    }
  }

  private static String named(String entry) {
    if (entry.isEmpty()) {
      return "the compressed file";
    }
    String name = entry.replaceAll("\\p{Cntrl}", "?");
    return "the file "
        + (name.length() > MAX_NAME_CHARS ? name.substring(0, MAX_NAME_CHARS) + "…" : name)
        + " in the zip";
  }

  private void leaveOut(String entry, String why) throws IOException {
    if (entry.isEmpty()) {
      throw new IOException(from + " " + why);
    }
    if (leftOut++ < MAX_NAMED) {
      remarks.add(named(entry) + " is left out: it " + why);
    }
  }

  private void unpackZip(InputStream in, int depth) throws IOException {
    ZipInputStream zip = new ZipInputStream(in, StandardCharsets.UTF_8);
    boolean empty = true;
    for (ZipEntry entry = next(zip); entry != null; entry = next(zip)) {
      if (!entry.isDirectory()) {
        empty = false;
        unpack(
            new BufferedInputStream(new Unclosed(zip), BUFFER_BYTES), entry.getName(), depth + 1);
      }
      skipRest(zip);
    }
    if (empty) {
      throw new EOFException("the zip has no file in it");
    }
    if (leftOut > MAX_NAMED) {
      remarks.add((leftOut - MAX_NAMED) + " more files in the zip are left out");
    }
  }

  /** Reads the rest of an entry, as the next call would without a limit. */
  private void skipRest(InputStream entry) throws IOException {
    for (int read = entry.read(buffer); read >= 0; read = entry.read(buffer)) {
      skipped += read;
      if (skipped > maxExpanded) {
        throw expands();
      }
    }
  }

  private IOException expands() {
    return new IOException(
        from
            + " expands to more than "
            + maxExpanded
            + " bytes (64 MiB or "
            + MAX_RATIO
            + " times its size, whichever is more); if it is a recording, decompress it first");
  }

  private static @Nullable ZipEntry next(ZipInputStream zip) throws IOException {
    try {
      return zip.getNextEntry();
    } catch (IllegalArgumentException e) {
      ZipException damaged = new ZipException("the name of a file is not UTF-8");
      damaged.initCause(e);
      throw damaged;
    }
  }

  private void copy(InputStream in, byte[] first, String entry) throws IOException {
    for (int i = 0; i < MAGIC.length; i++) {
      if (i < first.length && first[i] != MAGIC[i]) {
        leaveOut(entry, "is not a flight recording: it does not begin with FLR");
        return;
      }
    }
    long start = written;
    try {
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        if (written + read > maxBytes) {
          throw JfrFile.tooLarge(from, maxBytes);
        }
        if (written + read > maxExpanded) {
          throw expands();
        }
        out.write(buffer, 0, read);
        written += read;
      }
    } finally {
      parts.add(new Part(start, written));
    }
  }

  /** An entry of a zip, whose end does not close the zip. */
  private static final class Unclosed extends FilterInputStream {
    Unclosed(InputStream in) {
      super(in);
    }

    @Override
    public void close() {}
  }
}
