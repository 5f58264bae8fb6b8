package dev.psc.jvm.internal.recording;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipException;

/**
 * A recording as a list of chunks. Each chunk is a complete recording and is read alone, so that a
 * damaged one does not hide the others. Not thread-safe.
 */
public final class JfrFile implements AutoCloseable {

  private static final int MAGIC = 0x464C5200; // FLR and a zero
  private static final int HEADER_BYTES = 68;
  private static final int BUFFER_BYTES = 1 << 16;

  /** A chunk of the JDK has some megabytes. */
  private static final int MAX_CHUNKS = 100_000;

  private final Path file;
  private final Path shown;
  private final FileChannel channel;
  private final List<Chunk> chunks = new ArrayList<>();
  private final List<String> remarks = new ArrayList<>();
  private final long size;

  /**
   * A whole chunk.
   *
   * @param offset where it begins
   * @param size its bytes
   * @param startNanos when it began, in nanoseconds since 1970
   * @param durationNanos how long it is
   */
  record Chunk(long offset, long size, long startNanos, long durationNanos) {
    /** Returns when it ended, in nanoseconds since 1970. */
    long endNanos() {
      return startNanos + Math.max(0, durationNanos);
    }
  }

  private JfrFile(Path file, Path shown, FileChannel channel) throws IOException {
    this.file = file;
    this.shown = shown;
    this.channel = channel;
    this.size = channel.size();
  }

  /**
   * Opens a file, as it is or compressed with gzip, zip or LZ4.
   *
   * @param maxBytes most bytes, inflated
   */
  public static JfrFile open(Path path, long maxBytes) throws IOException {
    Compression compression = Compression.of(path);
    if (compression == Compression.NONE) {
      return open(path, path, maxBytes, List.of());
    }
    if (!compression.isReadable()) {
      throw new IOException(path + " is compressed with " + compression.advice());
    }
    return openInflated(path, compression, maxBytes);
  }

  private static JfrFile openInflated(Path path, Compression compression, long maxBytes)
      throws IOException {
    Path inflated = Files.createTempFile("psc-", ".jfr");
    try {
      List<String> remarks = new ArrayList<>();
      inflate(path, compression, inflated, maxBytes, remarks);
      return open(inflated, path, maxBytes, remarks);
    } catch (IOException | RuntimeException e) {
      Files.deleteIfExists(inflated);
      throw e;
    }
  }

  private static JfrFile open(Path file, Path shown, long maxBytes, List<String> remarks)
      throws IOException {
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      JfrFile opened = new JfrFile(file, shown, channel);
      opened.remarks.addAll(remarks);
      if (opened.size > maxBytes) {
        throw tooLarge(shown, maxBytes);
      }
      opened.findChunks();
      return opened;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static IOException tooLarge(Path path, long maxBytes) {
    return new IOException(path + " has more than maxBytes = " + maxBytes + " bytes");
  }

  private static void inflate(
      Path from, Compression compression, Path to, long maxBytes, List<String> remarks)
      throws IOException {
    long written = 0;
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = compression.open(Files.newInputStream(from));
        OutputStream out = Files.newOutputStream(to)) {
      int read = in.read(buffer);
      while (read >= 0) {
        written += read;
        if (written > maxBytes) {
          throw tooLarge(from, maxBytes);
        }
        out.write(buffer, 0, read);
        read = in.read(buffer);
      }
    } catch (EOFException | ZipException e) {
      remarks.add(
          "the compressed file is damaged or cut off after "
              + written
              + " inflated bytes ("
              + e.getMessage()
              + ")");
    }
  }

  private void findChunks() throws IOException {
    long offset = 0;
    while (offset < size) {
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
      while (header.hasRemaining() && channel.read(header, offset + header.position()) >= 0) {}
      header.flip();
      if (header.remaining() >= 4 && header.getInt(0) != MAGIC) {
        if (offset == 0) {
          throw new IOException(shown + " is not a flight recording: it does not begin with FLR");
        }
        remarks.add(missing(offset) + " belong to no chunk");
        break;
      }
      if (chunks.size() == MAX_CHUNKS) {
        remarks.add(
            missing(offset) + " are left out: there are more than " + MAX_CHUNKS + " chunks");
        break;
      }
      long bytes = header.remaining() < HEADER_BYTES ? 0 : header.getLong(8);
      if (bytes < HEADER_BYTES || bytes > size - offset) {
        remarks.add(missing(offset) + " are a chunk that was not finished or was cut off");
        break;
      }
      chunks.add(new Chunk(offset, bytes, header.getLong(32), header.getLong(40)));
      offset += bytes;
    }
    if (chunks.isEmpty()) {
      throw new IOException(
          shown + " has no whole chunk: " + (size == 0 ? "it is empty" : remarks.get(0)));
    }
  }

  private String missing(long offset) {
    return "the last " + (size - offset) + " of " + size + " bytes";
  }

  List<Chunk> chunks() {
    return chunks;
  }

  /** Returns when the file was last written, in nanoseconds since 1970. */
  long modifiedNanos() throws IOException {
    return Files.getLastModifiedTime(shown).to(TimeUnit.NANOSECONDS);
  }

  /** Returns remarks about what is not whole. */
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
      Files.deleteIfExists(file); // what was inflated
    }
  }
}
