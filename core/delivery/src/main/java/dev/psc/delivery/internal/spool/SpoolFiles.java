package dev.psc.delivery.internal.spool;

import dev.psc.delivery.internal.queue.Segment;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a spool's directory: segments, each with a file that lists which of its records need
 * not be sent again, and the lock.
 *
 * <p>An acknowledgement is 16 bytes: first ordinal, count, checksum salted as the records are, and
 * the same checksum again. One that is damaged costs a duplicate, never a profile.
 */
final class SpoolFiles implements Closeable {

  private static final Logger logger = LoggerFactory.getLogger(SpoolFiles.class);
  private static final Pattern SEGMENT =
      Pattern.compile("([0-9a-f]{16})-([0-9a-f]{8})(\\.spool|\\.acks)");
  private static final int ACK_BYTES = 16;

  /** A segment of an earlier process and the number of its damaged records. */
  record Found(Segment segment, int damaged) {}

  private final Disk disk;
  private final Path directory;
  private final Path lockFile;
  private @Nullable Closeable lock;
  private long nextNumber;

  SpoolFiles(Disk disk, Path directory) {
    this.disk = disk;
    this.directory = directory;
    this.lockFile = directory.resolve("lock");
  }

  /**
   * Creates the directory and acquires its lock, if not done yet.
   *
   * @throws IOException also if another process has the lock; the message names it and a remedy
   */
  void open() throws IOException {
    if (lock != null && disk.exists(lockFile)) {
      return;
    }
    close();
    disk.createDirectory(directory);
    Optional<Closeable> taken = disk.lock(lockFile);
    if (taken.isEmpty()) {
      throw new IOException(
          "it is used by "
              + disk.lockOwner(lockFile)
              + ": use a separate directory for each process and each sink");
    }
    lock = taken.get();
  }

  /** Reads the segments of an earlier process, oldest first, except known ones. */
  List<Found> find(List<Segment> known) throws IOException {
    Set<Path> knownFiles = new HashSet<>();
    for (Segment segment : known) {
      knownFiles.add(segment.file);
      nextNumber = Math.max(nextNumber, segment.number + 1);
    }
    List<Found> found = new ArrayList<>();
    List<Path> files = disk.list(directory);
    for (Path file : files) {
      Matcher name = SEGMENT.matcher(file.getFileName().toString());
      if (!name.matches()) {
        continue;
      }
      long number = Long.parseUnsignedLong(name.group(1), 16);
      nextNumber = Math.max(nextNumber, number + 1);
      Segment segment =
          new Segment(directory, number, Integer.parseUnsignedInt(name.group(2), 16), true);
      if (knownFiles.contains(segment.file)) {
        continue;
      }
      if (name.group(3).equals(Segment.ACKS_SUFFIX)) {
        if (!files.contains(segment.file)) {
          disk.delete(file);
        }
        continue;
      }
      try {
        found.add(new Found(segment, scan(segment)));
      } catch (IOException e) {
        logger.warn("Cannot read {}: it is kept, and its profiles are not sent", file, e);
      }
    }
    return found;
  }

  /** Reads a segment and returns the number of damaged records that are not acknowledged. */
  private int scan(Segment segment) throws IOException {
    BitSet acknowledged = readAcks(segment);
    BitSet intact = new BitSet();
    boolean tornTail;
    try (RecordReader reader = reader(segment, 0)) {
      try (Disk.DiskFile sized = disk.read(segment.file)) {
        segment.bytes = sized.size();
      }
      RecordReader.Body record;
      long end = 0;
      while ((record = reader.next(segment.bytes)) != null) {
        end = reader.position();
        intact.set(record.ordinal());
        if (!acknowledged.get(record.ordinal())) {
          segment.waiting.set(record.ordinal());
          segment.waitingBytes += ProfileCodec.pprofBytes(record.bytes());
        }
      }
      tornTail = end < segment.bytes;
    }
    segment.sealed = true;
    // An incomplete tail counts as one more record.
    segment.records = Math.max(intact.length(), acknowledged.length());
    int damaged = tornTail && acknowledged.length() <= intact.length() ? 1 : 0;
    for (int i = 0; i < segment.records; i++) {
      boolean lost = !intact.get(i) && !acknowledged.get(i);
      damaged += lost ? 1 : 0;
      if (lost || acknowledged.get(i)) {
        segment.settled.set(i);
      }
    }
    return damaged;
  }

  RecordReader reader(Segment segment, long offset) throws IOException {
    return new RecordReader(disk.read(segment.file), segment.salt, offset);
  }

  /** Returns a new segment. */
  Segment create() {
    return new Segment(directory, nextNumber++, ThreadLocalRandom.current().nextInt(), false);
  }

  Disk.DiskFile append(Segment segment) throws IOException {
    return disk.append(segment.file);
  }

  boolean exists(Segment segment) {
    return disk.exists(segment.file);
  }

  /** Deletes a segment: records first, so that none is replayed without its acknowledgement. */
  void delete(Segment segment) throws IOException {
    disk.delete(segment.file);
    disk.delete(segment.acksFile);
  }

  void writeAcks(Segment segment, List<Integer> ordinals) throws IOException {
    BitSet set = new BitSet();
    ordinals.forEach(set::set);
    List<int[]> ranges = new ArrayList<>();
    for (int from = set.nextSetBit(0); from >= 0; ) {
      int to = set.nextClearBit(from);
      ranges.add(new int[] {from, to - from});
      from = set.nextSetBit(to);
    }
    ByteBuffer buffer = ByteBuffer.allocate(ranges.size() * ACK_BYTES);
    for (int[] range : ranges) {
      int crc = ackCrc(segment.salt, range[0], range[1]);
      buffer.putInt(range[0]).putInt(range[1]).putInt(crc).putInt(~crc);
    }
    try (Disk.DiskFile file = disk.append(segment.acksFile)) {
      long torn = file.size() % ACK_BYTES;
      if (torn != 0) {
        file.truncate(file.size() - torn);
      }
      file.write(buffer.flip());
    }
  }

  private BitSet readAcks(Segment segment) throws IOException {
    BitSet acknowledged = new BitSet();
    if (!disk.exists(segment.acksFile)) {
      return acknowledged;
    }
    try (Disk.DiskFile file = disk.read(segment.acksFile)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(file.size(), Integer.MAX_VALUE - 8));
      file.read(bytes, 0);
      bytes.flip();
      while (bytes.remaining() >= ACK_BYTES) {
        int from = bytes.getInt();
        int count = bytes.getInt();
        int crc = bytes.getInt();
        int inverse = bytes.getInt();
        if (crc == ackCrc(segment.salt, from, count) && inverse == ~crc) {
          acknowledged.set(from, from + count);
        }
      }
    }
    return acknowledged;
  }

  private static int ackCrc(int salt, int from, int count) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putInt(salt).putInt(from).putInt(count).flip());
    return (int) crc.getValue();
  }

  @Override
  public void close() throws IOException {
    Closeable held = lock;
    lock = null;
    if (held != null) {
      held.close();
    }
  }
}
