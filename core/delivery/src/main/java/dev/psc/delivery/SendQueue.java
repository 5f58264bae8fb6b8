package dev.psc.delivery;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Profiles from acceptance to the sink's answer, in order and bounded in bytes.
 *
 * <pre>
 *   accept ─▶ [ backlog: in memory, not written yet ][ backlog: on disk only ][ window ] ─▶ sink
 * </pre>
 *
 * The oldest are in the {@link Window}, in memory. Without a spool that is all there is. With one,
 * every profile is written too, the window gets half of the memory, and what does not fit waits in
 * the {@link Backlog} until the window has room. A spool that fails leaves all the memory to the
 * window and to what is not written, at the price of the oldest.
 *
 * <p>All state, of these two as well, is guarded by one lock, under which there is no I/O and no
 * foreign code.
 */
final class SendQueue {

  /** A disk that takes longer than this for one write is treated as one that fails. */
  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final DeliverySettings settings;
  private final Ticker ticker;
  private final Events events;
  private final Signal sendSignal;
  private final Signal spoolSignal;
  private final boolean spooled;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();
  private final Window window;
  private final Backlog backlog = new Backlog();
  private final Counters counters = new Counters();

  private boolean spoolHealthy;
  private String spoolMessage = "";
  private boolean writing;
  private long writingSinceNanos;
  private List<CompletableFuture<Durability>> unsynced = new ArrayList<>();
  private long flushTarget;
  private boolean closing;
  private boolean closed;

  SendQueue(
      DeliverySettings settings,
      Ticker ticker,
      Events events,
      Signal sendSignal,
      Signal spoolSignal) {
    this.settings = settings;
    this.ticker = ticker;
    this.events = events;
    this.sendSignal = sendSignal;
    this.spoolSignal = spoolSignal;
    this.spooled = settings.spool() != null;
    this.window = new Window(settings.batchMaxBytes());
  }

  /** Takes a profile, at the price of the oldest ones when there is no room. */
  Acceptance offer(RawProfile profile, @Nullable CompletableFuture<Durability> durability) {
    boolean wake;
    lock.lock();
    try {
      Acceptance.Refused refused = check(profile);
      if (refused != null) {
        counters.refused(refused.reason());
        events.add(
            new DeliveryEvent.Refused(profile.sizeBytes(), refused.reason(), refused.message()));
        complete(durability, Durability.LOST);
        return refused;
      }
      Entry entry = new Entry(profile, ticker.nanos(), ticker.epochMillis(), false, durability);
      counters.accepted(profile.sizeBytes());
      boolean wasIdle = !window.hasReady();
      boolean fits = backlog.isEmpty() && fitsWindow(entry);
      if (fits) {
        window.add(entry);
      }
      if (spooled) {
        backlog.remember(entry, fits);
      }
      wake = wasIdle || window.hasFullBatch();
    } finally {
      lock.unlock();
    }
    if (wake) {
      sendSignal.set();
    }
    if (spooled) {
      spoolSignal.set();
    }
    return new Acceptance.Accepted();
  }

  private Acceptance.@Nullable Refused check(RawProfile profile) {
    if (closing) {
      return new Acceptance.Refused("closed", "this delivery is closed");
    }
    if (profile.sizeBytes() > settings.profileMaxBytes()) {
      return new Acceptance.Refused(
          "too_large",
          profile
              + " is larger than profileMaxBytes = "
              + settings.profileMaxBytes()
              + ": raise it if the store takes more, or keep fewer sample types");
    }
    int weight = Math.max(1024, profile.sizeBytes());
    while (memoryBytes() + weight > settings.queueMaxBytes()) {
      if (isSpoolWorking()) {
        return new Acceptance.Refused(
            "spool_slow",
            "queueMaxBytes = "
                + settings.queueMaxBytes()
                + " are full and the spool's disk does not keep up: raise it, or use a faster"
                + " disk");
      }
      if (!dropOldest()) {
        return new Acceptance.Refused(
            "queue_full",
            "queueMaxBytes = " + settings.queueMaxBytes() + " are all being sent right now");
      }
    }
    return null;
  }

  private boolean isSpoolWorking() {
    return spooled
        && spoolHealthy
        && !(writing && ticker.nanos() - writingSinceNanos > STALLED_NANOS);
  }

  private long memoryBytes() {
    return window.weightBytes() + backlog.outsideBytes();
  }

  private long windowMaxBytes() {
    return spooled && spoolHealthy ? settings.queueMaxBytes() / 2 : settings.queueMaxBytes();
  }

  private boolean fitsWindow(Entry entry) {
    long filled = window.weightBytes();
    return filled == 0 || filled + entry.weightBytes() <= windowMaxBytes();
  }

  /** Lets in what waits in memory, unless older ones wait on disk. */
  private void promote() {
    Entry entry;
    while (backlog.waiting() == 0
        && (entry = backlog.firstOutside()) != null
        && fitsWindow(entry)) {
      window.add(backlog.takeOutside());
    }
    if (spooled) {
      spoolSignal.set();
    }
  }

  // ---- what the sender calls

  /** Returns the next batch that is due, of at most so many profiles, or null. */
  @Nullable Batch nextBatch(int limit) {
    lock.lock();
    try {
      expire();
      Batch part = window.takePart();
      if (part != null) {
        return part;
      }
      if (!window.hasReady() || nanosUntilDue() > 0) {
        return null;
      }
      return window.take(limit);
    } finally {
      lock.unlock();
    }
  }

  /** Returns a batch of one profile of any series, to ask whether the sink takes anything. */
  @Nullable Batch nextProbe(double random) {
    lock.lock();
    try {
      return window.takeProbe(random);
    } finally {
      lock.unlock();
    }
  }

  /** Returns how long until {@link #nextBatch} has something for sure, or a very long time. */
  long nanosUntilNext() {
    lock.lock();
    try {
      if (window.hasPart()) {
        return 0;
      }
      return window.hasReady() ? nanosUntilDue() : Long.MAX_VALUE;
    } finally {
      lock.unlock();
    }
  }

  private long nanosUntilDue() {
    Entry first = window.firstReady();
    if (closing || first.order < flushTarget || window.hasFullBatch()) {
      return 0;
    }
    long age = ticker.nanos() - first.acceptedNanos;
    return Math.max(0, settings.batchMaxAge().toNanos() - age);
  }

  /** Takes note that the sink has a batch. */
  void sent(Batch batch) {
    lock.lock();
    try {
      long now = ticker.nanos();
      for (Entry entry : batch.entries) {
        if (entry.state != Entry.State.DONE) {
          counters.sent(entry, now);
          window.good(entry);
          finish(entry, Durability.SENT);
        }
      }
      window.finished(batch);
      promote();
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Puts a batch back where it was taken from. */
  void giveBack(Batch batch, boolean countAsRetry) {
    lock.lock();
    try {
      if (countAsRetry) {
        counters.retried(batch.entries.size());
      }
      window.giveBack(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Halves a refused batch of at least two profiles; its halves are the next to be sent. */
  void halve(Batch batch) {
    lock.lock();
    try {
      window.halve(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a profile that was refused alone aside, until it is known whether it is to blame. */
  void suspect(Batch batch, String reason, String message) {
    lock.lock();
    try {
      window.suspect(batch, reason, message);
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a batch is one profile of a series that was found bad several times. */
  boolean isKnownBad(Batch batch) {
    lock.lock();
    try {
      return window.isKnownBad(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Drops, and returns, the profile of a refused batch of one, without keeping it aside. */
  List<Entry> dropRefused(Batch batch, String reason, String message) {
    lock.lock();
    try {
      window.suspect(batch, reason, message);
      batch.entries.forEach(this::dropSuspect);
      promote();
      return batch.entries;
    } finally {
      lock.unlock();
    }
  }

  private void dropSuspect(Entry entry) {
    if (!entry.refusedReason.equals(Sender.TOO_LARGE)) {
      window.bad(entry);
    }
    drop(
        entry,
        entry.refusedReason,
        "refused by the sink: " + entry.profile + ": " + entry.refusedMessage);
  }

  /**
   * Drops, and returns, what was kept aside, as it was to blame.
   *
   * @param reason of what was refused for this reason only; of everything when it is null
   */
  List<Entry> dropSuspects(@Nullable String reason) {
    lock.lock();
    try {
      List<Entry> dropped = window.takeSuspects(reason);
      dropped.forEach(this::dropSuspect);
      if (!dropped.isEmpty()) {
        promote();
      }
      return List.copyOf(dropped);
    } finally {
      lock.unlock();
    }
  }

  /** Gives up finding out who is to blame, as the sink refuses everything. */
  void endIsolation() {
    lock.lock();
    try {
      window.endIsolation();
    } finally {
      lock.unlock();
    }
  }

  // ---- what the spool calls

  /** Takes profiles to write; {@link #written} or {@link #notWritten} must follow. */
  List<Entry> takeUnwritten(long maxBytes) {
    lock.lock();
    try {
      List<Entry> taken = backlog.takeUnwritten(maxBytes);
      writing = !taken.isEmpty();
      writingSinceNanos = ticker.nanos();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes note that profiles are in a segment, one after the other.
   *
   * @param offsets where each of them begins
   */
  void written(List<Entry> entries, Segment segment, List<Long> offsets, long endOffset) {
    lock.lock();
    try {
      writing = false;
      segment.bytes = endOffset;
      for (int i = 0; i < entries.size(); i++) {
        Entry entry = entries.get(i);
        backlog.written(entry, segment, segment.records, offsets.get(i));
        segment.records++;
        if (entry.durability != null) {
          unsynced.add(entry.durability);
        }
      }
      evict();
      promote();
    } finally {
      lock.unlock();
    }
  }

  void notWritten(List<Entry> entries) {
    lock.lock();
    try {
      writing = false;
      backlog.giveBackUnwritten(entries);
    } finally {
      lock.unlock();
    }
  }

  /**
   * After a failure more than its share may be in the window: the younger end goes back to disk.
   */
  private void evict() {
    Entry entry;
    while (spoolHealthy
        && window.weightBytes() > windowMaxBytes()
        && (entry = window.newest()) != null
        && entry != window.oldest()
        && entry.state == Entry.State.PENDING
        && entry.segment != null) {
      Segment segment = entry.segment;
      window.removeNewest(entry);
      backlog.evicted(entry, segment);
    }
  }

  /** Takes note that everything that was written is on the device. */
  void synced() {
    lock.lock();
    try {
      for (CompletableFuture<Durability> durability : unsynced) {
        complete(durability, Durability.SPOOLED);
      }
      unsynced = new ArrayList<>();
    } finally {
      lock.unlock();
    }
  }

  /** Takes note that nobody knows whether what was written is on the device. */
  void notSynced() {
    lock.lock();
    try {
      unsynced = new ArrayList<>();
    } finally {
      lock.unlock();
    }
  }

  boolean hasUnwritten() {
    lock.lock();
    try {
      return backlog.hasUnwritten();
    } finally {
      lock.unlock();
    }
  }

  /** Returns where to read records for the window, or null when it needs none. */
  Backlog.@Nullable Cursor wantedRecords() {
    lock.lock();
    try {
      boolean room = window.weightBytes() <= windowMaxBytes() / 2;
      return room ? backlog.cursor() : null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many bytes of records the window takes now. */
  long wantedBytes() {
    lock.lock();
    try {
      return windowMaxBytes() - window.weightBytes();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a record is to be read into the window. */
  boolean isWaiting(Segment segment, int ordinal) {
    lock.lock();
    try {
      return segment.waiting.get(ordinal);
    } finally {
      lock.unlock();
    }
  }

  /** Lets in a profile that was read from disk. */
  void read(RawProfile profile, long acceptedMillis, Segment segment, RecordReader.Body record) {
    lock.lock();
    try {
      long ageMillis = Math.max(0, ticker.epochMillis() - acceptedMillis);
      long acceptedNanos = ticker.nanos() - TimeUnit.MILLISECONDS.toNanos(ageMillis);
      Entry entry = new Entry(profile, acceptedNanos, acceptedMillis, segment.replayed, null);
      entry.segment = segment;
      entry.ordinal = record.ordinal();
      entry.offset = record.offset();
      backlog.read(segment, entry.ordinal, entry.bytes());
      window.add(entry);
    } finally {
      lock.unlock();
    }
  }

  /** Drops a record that cannot be used. */
  void unreadable(Segment segment, RecordReader.Body record, String message) {
    lock.lock();
    try {
      int bytes = ProfileCodec.pprofBytes(record.bytes());
      backlog.read(segment, record.ordinal(), bytes);
      segment.settle(record.ordinal());
      lost(1, bytes, "spool_damaged", message);
    } finally {
      lock.unlock();
    }
  }

  /** Takes note up to where a segment was read; at its end, what was not found is lost. */
  void readUpTo(Segment segment, long offset, boolean end) {
    lock.lock();
    try {
      backlog.readUpTo(segment, offset);
      if (end) {
        giveUp(segment, "spool_damaged", "records of " + segment + " are damaged");
      }
      promote();
    } finally {
      lock.unlock();
    }
    sendSignal.set();
  }

  private void giveUp(Segment segment, String reason, String message) {
    long bytes = segment.waitingBytes;
    int lost = backlog.giveUp(segment);
    if (lost > 0) {
      lost(lost, bytes, reason, message);
    }
  }

  private void lost(long profiles, long bytes, String reason, String message) {
    window.passOver(profiles);
    counters.dropped(profiles, bytes, reason);
    events.add(new DeliveryEvent.Dropped(profiles, bytes, reason, message));
    progress.signalAll();
  }

  /** Takes note of a new segment, or one that an earlier process left with so many damaged. */
  void add(Segment segment, int damaged) {
    lock.lock();
    try {
      if (segment.replayed) {
        counters.replayed(segment.waiting.cardinality() + damaged, segment.waitingBytes);
        if (damaged > 0) {
          lost(damaged, 0, "spool_damaged", "records of " + segment + " are damaged");
        }
      }
      backlog.add(segment);
    } finally {
      lock.unlock();
    }
  }

  List<Segment> segments() {
    lock.lock();
    try {
      return backlog.segments();
    } finally {
      lock.unlock();
    }
  }

  void seal(Segment segment) {
    lock.lock();
    try {
      segment.sealed = true;
    } finally {
      lock.unlock();
    }
  }

  boolean isDone(Segment segment) {
    lock.lock();
    try {
      return segment.isDone();
    } finally {
      lock.unlock();
    }
  }

  List<Integer> takeAcks(Segment segment) {
    lock.lock();
    try {
      return segment.takeUnwrittenAcks();
    } finally {
      lock.unlock();
    }
  }

  void giveBackAcks(Segment segment, List<Integer> acks) {
    lock.lock();
    try {
      segment.giveBackUnwrittenAcks(acks);
    } finally {
      lock.unlock();
    }
  }

  /** Takes note that the files of a segment are deleted, everything in it being settled. */
  void forget(Segment segment) {
    lock.lock();
    try {
      backlog.forget(segment);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Drops a segment with all that is in it, to make room for younger ones. What is being sent from
   * it goes on, in memory only.
   */
  void dropSegment(Segment segment, String message) {
    lock.lock();
    try {
      giveUp(segment, "spool_full", message);
      Entry entry = window.oldest();
      while (entry != null) {
        Entry next = entry.next;
        if (entry.segment == segment) {
          entry.segment = null;
          if (entry.state != Entry.State.IN_FLIGHT) {
            drop(entry, "spool_full", message);
          }
        }
        entry = next;
      }
      backlog.forget(segment);
      promote();
    } finally {
      lock.unlock();
    }
  }

  /** Takes note that a segment vanished: what is in the window is written again elsewhere. */
  void vanished(Segment segment, String message) {
    lock.lock();
    try {
      giveUp(segment, "spool_lost", message);
      List<Entry> again = new ArrayList<>();
      for (Entry entry = window.oldest(); entry != null; entry = entry.next) {
        if (entry.segment == segment) {
          entry.segment = null;
          again.add(entry);
        }
      }
      backlog.giveBackUnwritten(again);
      backlog.forget(segment);
      promote();
    } finally {
      lock.unlock();
    }
  }

  /** Takes note whether the spool takes profiles. */
  void spoolState(boolean healthy, String message) {
    lock.lock();
    try {
      if (spoolHealthy != healthy || !spoolMessage.equals(message)) {
        events.add(new DeliveryEvent.SpoolChanged(healthy, message));
      }
      spoolHealthy = healthy;
      spoolMessage = message;
      evict();
      promote();
    } finally {
      lock.unlock();
    }
  }

  // ---- losses

  private void expire() {
    long limit = settings.profileMaxAge().toNanos();
    Entry entry = window.oldest();
    boolean any = false;
    while (entry != null
        && entry.state != Entry.State.IN_FLIGHT
        && ticker.nanos() - entry.acceptedNanos > limit) {
      drop(entry, "expired", "older than profileMaxAge = " + settings.profileMaxAge());
      entry = window.oldest();
      any = true;
    }
    if (any) {
      promote();
    }
  }

  private boolean dropOldest() {
    String message =
        "the queue reached queueMaxBytes = "
            + settings.queueMaxBytes()
            + ": raise it, give a spool, or see why the sink is slower than the sources";
    Entry entry = window.oldestDroppable();
    if (entry == null && backlog.firstOutside() != null) {
      entry = backlog.takeOutside();
      window.passOver(1);
    }
    if (entry == null) {
      return false;
    }
    drop(entry, "queue_full", message);
    promote();
    return true;
  }

  private void drop(Entry entry, String reason, String message) {
    counters.dropped(1, entry.bytes(), reason);
    events.add(new DeliveryEvent.Dropped(1, entry.bytes(), reason, message));
    finish(entry, Durability.LOST);
    progress.signalAll();
  }

  private void finish(Entry entry, Durability durability) {
    window.remove(entry);
    entry.state = Entry.State.DONE;
    if (entry.segment != null) {
      entry.segment.settle(entry.ordinal);
    }
    complete(entry.durability, durability);
  }

  private void complete(@Nullable CompletableFuture<Durability> durability, Durability value) {
    if (durability != null) {
      events.add(() -> durability.complete(value));
    }
  }

  // ---- flush, close, look

  /** Asks for everything that is here now to be sent without waiting for more. */
  long requestFlush() {
    long target;
    lock.lock();
    try {
      target = counters.takenIn();
      flushTarget = Math.max(flushTarget, target);
    } finally {
      lock.unlock();
    }
    sendSignal.set();
    return target;
  }

  /** Waits until everything taken in before the target is sent, dropped, or known to be suspect. */
  boolean awaitFlush(long target, Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (!isFlushed(target)) {
        if (left <= 0) {
          return false;
        }
        left = progress.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFlushed(long target) {
    Entry entry = window.oldest();
    while (entry != null && entry.state == Entry.State.SUSPECT) {
      entry = entry.next;
    }
    if (entry != null) {
      return entry.order >= target;
    }
    return window.entered() >= target || backlog.isEmpty();
  }

  /** Takes nothing from now on, and sends without waiting for more. */
  void beginClose() {
    lock.lock();
    try {
      closing = true;
    } finally {
      lock.unlock();
    }
    sendSignal.set();
    spoolSignal.set();
  }

  /** Drops what is neither sent nor on disk, after the threads have ended. */
  CloseReport finishClose(long sentBefore) {
    lock.lock();
    try {
      long sent = counters.sentTotal() - sentBefore;
      long lost = 0;
      if (!closed) {
        closed = true;
        List<Entry> left = new ArrayList<>();
        while (backlog.firstOutside() != null) {
          left.add(backlog.takeOutside());
          window.passOver(1);
        }
        for (Entry entry = window.oldest(); entry != null; entry = entry.next) {
          if (entry.segment == null) {
            left.add(entry);
          }
        }
        for (Entry entry : left) {
          drop(entry, "closed", "neither sent nor written before close() had to end");
          lost++;
        }
      }
      return new CloseReport(sent, counters.queued(), lost);
    } finally {
      lock.unlock();
    }
  }

  void fill(SnapshotBuilder snapshot) {
    lock.lock();
    try {
      counters.fill(snapshot);
      snapshot.memoryBytes = memoryBytes();
      snapshot.spoolBytes = backlog.spoolBytes();
      snapshot.spoolHealthy = !spooled || spoolHealthy;
      snapshot.spoolMessage = spoolMessage;
      Entry oldest = window.oldest() != null ? window.oldest() : backlog.firstOutside();
      snapshot.oldestAge =
          oldest == null
              ? Duration.ZERO
              : Duration.ofNanos(Math.max(0, ticker.nanos() - oldest.acceptedNanos));
    } finally {
      lock.unlock();
    }
  }

  long sentSoFar() {
    lock.lock();
    try {
      return counters.sentTotal();
    } finally {
      lock.unlock();
    }
  }
}
