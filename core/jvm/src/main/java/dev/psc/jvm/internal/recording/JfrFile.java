package dev.psc.jvm.internal.recording;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A recording as a list of chunks. Each chunk is a complete recording and is read alone, so that a
 * damaged one does not hide the others. Not thread-safe.
 */
public final class JfrFile implements AutoCloseable {

  private static final int MAGIC = 0x464C5200; // FLR and a zero

  /** Version 0.9: chunks do not state their size. */
  private static final int OLD_FORMAT = 9;

  private static final int HEADER_BYTES = 68;
  private static final int BUFFER_BYTES = 1 << 16;

  /** A chunk of the JDK has some megabytes. */
  private static final int MAX_CHUNKS = 100_000;

  /** The most chunks with equal headers that a chunk is compared with. */
  static final int MAX_ALIKE = 4;

  /** The year 2000: an earlier time is damage. */
  private static final long EARLIEST_NANOS = 946_684_800_000_000_000L;

  /** The year 2100. */
  private static final long LATEST_NANOS = 4_102_444_800_000_000_000L;

  /** Ten years, longer than any recording. */
  static final long LONGEST_NANOS = 315_576_000_000_000_000L;

  private final Path file;
  private final Path shown;
  private final FileChannel channel;
  private final List<Chunk> chunks = new ArrayList<>();
  private final List<String> remarks = new ArrayList<>();

  /**
   * A whole chunk.
   *
   * @param offset where it begins
   * @param size its bytes
   * @param startNanos when it began, in nanoseconds since 1970
   * @param durationNanos how long it is
   */
  record Chunk(long offset, long size, long startNanos, long durationNanos) {
    /** Returns whether it states a time at which it may have been recorded. */
    boolean hasTime() {
      return startNanos >= EARLIEST_NANOS
          && startNanos < LATEST_NANOS
          && durationNanos < LONGEST_NANOS;
    }

    /** Returns when it ended, in nanoseconds since 1970. */
    long endNanos() {
      return startNanos + Math.max(0, durationNanos);
    }
  }

  private JfrFile(Path file, Path shown, FileChannel channel) {
    this.file = file;
    this.shown = shown;
    this.channel = channel;
  }

  /**
   * Opens a file, as it is or compressed with gzip, zip or LZ4.
   *
   * @param maxBytes the most bytes, decompressed
   */
  public static JfrFile open(Path path, long maxBytes) throws IOException {
    Compression compression = Compression.of(path);
    if (compression == Compression.NONE) {
      long size = Files.size(path);
      if (size > maxBytes) {
        throw tooLarge(path, maxBytes);
      }
      return open(path, path, List.of(new Decompression.Part(0, size)), List.of());
    }
    if (!compression.isReadable()) {
      throw new IOException(path + " is compressed with " + compression.advice());
    }
    return openDecompressed(path, maxBytes);
  }

  private static JfrFile openDecompressed(Path path, long maxBytes) throws IOException {
    Path decompressed = Files.createTempFile("psc-", ".jfr");
    try {
      List<String> remarks = new ArrayList<>();
      List<Decompression.Part> parts = Decompression.run(path, decompressed, maxBytes, remarks);
      return open(decompressed, path, parts, remarks);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(decompressed);
      throw e;
    }
  }

  private static JfrFile open(
      Path file, Path shown, List<Decompression.Part> parts, List<String> remarks)
      throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      JfrFile opened = new JfrFile(file, shown, channel);
      opened.remarks.addAll(remarks);
      for (Decompression.Part part : parts) {
        opened.findChunks(part.start(), part.end());
      }
      opened.dropRepeated();
      if (opened.chunks.isEmpty()) {
        throw new IOException(
            shown
                + " has no complete chunk: "
                + (opened.remarks.isEmpty() ? "it is empty" : String.join("; ", opened.remarks)));
      }
      return opened;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  static IOException tooLarge(Path path, long maxBytes) {
    return new IOException(path + " has more than maxBytes = " + maxBytes + " bytes");
  }

  private void findChunks(long start, long end) throws IOException {
    long offset = start;
    while (offset < end) {
      ByteBuffer header = header(offset, end);
      if (header.remaining() >= 4 && header.getInt(0) != MAGIC) {
        if (offset == start) {
          throw new IOException(shown + " is not a flight recording: it does not begin with FLR");
        }
        remarks.add(missing(offset, start, end) + " belong to no chunk");
        break;
      }
      if (header.remaining() >= 8 && header.getInt(4) == OLD_FORMAT) {
        String what =
            "format 0.9 of Oracle JDK 7 and 8 and of async-profiler 1.x, which is not read";
        if (offset == start) {
          throw new IOException(
              shown
                  + " is in the "
                  + what
                  + "; record with JDK 8u262 or async-profiler 2.0 or later");
        }
        remarks.add(missing(offset, start, end) + " are in the " + what);
        break;
      }
      if (chunks.size() == MAX_CHUNKS) {
        remarks.add(
            missing(offset, start, end)
                + " are left out: there are more than "
                + MAX_CHUNKS
                + " chunks");
        break;
      }
      long bytes = header.remaining() < HEADER_BYTES ? 0 : header.getLong(8);
      if (bytes < HEADER_BYTES || bytes > end - offset) {
        remarks.add(
            missing(offset, start, end) + " are a chunk that was not finished or was cut off");
        break;
      }
      chunks.add(new Chunk(offset, bytes, header.getLong(32), header.getLong(40)));
      offset += bytes;
    }
  }

  private ByteBuffer header(long offset, long end) throws IOException {
    ByteBuffer header = ByteBuffer.allocate((int) Math.min(HEADER_BYTES, end - offset));
    while (header.hasRemaining() && channel.read(header, offset + header.position()) >= 0) {}
    return header.flip();
  }

  /** Removes chunks that are there before, as in dumps of one recording that were joined. */
  private void dropRepeated() throws IOException {
    Map<ByteBuffer, List<Chunk>> byHeader = new HashMap<>();
    List<Chunk> once = new ArrayList<>();
    for (Chunk chunk : chunks) {
      List<Chunk> alike = byHeader.computeIfAbsent(header(chunk), added -> new ArrayList<>(1));
      boolean repeated = false;
      for (Chunk other : alike) {
        repeated |= equal(this, chunk, this, other);
      }
      if (!repeated) {
        once.add(chunk);
        if (alike.size() < MAX_ALIKE) {
          alike.add(chunk);
        }
      }
    }
    if (once.size() < chunks.size()) {
      remarks.add(
          (chunks.size() - once.size())
              + " of "
              + chunks.size()
              + " chunks are copies of others and are not counted again");
      chunks.clear();
      chunks.addAll(once);
    }
  }

  /** Returns the header of a chunk. */
  ByteBuffer header(Chunk chunk) throws IOException {
    return header(chunk.offset, chunk.offset + chunk.size);
  }

  /** Returns whether two chunks have the same bytes. */
  static boolean equal(JfrFile ofA, Chunk a, JfrFile ofB, Chunk b) throws IOException {
    if (a.size != b.size) {
      return false;
    }
    ByteBuffer left = ByteBuffer.allocate(BUFFER_BYTES);
    ByteBuffer right = ByteBuffer.allocate(BUFFER_BYTES);
    for (long at = 0; at < a.size; at += left.limit()) {
      int length = (int) Math.min(BUFFER_BYTES, a.size - at);
      ofA.read(left.clear().limit(length), a.offset + at);
      ofB.read(right.clear().limit(length), b.offset + at);
      if (!left.flip().equals(right.flip())) {
        return false;
      }
    }
    return true;
  }

  private void read(ByteBuffer into, long at) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into, at + into.position()) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
  }

  private static String missing(long offset, long start, long end) {
    return "the last " + (end - offset) + " of " + (end - start) + " bytes";
  }

  List<Chunk> chunks() {
    return chunks;
  }

  /** Returns when the file was last written, in nanoseconds since 1970. */
  long modifiedNanos() throws IOException {
    return Files.getLastModifiedTime(shown).to(TimeUnit.NANOSECONDS);
  }

  /** Returns remarks about incomplete parts. */
  List<String> remarks() {
    return remarks;
  }

  /** Returns the bytes of all chunks. */
  FileChannel channel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    channel.close();
    if (!file.equals(shown)) {
      Files.deleteIfExists(file); // what was decompressed
    }
  }
}
