package dev.psc.delivery;

import dev.psc.pprof.LabelSet;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Profiles from acceptance to the sink's answer, in order per series and bounded in bytes.
 *
 * <p>The <em>window</em> holds the oldest profiles, one line per series; batches are taken from it
 * and nothing else. A profile of a series is handed out only while no other of that series is.
 *
 * <p>All state is guarded by one lock, under which there is no I/O and no foreign code.
 */
final class SendQueue {

  private final DeliverySettings settings;
  private final Ticker ticker;
  private final Events events;
  private final Signal sendSignal;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition progress = lock.newCondition();

  private final Map<LabelSet, Series> series = new HashMap<>();

  /** The series whose first profile can be sent now, by the age of that profile. */
  private final TreeMap<Long, Series> ready = new TreeMap<>();

  private long readyBytes;

  /** Parts of refused batches, oldest first; one at a time is in flight. */
  private final ArrayDeque<Batch> isolation = new ArrayDeque<>();

  private boolean isolationInFlight;
  private final List<Entry> suspects = new ArrayList<>();

  private @Nullable Entry oldest;
  private @Nullable Entry newest;
  private long memoryBytes;
  private long entered;
  private long flushTarget;
  private boolean closing;
  private boolean closed;

  final Counters counters = new Counters();

  SendQueue(DeliverySettings settings, Ticker ticker, Events events, Signal sendSignal) {
    this.settings = settings;
    this.ticker = ticker;
    this.events = events;
    this.sendSignal = sendSignal;
  }

  /** Takes a profile, at the price of the oldest ones when there is no room. */
  Acceptance offer(RawProfile profile, @Nullable CompletableFuture<Durability> durability) {
    boolean wake;
    lock.lock();
    try {
      if (closing) {
        return refuse(profile, "closed", "this delivery is closed", durability);
      }
      if (profile.sizeBytes() > settings.profileMaxBytes()) {
        return refuse(
            profile,
            "too_large",
            profile
                + " is larger than profileMaxBytes = "
                + settings.profileMaxBytes()
                + ": raise it if the store takes more, or keep fewer sample types",
            durability);
      }
      Entry entry = new Entry(profile, ticker.nanos(), false, durability);
      int weight = entry.weightBytes();
      while (memoryBytes + weight > settings.queueMaxBytes() && dropOldest()) {
        // one more gone
      }
      if (memoryBytes + weight > settings.queueMaxBytes()) {
        return refuse(
            profile,
            "queue_full",
            "queueMaxBytes = " + settings.queueMaxBytes() + " are all being sent right now",
            durability);
      }
      counters.accepted(profile.sizeBytes());
      boolean wasIdle = ready.isEmpty();
      enterWindow(entry);
      wake = wasIdle || readyBytes >= settings.batchMaxBytes();
    } finally {
      lock.unlock();
    }
    if (wake) {
      sendSignal.set();
    }
    return new Acceptance.Accepted();
  }

  private Acceptance refuse(
      RawProfile profile,
      String reason,
      String message,
      @Nullable CompletableFuture<Durability> durability) {
    counters.refused(reason);
    events.add(new DeliveryEvent.Refused(profile.sizeBytes(), reason, message));
    complete(durability, Durability.LOST);
    return new Acceptance.Refused(reason, message);
  }

  /** Returns the next batch that is due, or null. */
  @Nullable Batch nextBatch(boolean one) {
    lock.lock();
    try {
      expire();
      Batch part = nextPart();
      if (part != null) {
        return part;
      }
      if (ready.isEmpty() || nanosUntilDue() > 0) {
        return null;
      }
      return take(one ? 1 : Integer.MAX_VALUE);
    } finally {
      lock.unlock();
    }
  }

  /** Returns a batch of one profile of any series, to ask whether the sink takes anything. */
  @Nullable Batch nextProbe(double random) {
    lock.lock();
    try {
      if (ready.isEmpty()) {
        return null;
      }
      int skip = (int) (random * ready.size());
      Series line = List.copyOf(ready.values()).get(Math.min(skip, ready.size() - 1));
      unready(line);
      Entry entry = line.line.removeFirst();
      line.lineBytes -= line.wireBytes(entry);
      line.holds++;
      entry.state = Entry.State.IN_FLIGHT;
      return new Batch(List.of(entry), false, true);
    } finally {
      lock.unlock();
    }
  }

  /** Returns how long until {@link #nextBatch} has something for sure, or a very long time. */
  long nanosUntilNext() {
    lock.lock();
    try {
      if (!isolation.isEmpty() && !isolationInFlight) {
        return 0;
      }
      return ready.isEmpty() ? Long.MAX_VALUE : nanosUntilDue();
    } finally {
      lock.unlock();
    }
  }

  private long nanosUntilDue() {
    Entry first = ready.firstEntry().getValue().line.element();
    if (closing || first.order < flushTarget || readyBytes >= settings.batchMaxBytes()) {
      return 0;
    }
    long age = ticker.nanos() - first.acceptedNanos;
    return Math.max(0, settings.batchMaxAge().toNanos() - age);
  }

  private @Nullable Batch nextPart() {
    if (isolationInFlight) {
      return null;
    }
    Batch part;
    while ((part = isolation.poll()) != null) {
      List<Entry> left = new ArrayList<>(part.entries.size());
      for (Entry entry : part.entries) {
        if (entry.state == Entry.State.GROUPED) {
          left.add(entry);
        }
      }
      if (!left.isEmpty()) {
        left.forEach(entry -> entry.state = Entry.State.IN_FLIGHT);
        isolationInFlight = true;
        Batch rest = new Batch(left, true, false);
        releaseMissing(part, rest);
        return rest;
      }
      release(part.series());
    }
    return null;
  }

  private Batch take(int limit) {
    List<Entry> entries = new ArrayList<>();
    Map<Series, Boolean> lines = new HashMap<>();
    long bytes = 0;
    while (!ready.isEmpty() && entries.size() < limit) {
      Series line = ready.firstEntry().getValue();
      Entry entry = line.line.element();
      long size = line.wireBytes(entry);
      boolean suspect = entry.refusals > 0;
      if (!entries.isEmpty() && (bytes + size > settings.batchMaxBytes() || suspect)) {
        break;
      }
      unready(line);
      line.line.removeFirst();
      line.lineBytes -= size;
      lines.put(line, true);
      entry.state = Entry.State.IN_FLIGHT;
      entries.add(entry);
      bytes += size;
      readyIfFree(line);
      if (suspect) {
        break;
      }
    }
    for (Series line : lines.keySet()) {
      unready(line);
      line.holds++;
    }
    return new Batch(List.copyOf(entries), false, false);
  }

  /** Takes note that the sink has a batch. */
  void sent(Batch batch) {
    lock.lock();
    try {
      long now = ticker.nanos();
      for (Entry entry : batch.entries) {
        if (entry.state != Entry.State.DONE) {
          counters.sent(entry, now);
          finish(entry, Durability.SENT);
        }
      }
      finished(batch);
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
      if (batch.isolated) {
        batch.entries.forEach(entry -> entry.state = Entry.State.GROUPED);
        isolation.addFirst(batch);
        isolationInFlight = false;
      } else {
        putBack(batch.entries);
        release(batch.series());
      }
    } finally {
      lock.unlock();
    }
  }

  /** Halves a refused batch of at least two profiles; its halves are the next to be sent. */
  void halve(Batch batch) {
    lock.lock();
    try {
      int middle = batch.entries.size() / 2;
      Batch first = new Batch(batch.entries.subList(0, middle), true, false);
      Batch second = new Batch(batch.entries.subList(middle, batch.entries.size()), true, false);
      for (Batch half : List.of(second, first)) {
        half.entries.forEach(entry -> entry.state = Entry.State.GROUPED);
        half.series().forEach(line -> line.holds++);
        isolation.addFirst(half);
      }
      finished(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Keeps a profile that was refused alone aside, until it is known whether it is to blame. */
  void suspect(Batch batch) {
    lock.lock();
    try {
      for (Entry entry : batch.entries) {
        entry.state = Entry.State.SUSPECT;
        suspects.add(entry);
      }
      finished(batch);
      progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns and drops what was kept aside: the sink takes others, so these were to blame. */
  List<RawProfile> dropSuspects(String reason, String message) {
    lock.lock();
    try {
      List<RawProfile> dropped = new ArrayList<>();
      for (Entry entry : suspects) {
        if (entry.state == Entry.State.SUSPECT) {
          dropped.add(entry.profile);
          drop(entry, reason, message);
        }
      }
      suspects.clear();
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  boolean hasSuspects() {
    lock.lock();
    try {
      return !suspects.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives up finding out who is to blame, as the sink refuses everything: all go back to their
   * places. Who was refused alone twice, with a profile sent in between, stays suspect.
   */
  void endIsolation() {
    lock.lock();
    try {
      List<Entry> back = new ArrayList<>();
      Batch part;
      while ((part = isolation.poll()) != null) {
        for (Entry entry : part.entries) {
          if (entry.state == Entry.State.GROUPED) {
            back.add(entry);
          }
        }
        release(part.series());
      }
      for (Entry entry : suspects) {
        if (entry.state == Entry.State.SUSPECT) {
          entry.refusals++;
          back.add(entry);
        }
      }
      suspects.clear();
      back.sort((a, b) -> Long.compare(a.order, b.order));
      putBack(back);
    } finally {
      lock.unlock();
    }
  }

  private void putBack(List<Entry> entries) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      Entry entry = entries.get(i);
      Series line = lineOf(entry);
      unready(line);
      entry.state = Entry.State.PENDING;
      line.line.addFirst(entry);
      line.lineBytes += line.wireBytes(entry);
      readyIfFree(line);
    }
  }

  private void finished(Batch batch) {
    if (batch.isolated) {
      isolationInFlight = false;
    }
    release(batch.series());
  }

  private void releaseMissing(Batch before, Batch after) {
    Set<Series> kept = after.series();
    Set<Series> gone = before.series();
    gone.removeAll(kept);
    release(gone);
  }

  private void release(Set<Series> lines) {
    for (Series line : lines) {
      line.holds--;
      readyIfFree(line);
      forgetIfEmpty(line);
    }
  }

  private void readyIfFree(Series line) {
    Entry first = line.line.peekFirst();
    if (line.holds == 0 && first != null) {
      ready.put(first.order, line);
      readyBytes += line.lineBytes;
    }
  }

  private void unready(Series line) {
    Entry first = line.line.peekFirst();
    if (first != null && ready.remove(first.order, line)) {
      readyBytes -= line.lineBytes;
    }
  }

  private void forgetIfEmpty(Series line) {
    if (line.holds == 0 && line.line.isEmpty()) {
      series.remove(line.labels, line);
    }
  }

  private Series lineOf(Entry entry) {
    Series line = series.computeIfAbsent(entry.profile.labels(), Series::new);
    entry.series = line;
    return line;
  }

  private void enterWindow(Entry entry) {
    Series line = lineOf(entry);
    entry.order = entered++;
    entry.inWindow = true;
    memoryBytes += entry.weightBytes();
    entry.previous = newest;
    if (newest == null) {
      oldest = entry;
    } else {
      newest.next = entry;
    }
    newest = entry;
    unready(line);
    line.line.addLast(entry);
    line.lineBytes += line.wireBytes(entry);
    readyIfFree(line);
  }

  private void leaveWindow(Entry entry) {
    if (!entry.inWindow) {
      return;
    }
    entry.inWindow = false;
    memoryBytes -= entry.weightBytes();
    Entry before = entry.previous;
    Entry after = entry.next;
    if (before == null) {
      oldest = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.previous = before;
    }
    entry.previous = null;
    entry.next = null;
  }

  private void expire() {
    long limit = settings.profileMaxAge().toNanos();
    Entry entry;
    while ((entry = oldest) != null && ticker.nanos() - entry.acceptedNanos > limit) {
      if (entry.state == Entry.State.IN_FLIGHT) {
        return;
      }
      drop(entry, "expired", "older than profileMaxAge = " + settings.profileMaxAge());
    }
  }

  private boolean dropOldest() {
    Entry entry = oldest;
    while (entry != null && entry.state == Entry.State.IN_FLIGHT) {
      entry = entry.next;
    }
    if (entry == null) {
      return false;
    }
    drop(
        entry,
        "queue_full",
        "the queue reached queueMaxBytes = "
            + settings.queueMaxBytes()
            + ": raise it, give a spool, or see why the sink is slower than the sources");
    return true;
  }

  private void drop(Entry entry, String reason, String message) {
    if (entry.state == Entry.State.PENDING && entry.inWindow) {
      Series line = lineOf(entry);
      unready(line);
      line.line.remove(entry);
      line.lineBytes -= line.wireBytes(entry);
      readyIfFree(line);
      forgetIfEmpty(line);
    }
    counters.dropped(entry.bytes(), reason);
    events.add(new DeliveryEvent.Dropped(1, entry.bytes(), reason, message));
    finish(entry, Durability.LOST);
    progress.signalAll();
  }

  private void finish(Entry entry, Durability durability) {
    entry.state = Entry.State.DONE;
    leaveWindow(entry);
    complete(entry.durability, durability);
  }

  private void complete(@Nullable CompletableFuture<Durability> durability, Durability value) {
    if (durability != null) {
      events.add(() -> durability.complete(value));
    }
  }

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
    Entry entry = oldest;
    while (entry != null && entry.state == Entry.State.SUSPECT) {
      entry = entry.next;
    }
    return entry == null || entry.order >= target;
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
  }

  /** Drops what is still here. Returns how much is lost. */
  long finishClose() {
    lock.lock();
    try {
      if (closed) {
        return 0;
      }
      closed = true;
      long lost = 0;
      Entry entry;
      while ((entry = oldest) != null) {
        drop(entry, "closed", "not sent before close() had to end");
        lost++;
      }
      return lost;
    } finally {
      lock.unlock();
    }
  }

  void fill(SnapshotBuilder snapshot) {
    lock.lock();
    try {
      counters.fill(snapshot);
      snapshot.memoryBytes = memoryBytes;
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
