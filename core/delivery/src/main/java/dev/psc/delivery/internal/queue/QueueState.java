package dev.psc.delivery.internal.queue;

import dev.psc.delivery.internal.send.Sender;
import dev.psc.delivery.internal.spool.Spool;
import dev.psc.delivery.internal.spool.SpoolQueue;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.Durability;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The queue of profiles from acceptance to the sink's answer, in order and bounded in bytes.
 *
 * <pre>
 *   accept ─▶ [ backlog: in memory, not written yet ][ backlog: on disk only ][ window ] ─▶ sink
 * </pre>
 *
 * The oldest profiles are in the {@link SendWindow}, in memory. Without a spool there is no
 * backlog. With a spool, every profile is written as well, the window has half of the memory, and
 * other profiles wait in the {@link Backlog} until the window has room. If the spool fails, window
 * and unwritten profiles share all the memory, and the oldest are dropped.
 *
 * <p>The state is guarded by one lock. No I/O and no code of others runs under the lock. Callers
 * and the {@link Sender} see it as a {@link SendQueue}, the {@link Spool} as a {@link SpoolQueue};
 * the methods here are called by these two, with the lock held.
 */
public final class QueueState {

  /** The duration of a write after which the disk counts as failed. */
  private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(10);

  final DeliverySettings settings;
  public final Ticker ticker;
  public final Events events;
  public final Wakeup sendWakeup;
  final Wakeup spoolWakeup;
  final boolean spooled;
  public final ReentrantLock lock = new ReentrantLock();
  final Condition progress = lock.newCondition();
  public final SendWindow sendWindow;
  public final Backlog backlog = new Backlog();
  public final Counters counters = new Counters();

  public boolean spoolHealthy;
  public String spoolMessage = "";
  public boolean writing;
  public long writingSinceNanos;

  public QueueState(
      DeliverySettings settings,
      Ticker ticker,
      Events events,
      Wakeup sendWakeup,
      Wakeup spoolWakeup) {
    this.settings = settings;
    this.ticker = ticker;
    this.events = events;
    this.sendWakeup = sendWakeup;
    this.spoolWakeup = spoolWakeup;
    this.spooled = settings.spool() != null;
    this.sendWindow = new SendWindow(settings.batchMaxBytes());
  }

  /** Returns the result of a function that is called with the lock held. */
  public <T> T locked(Supplier<T> function) {
    lock.lock();
    try {
      return function.get();
    } finally {
      lock.unlock();
    }
  }

  /** Runs an action with the lock held. */
  public void runLocked(Runnable action) {
    lock.lock();
    try {
      action.run();
    } finally {
      lock.unlock();
    }
  }

  /** Returns whether the disk accepts writes, even slowly. */
  boolean isSpoolWorking() {
    return spooled
        && spoolHealthy
        && !(writing && ticker.nanos() - writingSinceNanos > STALLED_NANOS);
  }

  /** Returns the weight of everything that is held in memory. */
  long memoryBytes() {
    return sendWindow.weightBytes() + backlog.outsideBytes();
  }

  /** Returns the window's share of the memory. */
  public long windowMaxBytes() {
    return spooled && spoolHealthy ? settings.queueMaxBytes() / 2 : settings.queueMaxBytes();
  }

  boolean fitsWindow(QueuedProfile item) {
    long filled = sendWindow.weightBytes();
    return filled == 0 || filled + item.weightBytes() <= windowMaxBytes();
  }

  /** Moves waiting profiles from memory to the window, unless older ones wait on disk. */
  public void promote() {
    QueuedProfile item;
    while (backlog.waiting() == 0 && (item = backlog.firstOutside()) != null && fitsWindow(item)) {
      sendWindow.add(backlog.takeOutside());
    }
    if (spooled) {
      spoolWakeup.set();
    }
  }

  /** Counts profiles that were lost before they entered the window. */
  public void lost(long profiles, long bytes, String reason, String message) {
    sendWindow.passOver(profiles);
    counters.dropped(profiles, bytes, reason);
    events.add(new DeliveryEvent.Dropped(profiles, bytes, reason, message));
    progress.signalAll();
  }

  /** Drops a profile: counts it, reports it and removes it. */
  public void drop(QueuedProfile item, String reason, String message) {
    counters.dropped(1, item.bytes(), reason);
    events.add(new DeliveryEvent.Dropped(1, item.bytes(), reason, message));
    finish(item, Durability.LOST);
    progress.signalAll();
  }

  /** Removes a profile that is sent or lost. */
  void finish(QueuedProfile item, Durability durability) {
    sendWindow.remove(item);
    item.state = QueuedProfile.State.DONE;
    if (item.segment != null) {
      item.segment.settle(item.ordinal);
    }
    complete(item.durability, durability);
  }

  /** Completes a stage once the lock is released. */
  public void complete(@Nullable CompletableFuture<Durability> durability, Durability value) {
    if (durability != null) {
      events.add(() -> durability.complete(value));
    }
  }
}
