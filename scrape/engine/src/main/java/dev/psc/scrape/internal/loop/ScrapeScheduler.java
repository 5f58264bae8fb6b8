package dev.psc.scrape.internal.loop;

import dev.psc.net.UncaughtErrors;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ProfileFetcher;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A scheduler that scrapes every target at a steady offset within its interval. Thread-safe.
 *
 * <p>The offset is derived from the target's hash and a seed and is relative to the Unix epoch, so
 * it is the same after a restart. A scrape that is still running at the next scrape time delays the
 * next scrape by at most half an interval. Later ones are counted as missed and are not repeated.
 */
public final class ScrapeScheduler implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeScheduler.class);
  private static final long RETRY_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long CLOSE_WAIT_NANOS = Duration.ofSeconds(5).toNanos();

  private final ProfileFetcher fetcher;
  private final ScrapeReporter reporter;
  private final LoopListener listener;
  private final Executor executor;
  private final LongSupplier epochNanos;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private final Schedule schedule;
  private final Admission admission;
  private final FailureLog failureLog = new FailureLog();
  private final HeldBodies bodies = HeldBodies.ofHeap(Runtime.getRuntime().maxMemory());
  private int handling;
  private boolean closed;

  private final StartQueue starts = new StartQueue(this::start);

  /**
   * Creates a scheduler without targets. It scrapes when {@link #run} or {@link #tick} is called.
   *
   * @param fetcher fetches profiles
   * @param handler handles fetched profiles
   * @param listener is notified of scrapes and missed intervals
   * @param executor runs the handler and the listener; not shut down by the scheduler
   * @param epochNanos nanoseconds since 1970; must never decrease
   * @param seed moves all offsets, so that replicas scrape at different times
   * @param maxConcurrentScrapes the limit on concurrent scrapes
   */
  public ScrapeScheduler(
      ProfileFetcher fetcher,
      ProfileHandler handler,
      LoopListener listener,
      Executor executor,
      LongSupplier epochNanos,
      long seed,
      int maxConcurrentScrapes) {
    this.fetcher = Objects.requireNonNull(fetcher, "fetcher");
    this.listener = Objects.requireNonNull(listener, "listener");
    this.executor = Objects.requireNonNull(executor, "executor");
    this.epochNanos = Objects.requireNonNull(epochNanos, "epochNanos");
    this.reporter = new ScrapeReporter(Objects.requireNonNull(handler, "handler"), epochNanos);
    this.schedule = new Schedule(seed);
    if (maxConcurrentScrapes < 1) {
      throw new IllegalArgumentException(
          "maxConcurrentScrapes must be at least 1, but was " + maxConcurrentScrapes);
    }
    this.admission = new Admission(maxConcurrentScrapes);
  }

  /** Scrapes until {@link #close}. Runs on one thread, the timer. */
  public void run() {
    while (true) {
      long next = tickSafely();
      lock.lock();
      try {
        if (closed) {
          return;
        }
        long wait = Math.min(schedule.firstNanos(), next) - epochNanos.getAsLong();
        if (wait > 0) {
          long unused = changed.awaitNanos(wait);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } finally {
        lock.unlock();
      }
    }
  }

  /** The timer survives everything, because all scrapes depend on it. */
  private long tickSafely() {
    try {
      return tick();
    } catch (RuntimeException | StackOverflowError e) {
      logger.error("Unexpected error while starting scrapes; retrying in a second", e);
    } catch (Error e) {
      UncaughtErrors.report(e);
    }
    return epochNanos.getAsLong() + RETRY_NANOS;
  }

  /**
   * Starts every scrape that is due now. {@link #run} calls it repeatedly.
   *
   * @return the time of the next scrape, in nanoseconds since 1970
   */
  public long tick() {
    List<Runnable> notices = new ArrayList<>();
    long next;
    lock.lock();
    try {
      if (closed) {
        return Long.MAX_VALUE;
      }
      long now = epochNanos.getAsLong();
      for (ScrapeLoop loop = schedule.firstDue(now); loop != null; loop = schedule.firstDue(now)) {
        due(loop, now, notices);
      }
      next = schedule.firstNanos();
    } finally {
      lock.unlock();
    }
    starts.drain();
    notices.forEach(Runnable::run);
    return next;
  }

  private void due(ScrapeLoop loop, long now, List<Runnable> notices) {
    long due = loop.dueNanos;
    schedule.advance(loop, now);
    // More than one interval passes when the process was suspended or starved.
    long interval = loop.target.interval().toNanos();
    long missed = Math.max(0, (loop.dueNanos - due) / interval - 1);
    if (loop.running != null) {
      if (loop.pendingNanos != ScrapeLoop.NONE) {
        missed++;
      }
      loop.pendingNanos = due;
    } else if (loop.queued) {
      missed++;
    } else {
      admit(loop, due);
    }
    missed(loop, missed, notices);
  }

  private void missed(ScrapeLoop loop, long missed, List<Runnable> notices) {
    if (missed > 0) {
      loop.missed += missed;
      Target target = loop.target;
      notices.add(() -> guarded(() -> listener.missed(target, missed)));
    }
  }

  private void admit(ScrapeLoop loop, long due) {
    if (admission.enter(loop)) {
      begin(loop, due);
    } else {
      loop.pendingNanos = due;
    }
  }

  private void begin(ScrapeLoop loop, long due) {
    CompletableFuture<ScrapeReport> requested = loop.requested;
    loop.running = requested == null ? new CompletableFuture<>() : requested;
    loop.requested = null;
    loop.pendingNanos = ScrapeLoop.NONE;
    starts.add(loop, due);
  }

  private void start(StartQueue.Start start) {
    ScrapeLoop loop = start.loop();
    Target target;
    lock.lock();
    try {
      target = loop.target;
      if (loop.removed || closed) {
        release(loop);
        return;
      }
    } finally {
      lock.unlock();
    }
    long startNanos = epochNanos.getAsLong();
    CompletableFuture<byte[]> body;
    try {
      body = fetcher.fetch(target);
    } catch (RuntimeException | StackOverflowError e) {
      body = CompletableFuture.failedFuture(e);
    }
    boolean gone;
    lock.lock();
    try {
      loop.fetching = body;
      gone = loop.removed || closed;
    } finally {
      lock.unlock();
    }
    CompletableFuture<?> unused =
        body.whenComplete(
            (bytes, failure) -> {
              byte[] held = bodies.hold(bytes);
              Throwable cause = bytes != null && held == null ? bodies.overloaded() : failure;
              elsewhere(
                  () -> {
                    try {
                      ended(loop, target, start.dueNanos(), startNanos, held, cause);
                    } finally {
                      bodies.release(held);
                    }
                  });
            });
    if (gone) {
      body.cancel(true);
    }
  }

  /** Runs on the executor, so that a response that is already there does not block the timer. */
  private void elsewhere(Runnable end) {
    try {
      executor.execute(end);
    } catch (RejectedExecutionException e) {
      // The scheduler is closed: this only releases the slots of removed targets.
      end.run();
    }
  }

  private void ended(
      ScrapeLoop loop,
      Target target,
      long dueNanos,
      long startNanos,
      byte @Nullable [] body,
      @Nullable Throwable failure) {
    boolean gone;
    lock.lock();
    try {
      loop.fetching = null;
      gone = loop.removed || closed;
      if (gone) {
        release(loop);
      } else {
        handling++;
      }
    } finally {
      lock.unlock();
    }
    if (gone) {
      starts.drain();
      return;
    }
    ScrapeReport report = reporter.report(target, dueNanos, startNanos, body, failure);
    List<Runnable> notices = new ArrayList<>();
    lock.lock();
    try {
      handling--;
      if (closed) {
        // Only close waits for this; the timer does not have to wake up for each scrape.
        changed.signalAll();
      }
      finish(loop, report, notices);
    } finally {
      lock.unlock();
    }
    starts.drain();
    notices.forEach(Runnable::run);
  }

  /** Releases the slot without a report, as the target was removed. */
  private void release(ScrapeLoop loop) {
    CompletableFuture<ScrapeReport> running = loop.running;
    loop.running = null;
    loop.fetching = null;
    ScrapeLoop next = admission.leave();
    if (next != null) {
      begin(next, next.pendingNanos);
    }
    if (running != null) {
      running.cancel(false);
    }
  }

  private void finish(ScrapeLoop loop, ScrapeReport report, List<Runnable> notices) {
    CompletableFuture<ScrapeReport> running = loop.running;
    loop.running = null;
    loop.record(report);
    if (report.outcome() == ScrapeOutcome.CPU_BUSY && !loop.removed) {
      schedule.avoidCollision(loop, epochNanos.getAsLong());
      changed.signalAll();
    }
    ScrapeLoop next = admission.leave();
    if (next != null) {
      begin(next, next.pendingNanos);
    }
    if (loop.pendingNanos != ScrapeLoop.NONE && !loop.queued && !loop.removed) {
      long pending = loop.pendingNanos;
      loop.pendingNanos = ScrapeLoop.NONE;
      long lateness = epochNanos.getAsLong() - pending;
      if (lateness <= loop.target.interval().toNanos() / 2) {
        admit(loop, pending);
      } else {
        missed(loop, 1, notices);
      }
    }
    if (!loop.removed) {
      failureLog.ended(loop, report, epochNanos.getAsLong(), notices);
    }
    notices.add(() -> guarded(() -> listener.scraped(report)));
    if (running != null) {
      notices.add(() -> running.complete(report));
    }
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      logger.warn("A scrape listener failed; continuing", e);
    }
  }

  /**
   * Replaces the targets of a job. Equal targets keep their state; scrapes of removed targets are
   * cancelled immediately. Never waits for a scrape.
   */
  public void sync(String job, Collection<Target> targets) {
    List<CompletableFuture<byte[]>> cancelled = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      schedule
          .replace(job, targets, epochNanos.getAsLong())
          .forEach(loop -> remove(loop, cancelled));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    cancelled.forEach(fetching -> fetching.cancel(true));
  }

  private void remove(ScrapeLoop loop, List<CompletableFuture<byte[]>> cancelled) {
    loop.removed = true;
    failureLog.removed(loop);
    admission.withdraw(loop);
    if (loop.requested != null) {
      loop.requested.cancel(false);
    }
    if (loop.fetching != null) {
      cancelled.add(loop.fetching);
    }
  }

  /**
   * Scrapes a target now, in addition to its schedule. If a scrape of it is running or waiting for
   * a slot, the result is that scrape's.
   *
   * @param id of the target, as {@link Target#id}
   * @return completes with the report; cancelled when the target is removed meanwhile
   * @throws IllegalArgumentException when there is no such target
   */
  public CompletableFuture<ScrapeReport> scrapeNow(String id) {
    CompletableFuture<ScrapeReport> answer;
    lock.lock();
    try {
      ScrapeLoop loop = schedule.find(id);
      if (loop.running == null && !loop.queued) {
        // A requested scrape does not wait for a slot.
        admission.enterAlways();
        begin(loop, ScrapeLoop.NONE);
      }
      CompletableFuture<ScrapeReport> running = loop.running;
      if (running == null) {
        running = loop.requested == null ? new CompletableFuture<>() : loop.requested;
        loop.requested = running;
      }
      answer = running;
    } finally {
      lock.unlock();
    }
    starts.drain();
    return ScrapeLoop.copy(answer);
  }

  /** Returns the state of every target of a job, in the order in which they were given. */
  public List<TargetStatus> statuses(String job) {
    return locked(() -> schedule.statuses(job));
  }

  private <T> T locked(Supplier<T> read) {
    lock.lock();
    try {
      return read.get();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the number of targets. */
  public int size() {
    return locked(schedule::size);
  }

  /** Returns the number of running scrapes. */
  public int scraping() {
    return locked(admission::running);
  }

  /** Returns the number of scrapes that are due and waiting for a slot. */
  public int waiting() {
    return locked(admission::waiting);
  }

  /**
   * Stops scraping. Running exchanges are cancelled; profiles being handled get up to 5 s. No
   * profile is passed to the handler afterwards. Idempotent.
   */
  @Override
  public void close() {
    List<CompletableFuture<byte[]>> cancelled = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      schedule.clear().forEach(loop -> remove(loop, cancelled));
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    cancelled.forEach(fetching -> fetching.cancel(true));
    lock.lock();
    try {
      long left = CLOSE_WAIT_NANOS;
      while (handling > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
