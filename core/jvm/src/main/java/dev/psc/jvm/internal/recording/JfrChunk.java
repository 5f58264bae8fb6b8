package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrThreads;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A chunk of a recording, read from the format: the types that its metadata describe, its
 * constants, and then its events, one after the other through a buffer. Events that are not decoded
 * are skipped by their size. In memory are the constants, not the events. Not thread-safe.
 */
final class JfrChunk {

  private static final int HEADER_BYTES = 68;
  private static final int BUFFER_BYTES = 1 << 18;

  /** An event that is larger is damage. */
  private static final int MAX_EVENT_BYTES = 16 << 20;

  /** Some hundred thousand bytes are usual. */
  private static final int MAX_METADATA_BYTES = 16 << 20;

  /** Size and type of an event, nine bytes each at most. */
  private static final int EVENT_HEAD_BYTES = 18;

  /** Size, type, start, duration, delta, kind and number of pools of a checkpoint. */
  private static final int CHECKPOINT_HEAD_BYTES = 64;

  private static final long CHECKPOINT = 1;
  private static final byte COMPRESSED = 1;

  private final FileChannel file;
  private final long offset;
  private final long size;
  private final boolean compressed;
  private final long constantsAt;
  private final long metadataAt;
  private final JfrClock clock;
  private final JfrMetadata metadata;
  private final JfrConstants constants;
  private final LongTable typeIds = new LongTable(256);
  private final List<JfrChunkEvents> types = new ArrayList<>();

  private final JfrInput in;
  private long bufferAt;
  private int buffered;
  private long next = HEADER_BYTES;
  private long current;
  private long currentSize;

  /**
   * Reads the metadata and the constants.
   *
   * @param stackPool gets the stacks
   */
  JfrChunk(FileChannel file, JfrFile.Chunk chunk, StackPool stackPool, JfrThreads threads)
      throws IOException {
    this.file = file;
    this.offset = chunk.offset();
    this.size = chunk.size();
    JfrInput header = new JfrInput(bytes(0, HEADER_BYTES), false);
    header.position(4);
    short major = header.readShort();
    short minor = header.readShort();
    if (major != 1 && major != 2) {
      throw new IOException(
          "unsupported format version " + major + "." + minor + "; supported are 1.x and 2.x");
    }
    header.position(16);
    constantsAt = header.readLong();
    metadataAt = header.readLong();
    long startNanos = header.readLong();
    header.readLong(); // duration
    clock = new JfrClock(startNanos, header.readLong(), header.readLong());
    compressed = (header.bytes()[67] & COMPRESSED) != 0;
    metadata = readMetadata();
    constants = readConstants(stackPool, threads);
    for (JfrType type : metadata.types()) {
      if (type.isEvent()) {
        typeIds.add(type.id());
        types.add(new JfrChunkEvents(type, constants, clock));
      }
    }
    in = new JfrInput(new byte[(int) Math.min(BUFFER_BYTES, size)], compressed);
  }

  /** Returns bytes of the chunk. */
  private byte[] bytes(long at, int length) throws IOException {
    byte[] bytes = new byte[length];
    fill(ByteBuffer.wrap(bytes), at);
    return bytes;
  }

  private void fill(ByteBuffer buffer, long at) throws IOException {
    while (buffer.hasRemaining()) {
      if (file.read(buffer, offset + at + buffer.position()) < 0) {
        throw new EOFException("the file became shorter while it was read");
      }
    }
  }

  /** Returns the size that an event states, which lies within the chunk. */
  private int sizeOfEvent(long at, String what) throws IOException {
    if (at < HEADER_BYTES || at >= size) {
      throw new IOException("its " + what + " should be at byte " + at + " of " + size);
    }
    JfrInput head =
        new JfrInput(bytes(at, (int) Math.min(EVENT_HEAD_BYTES, size - at)), compressed);
    int bytes = head.readInt();
    if (bytes <= 0 || bytes > size - at) {
      throw new IOException(
          "its " + what + " at byte " + at + " have a size of " + bytes + " bytes");
    }
    return bytes;
  }

  private JfrMetadata readMetadata() throws IOException {
    int bytes = sizeOfEvent(metadataAt, "metadata");
    if (bytes > MAX_METADATA_BYTES) {
      throw new IOException("its metadata have " + bytes + " bytes");
    }
    return JfrMetadata.read(new JfrInput(bytes(metadataAt, bytes), compressed));
  }

  /**
   * Reads all checkpoints, each of which has the distance to the previous one; newest first. Each
   * counts once, and together they have no more bytes than the chunk.
   */
  private JfrConstants readConstants(StackPool stackPool, JfrThreads threads) throws IOException {
    List<long[]> found = new ArrayList<>();
    Set<Long> seen = new HashSet<>();
    long all = 0;
    long at = constantsAt;
    long delta = 1;
    while (delta != 0) {
      int bytes = sizeOfEvent(at, "constants");
      all += bytes;
      if (!seen.add(at) || all > size) {
        throw new IOException("its constants at byte " + at + " refer to one another in a circle");
      }
      JfrInput head = new JfrInput(bytes(at, Math.min(CHECKPOINT_HEAD_BYTES, bytes)), compressed);
      head.readInt(); // size
      long type = head.readLong();
      if (type != CHECKPOINT) {
        throw new IOException(
            "expected constants at byte " + at + ", found an event of type" + " " + type);
      }
      head.readLong(); // start
      head.readLong(); // duration
      delta = head.readLong();
      head.readByte(); // kind
      found.add(new long[] {at, bytes, head.position()});
      at += delta;
    }
    long most = Math.min(Integer.MAX_VALUE - 8, Runtime.getRuntime().maxMemory() / 4);
    if (all > most) {
      throw new IOException(
          "its constants have " + all + " bytes, more than a quarter of the heap; raise -Xmx");
    }
    byte[] bytes = new byte[(int) all];
    int filled = 0;
    for (long[] checkpoint : found) {
      fill(ByteBuffer.wrap(bytes, filled, (int) checkpoint[1]).slice(), checkpoint[0]);
      filled += (int) checkpoint[1];
    }
    JfrConstants read =
        new JfrConstants(new JfrInput(bytes, compressed), metadata, stackPool, threads);
    int start = 0;
    for (long[] checkpoint : found) {
      int end = start + (int) checkpoint[1];
      read.addCheckpoint(start + (int) checkpoint[2], end);
      start = end;
    }
    return read;
  }

  /** Returns whether the chunk describes an event type. */
  boolean describes(String event) {
    for (JfrChunkEvents events : types) {
      if (RecordingConverter.currentName(events.type().name()).equals(event)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the types of events, of which {@link #next()} returns the indexes. */
  List<JfrChunkEvents> types() {
    return types;
  }

  /** Advances to the next event and returns the index of its type, or -1 at the end. */
  int next() throws IOException {
    while (next < size) {
      current = next;
      buffer(current, Math.min(EVENT_HEAD_BYTES, size - current));
      in.position((int) (current - bufferAt));
      int start = in.position();
      currentSize = in.readInt();
      long type = in.readLong();
      if (currentSize < in.position() - start || currentSize > size - current) {
        throw new IOException(
            "the event at byte "
                + current
                + " states an invalid size of "
                + currentSize
                + " bytes");
      }
      next = current + currentSize;
      int index = typeIds.indexOf(type);
      if (index >= 0) {
        return index;
      }
    }
    return -1;
  }

  /** Reads the current event; it replaces the previous event of this type. */
  JfrEvent decode(int type) throws IOException {
    if (currentSize > MAX_EVENT_BYTES) {
      throw new IOException("the event at byte " + current + " is too large: " + currentSize);
    }
    buffer(current, currentSize);
    in.position((int) (current - bufferAt));
    in.readInt(); // size
    in.readLong(); // type
    JfrChunkEvents event = types.get(type);
    event.read(in);
    if (in.position() - (current - bufferAt) > currentSize) {
      throw new IOException("the event at byte " + current + " is longer than its stated size");
    }
    return event;
  }

  /** Makes sure that bytes of the chunk are in the buffer. */
  private void buffer(long at, long length) throws IOException {
    if (at >= bufferAt && at + length <= bufferAt + buffered) {
      return;
    }
    byte[] bytes = in.bytes();
    if (bytes.length < length) {
      bytes = new byte[(int) length];
      in.reset(bytes, 0);
    }
    int wanted = (int) Math.min(bytes.length, size - at);
    buffered = 0;
    fill(ByteBuffer.wrap(bytes, 0, wanted).slice(), at);
    bufferAt = at;
    buffered = wanted;
  }

  /** Returns where the reading is, for a remark. */
  long position() {
    return current;
  }
}
