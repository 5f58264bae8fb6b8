package dev.psc.delivery.internal.spool;

import dev.psc.delivery.internal.queue.Backlog;
import dev.psc.delivery.internal.queue.QueueState;
import dev.psc.delivery.internal.queue.QueuedProfile;
import dev.psc.delivery.internal.queue.Segment;
import dev.psc.delivery.internal.queue.SendWindow;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.Durability;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The view of the queue for the {@link Spool}: profiles to write, to read and to acknowledge. */
public final class SpoolQueue {

  private final QueueState state;
  private final ReentrantLock lock;
  private final Ticker ticker;
  private final SendWindow sendWindow;
  private final Backlog backlog;
  private List<CompletableFuture<Durability>> unsynced = new ArrayList<>();

  public SpoolQueue(QueueState state) {
    this.state = state;
    this.lock = state.lock;
    this.ticker = state.ticker;
    this.sendWindow = state.sendWindow;
    this.backlog = state.backlog;
  }

  /** Takes profiles to write; {@link #written} or {@link #notWritten} must follow. */
  List<QueuedProfile> takeUnwritten(long maxBytes) {
    lock.lock();
    try {
      List<QueuedProfile> taken = backlog.takeUnwritten(maxBytes);
      state.writing = !taken.isEmpty();
      state.writingSinceNanos = ticker.nanos();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Records that profiles were appended to a segment.
   *
   * @param offsets the start of each record
   */
  void written(List<QueuedProfile> items, Segment segment, List<Long> offsets, long endOffset) {
    lock.lock();
    try {
      state.writing = false;
      segment.bytes = endOffset;
      for (int i = 0; i < items.size(); i++) {
        QueuedProfile item = items.get(i);
        backlog.written(item, segment, segment.records, offsets.get(i));
        segment.records++;
        if (item.durability != null) {
          unsynced.add(item.durability);
        }
      }
      evict();
      state.promote();
    } finally {
      lock.unlock();
    }
  }

  void notWritten(List<QueuedProfile> items) {
    lock.lock();
    try {
      state.writing = false;
      backlog.giveBackUnwritten(items);
    } finally {
      lock.unlock();
    }
  }

  /** Evicts the youngest profiles from the window if it exceeds its share after a failure. */
  private void evict() {
    QueuedProfile item;
    while (state.spoolHealthy
        && sendWindow.weightBytes() > state.windowMaxBytes()
        && (item = sendWindow.newest()) != null
        && item != sendWindow.oldest()
        && item.state == QueuedProfile.State.PENDING
        && item.segment != null) {
      Segment segment = item.segment;
      sendWindow.removeNewest(item);
      backlog.evicted(item, segment);
    }
  }

  /** Records that all written profiles are on the device. */
  void synced() {
    lock.lock();
    try {
      for (CompletableFuture<Durability> durability : unsynced) {
        state.complete(durability, Durability.SPOOLED);
      }
      unsynced = new ArrayList<>();
    } finally {
      lock.unlock();
    }
  }

  /** Records that written profiles may not be on the device. */
  void notSynced() {
    state.runLocked(() -> unsynced = new ArrayList<>());
  }

  boolean hasUnwritten() {
    return state.locked(() -> backlog.hasUnwritten());
  }

  /** Returns the position to read records for the window from, or null if it needs none. */
  Backlog.@Nullable Cursor wantedRecords() {
    lock.lock();
    try {
      boolean room = sendWindow.weightBytes() <= state.windowMaxBytes() / 2;
      return room ? backlog.cursor() : null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns the number of bytes that the window has room for. */
  long wantedBytes() {
    return state.locked(() -> state.windowMaxBytes() - sendWindow.weightBytes());
  }

  /** Returns whether a record is to be read into the window. */
  boolean isWaiting(Segment segment, int ordinal) {
    return state.locked(() -> segment.waiting.get(ordinal));
  }

  /** Adds a profile that was read from disk to the window. */
  void read(RawProfile profile, long acceptedMillis, Segment segment, RecordReader.Body record) {
    lock.lock();
    try {
      long ageMillis = Math.max(0, ticker.epochMillis() - acceptedMillis);
      long acceptedNanos = ticker.nanos() - TimeUnit.MILLISECONDS.toNanos(ageMillis);
      QueuedProfile item =
          new QueuedProfile(profile, acceptedNanos, acceptedMillis, segment.replayed, null);
      item.segment = segment;
      item.ordinal = record.ordinal();
      item.offset = record.offset();
      backlog.read(segment, item.ordinal, item.bytes());
      sendWindow.add(item);
    } finally {
      lock.unlock();
    }
  }

  /** Drops an unreadable record. */
  void unreadable(Segment segment, RecordReader.Body record, String message) {
    lock.lock();
    try {
      int bytes = ProfileCodec.pprofBytes(record.bytes());
      backlog.read(segment, record.ordinal(), bytes);
      segment.settle(record.ordinal());
      state.lost(1, bytes, "spool_damaged", message);
    } finally {
      lock.unlock();
    }
  }

  /** Records the read position; at the end of a segment, missing records are lost. */
  void readUpTo(Segment segment, long offset, boolean end) {
    lock.lock();
    try {
      backlog.readUpTo(segment, offset);
      if (end) {
        giveUp(segment, "spool_damaged", "records of " + segment + " are damaged");
      }
      state.promote();
    } finally {
      lock.unlock();
    }
    state.sendWakeup.set();
  }

  private void giveUp(Segment segment, String reason, String message) {
    long bytes = segment.waitingBytes;
    int lost = backlog.giveUp(segment);
    if (lost > 0) {
      state.lost(lost, bytes, reason, message);
    }
  }

  /** Adds a segment with a number of damaged records. */
  void add(Segment segment, int damaged) {
    lock.lock();
    try {
      if (segment.replayed) {
        state.counters.replayed(segment.waiting.cardinality() + damaged, segment.waitingBytes);
        if (damaged > 0) {
          state.lost(damaged, 0, "spool_damaged", "records of " + segment + " are damaged");
        }
      }
      backlog.add(segment);
    } finally {
      lock.unlock();
    }
  }

  List<Segment> segments() {
    return state.locked(() -> backlog.segments());
  }

  void seal(Segment segment) {
    state.runLocked(() -> segment.sealed = true);
  }

  boolean isDone(Segment segment) {
    return state.locked(() -> segment.isDone());
  }

  List<Integer> takeAcks(Segment segment) {
    return state.locked(() -> segment.takeUnwrittenAcks());
  }

  void giveBackAcks(Segment segment, List<Integer> acks) {
    state.runLocked(() -> segment.giveBackUnwrittenAcks(acks));
  }

  /** Removes a segment whose records are all settled and whose files are deleted. */
  void forget(Segment segment) {
    state.runLocked(() -> backlog.forget(segment));
  }

  /**
   * Drops a segment with its records, to make room for younger ones. Profiles that are being sent
   * stay in memory.
   */
  void dropSegment(Segment segment, String message) {
    lock.lock();
    try {
      giveUp(segment, "spool_full", message);
      QueuedProfile item = sendWindow.oldest();
      while (item != null) {
        QueuedProfile next = item.next;
        if (item.segment == segment) {
          item.segment = null;
          if (item.state != QueuedProfile.State.IN_FLIGHT) {
            state.drop(item, "spool_full", message);
          }
        }
        item = next;
      }
      backlog.forget(segment);
      state.promote();
    } finally {
      lock.unlock();
    }
  }

  /** Records that a segment vanished: its profiles in the window are written again. */
  void vanished(Segment segment, String message) {
    lock.lock();
    try {
      giveUp(segment, "spool_lost", message);
      List<QueuedProfile> again = new ArrayList<>();
      for (QueuedProfile item = sendWindow.oldest(); item != null; item = item.next) {
        if (item.segment == segment) {
          item.segment = null;
          again.add(item);
        }
      }
      backlog.giveBackUnwritten(again);
      backlog.forget(segment);
      state.promote();
    } finally {
      lock.unlock();
    }
  }

  /** Records whether the spool accepts profiles. */
  void spoolState(boolean healthy, String message) {
    lock.lock();
    try {
      if (state.spoolHealthy != healthy || !state.spoolMessage.equals(message)) {
        state.events.add(new DeliveryEvent.SpoolChanged(healthy, message));
      }
      state.spoolHealthy = healthy;
      state.spoolMessage = message;
      evict();
      state.promote();
    } finally {
      lock.unlock();
    }
  }
}
