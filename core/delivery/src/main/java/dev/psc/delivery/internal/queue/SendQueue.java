package dev.psc.delivery.internal.queue;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The view of the queue for accepting, sending, flushing, closing and status. */
public final class SendQueue {

  private final QueueState state;
  private final DeliverySettings settings;
  private final ReentrantLock lock;
  private final Ticker ticker;
  private final Events events;
  private final SendWindow sendWindow;
  private final Backlog backlog;
  private final Counters counters;
  private long flushTarget;
  private boolean closing;
  private boolean closed;

  public SendQueue(QueueState state) {
    this.state = state;
    this.settings = state.settings;
    this.lock = state.lock;
    this.ticker = state.ticker;
    this.events = state.events;
    this.sendWindow = state.sendWindow;
    this.backlog = state.backlog;
    this.counters = state.counters;
  }

  /** Accepts a profile; drops the oldest ones if there is no room. */
  public Acceptance offer(RawProfile profile, @Nullable CompletableFuture<Durability> durability) {
    boolean wake;
    lock.lock();
    try {
      Acceptance.Refused refused = check(profile);
      if (refused != null) {
        counters.refused(refused.reason());
        events.add(
            new DeliveryEvent.Refused(profile.sizeBytes(), refused.reason(), refused.message()));
        state.complete(durability, Durability.LOST);
        return refused;
      }
      QueuedProfile item =
          new QueuedProfile(profile, ticker.nanos(), ticker.epochMillis(), false, durability);
      counters.accepted(profile.sizeBytes());
      boolean wasIdle = !sendWindow.hasReady();
      boolean fits = backlog.isEmpty() && state.fitsWindow(item);
      if (fits) {
        sendWindow.add(item);
      }
      if (state.spooled) {
        backlog.remember(item, fits);
      }
      wake = wasIdle || sendWindow.hasFullBatch();
    } finally {
      lock.unlock();
    }
    if (wake) {
      state.sendWakeup.set();
    }
    if (state.spooled) {
      state.spoolWakeup.set();
    }
    return new Acceptance.Accepted();
  }

  private Acceptance.@Nullable Refused check(RawProfile profile) {
    if (closing) {
      return new Acceptance.Refused("closed", "the delivery is closed");
    }
    if (profile.sizeBytes() > settings.profileMaxBytes()) {
      return new Acceptance.Refused(
          "too_large",
          profile
              + " is larger than profileMaxBytes = "
              + settings.profileMaxBytes()
              + ": raise it if the store accepts more, or keep fewer sample types");
    }
    int weight = Math.max(1024, profile.sizeBytes());
    while (state.memoryBytes() + weight > settings.queueMaxBytes()) {
      if (state.isSpoolWorking()) {
        return new Acceptance.Refused(
            "spool_slow",
            "queueMaxBytes = "
                + settings.queueMaxBytes()
                + " is exhausted, as the disk of the spool is too slow: raise it, or use a faster"
                + " disk");
      }
      if (!dropOldest()) {
        return new Acceptance.Refused(
            "queue_full",
            "queueMaxBytes = "
                + settings.queueMaxBytes()
                + " is exhausted by profiles that are being sent: raise it");
      }
    }
    return null;
  }

  // ---- sending

  /** Returns the next due batch of at most a number of profiles, or null. */
  public @Nullable Batch nextBatch(int limit) {
    lock.lock();
    try {
      expire();
      Batch part = sendWindow.takePart();
      if (part != null) {
        return part;
      }
      if (!sendWindow.hasReady() || nanosUntilDue() > 0) {
        return null;
      }
      return sendWindow.take(limit);
    } finally {
      lock.unlock();
    }
  }

  /** Returns a batch of one profile of any series, which probes the sink. */
  public @Nullable Batch nextProbe(double random) {
    return state.locked(() -> sendWindow.takeProbe(random));
  }

  /** Returns the time until {@link #nextBatch} returns a batch, or a very long time. */
  public long nanosUntilNext() {
    lock.lock();
    try {
      if (sendWindow.hasPart()) {
        return 0;
      }
      return sendWindow.hasReady() ? nanosUntilDue() : Long.MAX_VALUE;
    } finally {
      lock.unlock();
    }
  }

  private long nanosUntilDue() {
    QueuedProfile first = sendWindow.firstReady();
    if (closing || first.order < flushTarget || sendWindow.hasFullBatch()) {
      return 0;
    }
    long age = ticker.nanos() - first.acceptedNanos;
    return Math.max(0, settings.batchMaxAge().toNanos() - age);
  }

  /** Marks a batch as sent. */
  public void sent(Batch batch) {
    lock.lock();
    try {
      long now = ticker.nanos();
      for (QueuedProfile item : batch.items) {
        if (item.state != QueuedProfile.State.DONE) {
          counters.sent(item, now);
          sendWindow.good(item);
          state.finish(item, Durability.SENT);
        }
      }
      sendWindow.finished(batch);
      state.promote();
      state.progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns a batch to its position in the queue. */
  public void giveBack(Batch batch, boolean countAsRetry) {
    lock.lock();
    try {
      if (countAsRetry) {
        counters.retried(batch.items.size());
      }
      sendWindow.giveBack(batch);
    } finally {
      lock.unlock();
    }
  }

  /** Halves a refused batch of at least two profiles; its halves are the next to be sent. */
  public void halve(Batch batch) {
    state.runLocked(() -> sendWindow.halve(batch));
  }

  /** Sets a profile aside that was rejected alone, until the sink accepts another one. */
  public void suspect(Batch batch, String reason, String message) {
    lock.lock();
    try {
      sendWindow.suspect(batch, reason, message);
      state.progress.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether a batch is one profile of a repeatedly rejected series. */
  public boolean isKnownBad(Batch batch) {
    return state.locked(() -> sendWindow.isKnownBad(batch));
  }

  /** Drops and returns the profile of a rejected batch of one. */
  public List<QueuedProfile> dropRefused(Batch batch, String reason, String message) {
    lock.lock();
    try {
      sendWindow.suspect(batch, reason, message);
      batch.items.forEach(this::dropSuspect);
      state.promote();
      return batch.items;
    } finally {
      lock.unlock();
    }
  }

  private void dropSuspect(QueuedProfile item) {
    if (!item.refusedReason.equals(SendOutcome.Rejected.TOO_LARGE)) {
      sendWindow.bad(item);
    }
    state.drop(
        item,
        item.refusedReason,
        "refused by the sink: " + item.profile + ": " + item.refusedMessage);
  }

  /**
   * Drops and returns the profiles that were set aside.
   *
   * @param reason the reason of their rejection; null for all
   */
  public List<QueuedProfile> dropSuspects(@Nullable String reason) {
    lock.lock();
    try {
      List<QueuedProfile> dropped = sendWindow.takeSuspects(reason);
      dropped.forEach(this::dropSuspect);
      if (!dropped.isEmpty()) {
        state.promote();
      }
      return List.copyOf(dropped);
    } finally {
      lock.unlock();
    }
  }

  /** Ends the search for bad profiles, as the sink rejects all of them. */
  public void endBisection() {
    state.runLocked(() -> sendWindow.endBisection());
  }

  // ---- losses

  private void expire() {
    long limit = settings.profileMaxAge().toNanos();
    QueuedProfile item = sendWindow.oldest();
    boolean any = false;
    while (item != null
        && item.state != QueuedProfile.State.IN_FLIGHT
        && ticker.nanos() - item.acceptedNanos > limit) {
      state.drop(item, "expired", "older than profileMaxAge = " + settings.profileMaxAge());
      item = sendWindow.oldest();
      any = true;
    }
    if (any) {
      state.promote();
    }
  }

  private boolean dropOldest() {
    String message =
        "the queue reached queueMaxBytes = "
            + settings.queueMaxBytes()
            + ": raise it, set a spool, or check why the sink is slower than the sources";
    QueuedProfile item = sendWindow.oldestDroppable();
    if (item == null && backlog.firstOutside() != null) {
      item = backlog.takeOutside();
      sendWindow.passOver(1);
    }
    if (item == null) {
      return false;
    }
    state.drop(item, "queue_full", message);
    state.promote();
    return true;
  }

  // ---- flush, close, status

  /** Requests sending of all queued profiles without waiting for full batches. */
  public long requestFlush() {
    long target;
    lock.lock();
    try {
      target = counters.takenIn();
      flushTarget = Math.max(flushTarget, target);
    } finally {
      lock.unlock();
    }
    state.sendWakeup.set();
    return target;
  }

  /** Waits until all profiles before the target are sent, dropped or set aside. */
  public boolean awaitFlush(long target, Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lockInterruptibly();
    try {
      while (!isFlushed(target)) {
        if (left <= 0) {
          return false;
        }
        left = state.progress.awaitNanos(left);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private boolean isFlushed(long target) {
    QueuedProfile item = sendWindow.oldest();
    while (item != null && item.state == QueuedProfile.State.SUSPECT) {
      item = item.next;
    }
    if (item != null) {
      return item.order >= target;
    }
    return sendWindow.entered() >= target || backlog.isEmpty();
  }

  /** Refuses further profiles and sends without waiting for full batches. */
  public void beginClose() {
    state.runLocked(() -> closing = true);
    state.sendWakeup.set();
    state.spoolWakeup.set();
  }

  /** Drops all profiles that are neither sent nor on disk, after the threads have ended. */
  public CloseReport finishClose(long sentBefore) {
    lock.lock();
    try {
      long sent = counters.sentTotal() - sentBefore;
      long lost = 0;
      if (!closed) {
        closed = true;
        List<QueuedProfile> left = new ArrayList<>();
        while (backlog.firstOutside() != null) {
          left.add(backlog.takeOutside());
          sendWindow.passOver(1);
        }
        for (QueuedProfile item = sendWindow.oldest(); item != null; item = item.next) {
          if (item.segment == null) {
            left.add(item);
          }
        }
        for (QueuedProfile item : left) {
          state.drop(item, "closed", "neither sent nor written before the timeout of close()");
          lost++;
        }
      }
      return new CloseReport(sent, counters.queued(), lost);
    } finally {
      lock.unlock();
    }
  }

  public void fill(SnapshotBuilder snapshot) {
    lock.lock();
    try {
      counters.fill(snapshot);
      snapshot.memoryBytes = state.memoryBytes();
      snapshot.spoolBytes = backlog.spoolBytes();
      snapshot.spoolHealthy = !state.spooled || state.spoolHealthy;
      snapshot.spoolMessage = state.spoolMessage;
      QueuedProfile oldest =
          sendWindow.oldest() != null ? sendWindow.oldest() : backlog.firstOutside();
      snapshot.oldestAge =
          oldest == null
              ? Duration.ZERO
              : Duration.ofNanos(Math.max(0, ticker.nanos() - oldest.acceptedNanos));
    } finally {
      lock.unlock();
    }
  }

  public long sentSoFar() {
    return state.locked(() -> counters.sentTotal());
  }
}
