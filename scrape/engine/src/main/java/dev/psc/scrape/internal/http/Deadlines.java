package dev.psc.scrape.internal.http;

import java.util.Comparator;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A set of deadlines, nearly all of which are cancelled. The scheduler is only given the time of
 * the earliest one, and is not told when that is cancelled: with equal timeouts its thread wakes up
 * once per timeout instead of once per request. Thread-safe.
 */
final class Deadlines {

  private final ScheduledExecutorService scheduler;
  private final long originNanos = System.nanoTime();

  // Guarded by this. Where it is not empty, a check is scheduled for the first one or before it.
  private final TreeSet<Deadline> pending =
      new TreeSet<>(
          Comparator.<Deadline>comparingLong(deadline -> deadline.nanos)
              .thenComparingLong(deadline -> deadline.number));
  private long added;
  private boolean checking;
  private long checkNanos;

  /**
   * @param scheduler runs what is due; not shut down
   */
  Deadlines(ScheduledExecutorService scheduler) {
    this.scheduler = scheduler;
  }

  private long now() {
    return System.nanoTime() - originNanos;
  }

  /** A deadline that has not passed, relative to the creation. */
  final class Deadline {
    private final long nanos;
    private final long number;
    private final Runnable action;

    private Deadline(long nanos, long number, Runnable action) {
      this.nanos = nanos;
      this.number = number;
      this.action = action;
    }

    /** Forgets the deadline; does nothing after it has passed. */
    void cancel() {
      synchronized (Deadlines.this) {
        pending.remove(this);
      }
    }
  }

  /**
   * Adds a deadline.
   *
   * @param timeoutNanos the time from now
   * @param action runs on the scheduler at the deadline; must not block
   * @throws java.util.concurrent.RejectedExecutionException if the scheduler is shut down
   */
  synchronized Deadline add(long timeoutNanos, Runnable action) {
    Deadline deadline = new Deadline(now() + timeoutNanos, added++, action);
    if (!checking || deadline.nanos < checkNanos) {
      check(deadline.nanos);
    }
    pending.add(deadline);
    return deadline;
  }

  private void check(long nanos) {
    Object unused =
        scheduler.schedule(() -> runDue(nanos), Math.max(0, nanos - now()), TimeUnit.NANOSECONDS);
    checking = true;
    checkNanos = nanos;
  }

  private synchronized void runDue(long checkedNanos) {
    if (checking && checkNanos != checkedNanos) {
      // An earlier deadline was added, whose check has taken over.
      return;
    }
    while (!pending.isEmpty() && pending.first().nanos <= now()) {
      // Each is a task of its own, so that a failing one does not affect the others.
      scheduler.execute(pending.pollFirst().action);
    }
    checking = false;
    if (!pending.isEmpty()) {
      check(pending.first().nanos);
    }
  }
}
