package dev.psc.delivery.internal.spool;

import dev.psc.delivery.internal.queue.QueuedProfile;
import dev.psc.delivery.internal.queue.Segment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** A writer of records to segments, with one direct buffer. Not thread-safe. */
final class RecordWriter {

  private static final int STAGING_BYTES = 1 << 20;

  private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);

  /**
   * Appends profiles to a segment and adds the offset of each record.
   *
   * @return the end of the last record
   * @throws IOException on a failed write; the segment is truncated to its earlier length
   */
  long append(Disk.DiskFile file, Segment segment, List<QueuedProfile> items, List<Long> offsets)
      throws IOException {
    long start = segment.bytes;
    long position = start;
    boolean done = false;
    staging.clear();
    try {
      int ordinal = segment.records;
      for (QueuedProfile item : items) {
        byte[] head = ProfileCodec.encodeHead(item.profile, item.acceptedMillis);
        byte[] pprof = item.profile.pprof();
        int length = head.length + pprof.length;
        offsets.add(position);
        room(file, Records.HEADER_BYTES);
        Records.putHeader(staging, segment.salt, ordinal, length);
        stage(file, head);
        stage(file, pprof);
        room(file, Records.TRAILER_BYTES);
        staging.putInt(Records.bodyCrc(segment.salt, ordinal, head, pprof));
        position += Records.HEADER_BYTES + length + Records.TRAILER_BYTES;
        ordinal++;
      }
      drain(file);
      done = true;
    } finally {
      if (!done) {
        // A partial group must not be replayed after a restart, since it is written again.
        file.truncate(start);
      }
    }
    return position;
  }

  private void room(Disk.DiskFile file, int bytes) throws IOException {
    if (staging.remaining() < bytes) {
      drain(file);
    }
  }

  private void stage(Disk.DiskFile file, byte[] bytes) throws IOException {
    int from = 0;
    while (from < bytes.length) {
      room(file, 1);
      int count = Math.min(staging.remaining(), bytes.length - from);
      staging.put(bytes, from, count);
      from += count;
    }
  }

  private void drain(Disk.DiskFile file) throws IOException {
    file.write(staging.flip());
    staging.clear();
  }
}
