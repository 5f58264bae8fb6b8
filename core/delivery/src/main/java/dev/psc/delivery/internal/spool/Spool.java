package dev.psc.delivery.internal.spool;

import dev.psc.delivery.internal.queue.Backlog;
import dev.psc.delivery.internal.queue.DeliverySettings;
import dev.psc.delivery.internal.queue.Events;
import dev.psc.delivery.internal.queue.LogThrottle;
import dev.psc.delivery.internal.queue.QueuedProfile;
import dev.psc.delivery.internal.queue.Segment;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.internal.send.Sender;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A segmented log of accepted profiles. It writes profiles, forces them to the device periodically,
 * records acknowledgements, reads waiting profiles and deletes settled segments.
 *
 * <p>Like in the {@link Sender}, {@link #step} performs the due actions and returns the time until
 * the next one. One thread accesses the files. After an error of the disk the spool backs off and
 * retries; meanwhile profiles stay in memory.
 */
public final class Spool {

  private static final Logger logger = LoggerFactory.getLogger(Spool.class);
  private static final int GROUP_BYTES = 4 << 20;
  private static final int GROUPS_AT_ONCE = 8;
  private static final int READ_ATTEMPTS = 3;
  private static final long FIRST_REST_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long MAX_REST_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final SpoolQueue queue;
  private final Path directory;
  private final SpoolFiles files;
  private final Ticker ticker;
  private final Events events;
  private final LogThrottle throttle;
  private final long maxBytes;
  private final long segmentBytes;
  private final long syncIntervalNanos;
  private final RecordWriter writer = new RecordWriter();
  private final OpenReader reader;

  private boolean healthy;
  private boolean everOpen;
  private long restNanos = FIRST_REST_NANOS;
  private long restUntilNanos;
  private @Nullable Segment active;
  private Disk.@Nullable DiskFile activeFile;
  private boolean unsynced;
  private long unsyncedSinceNanos;
  private int failedReads;
  private long readAgainNanos;

  public Spool(
      DeliverySettings.SpoolSettings settings,
      Disk disk,
      SpoolQueue queue,
      Ticker ticker,
      Events events,
      LogThrottle throttle) {
    this.queue = queue;
    this.directory = settings.directory();
    this.files = new SpoolFiles(disk, settings.directory());
    this.reader = new OpenReader(files);
    this.ticker = ticker;
    this.events = events;
    this.throttle = throttle;
    this.maxBytes = settings.maxBytes();
    this.segmentBytes = settings.segmentBytes();
    this.syncIntervalNanos = settings.syncInterval().toNanos();
    this.restUntilNanos = ticker.nanos();
    this.readAgainNanos = ticker.nanos();
  }

  /** Opens the directory and finds segments of an earlier process; retries on failure. */
  public void start() {
    if (!healthy) {
      tryAgain();
    }
    events.fire();
  }

  /** Performs the due actions and returns the nanoseconds until the next one. */
  public long step() {
    if (!healthy && ticker.nanos() - restUntilNanos >= 0) {
      tryAgain();
    }
    guarded(
        () -> {
          for (int i = 0; i < GROUPS_AT_ONCE && healthy && writeGroup(); i++) {
            if (syncIntervalNanos == 0) {
              sync();
            }
          }
          if (healthy) {
            writeAcks();
          }
          deleteDone();
          if (healthy && unsynced && untilSync() <= 0) {
            sync();
          }
        });
    boolean more = refill();
    events.fire();
    return more ? 0 : nanosUntilNext();
  }

  private long nanosUntilNext() {
    long wait = Long.MAX_VALUE;
    if (!healthy) {
      wait = Math.max(0, restUntilNanos - ticker.nanos());
    } else if (queue.hasUnwritten()) {
      wait = 0;
    } else if (unsynced) {
      wait = Math.max(0, untilSync());
    }
    if (failedReads > 0) {
      wait = Math.min(wait, Math.max(0, readAgainNanos - ticker.nanos()));
    }
    return wait;
  }

  private long untilSync() {
    return unsyncedSinceNanos + syncIntervalNanos - ticker.nanos();
  }

  private interface DiskAction {
    void run() throws IOException;
  }

  private void guarded(DiskAction action) {
    try {
      action.run();
    } catch (IOException e) {
      fail(e);
    }
  }

  private void fail(IOException e) {
    String message =
        "cannot write to "
            + directory
            + "; profiles are kept in memory and the oldest are dropped when it is full: "
            + e.getClass().getSimpleName()
            + ": "
            + e.getMessage()
            + ". Writing is retried; free space, make the directory writable, or set another one";
    healthy = false;
    restUntilNanos = ticker.nanos() + restNanos;
    restNanos = Math.min(MAX_REST_NANOS, 2 * restNanos);
    throttle.run(
        "spool-failed", more -> logger.warn("The spool failed ({} more since): {}", more, message));
    queue.spoolState(false, message);
    keepWhatWasWritten();
    closeActive();
  }

  private void keepWhatWasWritten() {
    Disk.DiskFile file = activeFile;
    if (file == null || !unsynced) {
      return;
    }
    try {
      file.force();
      queue.synced();
    } catch (IOException e) {
      logger.debug("The last writes may not be on the device", e);
      queue.notSynced();
    }
  }

  private void tryAgain() {
    guarded(
        () -> {
          files.open();
          findVanished();
          for (SpoolFiles.Found found : files.find(queue.segments())) {
            queue.add(found.segment(), found.damaged());
          }
          startSegment();
          writeGroup();
          sync();
          boolean again = everOpen;
          everOpen = true;
          healthy = true;
          restNanos = FIRST_REST_NANOS;
          queue.spoolState(true, "");
          if (again) {
            logger.info("The spool writes to {} again", directory);
          }
        });
  }

  private void startSegment() throws IOException {
    Segment segment = files.create();
    activeFile = files.append(segment);
    active = segment;
    queue.add(segment, 0);
  }

  private void closeActive() {
    Segment segment = active;
    Disk.DiskFile file = activeFile;
    active = null;
    activeFile = null;
    unsynced = false;
    if (segment != null) {
      queue.seal(segment);
    }
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        logger.debug("Cannot close a spool file", e);
      }
    }
  }

  /** Writes a group of unwritten profiles and returns whether there may be more. */
  private boolean writeGroup() throws IOException {
    List<QueuedProfile> items = queue.takeUnwritten(GROUP_BYTES);
    if (items.isEmpty()) {
      return false;
    }
    boolean done = false;
    try {
      makeRoom(items);
      Segment segment = active;
      Disk.DiskFile file = activeFile;
      if (segment == null || file == null) {
        throw new IOException("no segment is open");
      }
      List<Long> offsets = new ArrayList<>(items.size());
      long end = writer.append(file, segment, items, offsets);
      queue.written(items, segment, offsets, end);
      done = true;
      if (!unsynced) {
        unsynced = true;
        unsyncedSinceNanos = ticker.nanos();
      }
    } finally {
      if (!done) {
        queue.notWritten(items);
      }
    }
    return true;
  }

  private void makeRoom(List<QueuedProfile> items) throws IOException {
    long needed = 0;
    for (QueuedProfile item : items) {
      needed += item.bytes() + 512L;
    }
    Segment current = active;
    if (current != null && current.bytes > 0 && current.bytes + needed > segmentBytes) {
      sync();
      closeActive();
      startSegment();
    }
    long total = 0;
    List<Segment> segments = queue.segments();
    for (Segment segment : segments) {
      total += segment.bytes;
    }
    for (Segment segment : segments) {
      if (total + needed <= maxBytes || segment == active) {
        return;
      }
      String message =
          "the spool reached spoolMaxBytes = "
              + maxBytes
              + " and its oldest segment was dropped: raise it, or check why the sink is down";
      throttle.run("spool-full", more -> logger.warn("{} ({} more since)", message, more));
      total -= segment.bytes;
      reader.close(segment);
      queue.dropSegment(segment, message);
      files.delete(segment);
    }
  }

  private void sync() throws IOException {
    Segment segment = active;
    Disk.DiskFile file = activeFile;
    if (segment == null || file == null) {
      return;
    }
    file.force();
    if (!files.exists(segment)) {
      findVanished();
      throw new IOException("its files were deleted while in use");
    }
    unsynced = false;
    queue.synced();
  }

  private void findVanished() {
    for (Segment segment : queue.segments()) {
      if (!files.exists(segment)) {
        reader.close(segment);
        if (segment == active) {
          closeActive();
        }
        queue.vanished(segment, segment + " was deleted by another process");
      }
    }
  }

  private void writeAcks() throws IOException {
    for (Segment segment : queue.segments()) {
      if (queue.isDone(segment)) {
        continue;
      }
      List<Integer> acks = queue.takeAcks(segment);
      if (acks.isEmpty()) {
        continue;
      }
      boolean done = false;
      try {
        files.writeAcks(segment, acks);
        done = true;
      } finally {
        if (!done) {
          queue.giveBackAcks(segment, acks);
        }
      }
    }
  }

  private void deleteDone() throws IOException {
    for (Segment segment : queue.segments()) {
      if (queue.isDone(segment)) {
        reader.close(segment);
        files.delete(segment);
        queue.forget(segment);
      }
    }
  }

  /** Reads records into the window and returns whether it has room for more. */
  private boolean refill() {
    Backlog.Cursor cursor = queue.wantedRecords();
    if (cursor == null || (failedReads > 0 && ticker.nanos() - readAgainNanos < 0)) {
      return false;
    }
    Segment segment = cursor.segment();
    try {
      RecordReader records = reader.at(segment, cursor.offset());
      long wanted = queue.wantedBytes();
      boolean end = false;
      while (wanted > 0) {
        RecordReader.Body record = records.next(segment.bytes);
        if (record == null) {
          end = true;
          break;
        }
        if (queue.isWaiting(segment, record.ordinal())) {
          wanted -= record.bytes().length;
          use(segment, record);
        }
      }
      queue.readUpTo(segment, records.position(), end);
      failedReads = 0;
    } catch (IOException e) {
      failedRead(segment, e);
    }
    return queue.wantedRecords() != null && failedReads == 0;
  }

  private void use(Segment segment, RecordReader.Body record) {
    try {
      ProfileCodec.Decoded decoded = ProfileCodec.decode(record.bytes());
      queue.read(decoded.profile(), decoded.acceptedMillis(), segment, record);
    } catch (IllegalArgumentException e) {
      queue.unreadable(segment, record, "a record of " + segment + " is unreadable: " + e);
    }
  }

  private void failedRead(Segment segment, IOException e) {
    reader.close(segment);
    failedReads++;
    readAgainNanos = ticker.nanos() + FIRST_REST_NANOS;
    if (failedReads >= READ_ATTEMPTS) {
      failedReads = 0;
      logger.warn("Cannot read {}: its records are lost", segment, e);
      queue.vanished(segment, "cannot read " + segment + ": " + e);
      if (segment == active) {
        closeActive();
        fail(e);
      }
    }
  }

  /** Releases the directory like the end of the process; for tests. */
  public void abandon() {
    reader.close();
    closeActive();
    guarded(files::close);
    healthy = false;
    restUntilNanos = Long.MAX_VALUE / 2 + ticker.nanos();
  }

  /** Writes all profiles that can be written and releases the directory. */
  public void close() {
    guarded(
        () -> {
          while (healthy && writeGroup()) {
            // until nothing is left
          }
          if (healthy) {
            sync();
            writeAcks();
          }
        });
    reader.close();
    closeActive();
    guarded(
        () -> {
          deleteDone();
          files.close();
        });
    events.fire();
  }
}
