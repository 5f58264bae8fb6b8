package dev.psc.scrape.internal.loop;

import dev.psc.scrape.loop.ProfileFetcher;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scrapes every target at its own steady moments, all from one schedule. Thread-safe.
 *
 * <p>A target's moments are those times since 1970 that leave its offset as the remainder of its
 * interval; the offset comes from its hash and a seed. A scrape that is still under way at the next
 * moment delays that one by at most half an interval; what cannot be made up for is counted as
 * missed, so that nothing is ever scraped twice to catch up.
 */
public final class ScrapeScheduler implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeScheduler.class);
  private static final long CLOSE_WAIT_NANOS = Duration.ofSeconds(5).toNanos();

  private final ProfileFetcher fetcher;
  private final ScrapeReporter handling;
  private final LoopListener listener;
  private final Executor executor;
  private final LongSupplier epochNanos;
  private final long seed;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by lock.
  private final TreeSet<ScrapeLoop> schedule = new TreeSet<>();
  private final Map<String, Map<Target, ScrapeLoop>> jobs = new HashMap<>();
  private final Admission admission;
  private long nextId;
  private int inHand;
  private boolean closed;

  private record Start(ScrapeLoop loop, long dueNanos) {}

  private final ConcurrentLinkedQueue<Start> starts = new ConcurrentLinkedQueue<>();
  private final AtomicInteger starting = new AtomicInteger();

  /**
   * Creates loops without targets; they rest until {@link #run} or {@link #tick} is called.
   *
   * @param fetcher gets profiles
   * @param handler takes them
   * @param listener is told of it
   * @param executor runs the handler and the listener; not shut down by this
   * @param epochNanos nanoseconds since 1970 that never go back
   * @param seed moves all offsets, so that replicas do not scrape at the same moments
   * @param maxConcurrentScrapes as many scrapes run at a time
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
    this.handling = new ScrapeReporter(Objects.requireNonNull(handler, "handler"), epochNanos);
    this.seed = seed;
    if (maxConcurrentScrapes < 1) {
      throw new IllegalArgumentException(
          "maxConcurrentScrapes must be at least 1, is " + maxConcurrentScrapes);
    }
    this.admission = new Admission(maxConcurrentScrapes);
  }

  /** Scrapes until {@link #close}: the body of the one thread that keeps the time. */
  public void run() {
    while (true) {
      long next = tick();
      lock.lock();
      try {
        if (closed) {
          return;
        }
        long first = schedule.isEmpty() ? Long.MAX_VALUE : schedule.first().dueNanos;
        long wait = Math.min(first, next) - epochNanos.getAsLong();
        if (wait > 0) {
          long unused = changed.awaitNanos(wait);
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return;
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Starts every scrape that is due now and returns when the next one is, in nanoseconds since
   * 1970: what {@link #run} does again and again.
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
      while (!schedule.isEmpty() && schedule.first().dueNanos <= now) {
        due(schedule.first(), now, notices);
      }
      next = schedule.isEmpty() ? Long.MAX_VALUE : schedule.first().dueNanos;
    } finally {
      lock.unlock();
    }
    startAll();
    notices.forEach(Runnable::run);
    return next;
  }

  private void due(ScrapeLoop loop, long now, List<Runnable> notices) {
    schedule.remove(loop);
    long due = loop.dueNanos;
    loop.dueNanos = nextAfter(loop.target, now);
    schedule.add(loop);
    // More than one went by: the process was stopped or starved.
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
    starts.add(new Start(loop, due));
  }

  /** Returns the first of a target's moments after a time. */
  private long nextAfter(Target target, long now) {
    long interval = target.interval().toNanos();
    long offset = Long.remainderUnsigned(target.hash() ^ seed, interval);
    return now - Math.floorMod(now - offset, interval) + interval;
  }

  /**
   * Runs the starts that were collected under the lock, outside of it and one after the other: a
   * fetcher that answers at once would otherwise recurse for as long as loops wait.
   */
  private void startAll() {
    if (starting.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    while (seen != 0) {
      for (Start start = starts.poll(); start != null; start = starts.poll()) {
        start(start);
      }
      seen = starting.addAndGet(-seen);
    }
  }

  private void start(Start start) {
    ScrapeLoop loop = start.loop;
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
    } catch (RuntimeException fault) {
      body = CompletableFuture.failedFuture(fault);
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
            (bytes, failure) ->
                elsewhere(() -> ended(loop, target, start.dueNanos, startNanos, bytes, failure)));
    if (gone) {
      body.cancel(true);
    }
  }

  /** Runs on the executor: an answer that is there at once must not take the timer's time. */
  private void elsewhere(Runnable end) {
    try {
      executor.execute(end);
    } catch (RejectedExecutionException shutDown) {
      // Only the places of targets that are gone are given up now.
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
        inHand++;
      }
    } finally {
      lock.unlock();
    }
    if (gone) {
      startAll();
      return;
    }
    ScrapeReport report = handling.report(target, dueNanos, startNanos, body, failure);
    List<Runnable> notices = new ArrayList<>();
    lock.lock();
    try {
      inHand--;
      changed.signalAll();
      finish(loop, report, notices);
    } finally {
      lock.unlock();
    }
    startAll();
    notices.forEach(Runnable::run);
  }

  /** Gives the place up without a report: the target is gone. */
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
    loop.last = report;
    loop.scrapes++;
    boolean wasDown = loop.health == TargetStatus.Health.DOWN;
    if (report.outcome().isHealthy() || report.outcome() == ScrapeOutcome.CPU_BUSY) {
      loop.health = TargetStatus.Health.UP;
    } else {
      loop.health = TargetStatus.Health.DOWN;
    }
    if (!report.outcome().isHealthy()) {
      loop.failures++;
    }
    if (report.outcome() == ScrapeOutcome.CPU_BUSY && !loop.removed) {
      avoidTheOther(loop);
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
    FailureLog.ended(loop, report, wasDown, epochNanos.getAsLong(), notices);
    notices.add(() -> guarded(() -> listener.scraped(report)));
    if (running != null) {
      notices.add(() -> running.complete(report));
    }
  }

  /**
   * Moves the next scrape, and only that, by up to half an interval: somebody else profiles at the
   * same moments, and the same collision would come again and again.
   */
  private void avoidTheOther(ScrapeLoop loop) {
    long interval = loop.target.interval().toNanos();
    long random = (loop.target.hash() ^ seed) + loop.scrapes * 0x9e3779b97f4a7c15L;
    random = (random ^ (random >>> 32)) * 0xd6e8feb86659fd93L;
    schedule.remove(loop);
    loop.dueNanos =
        nextAfter(loop.target, epochNanos.getAsLong())
            + Long.remainderUnsigned(random, interval / 2);
    schedule.add(loop);
    changed.signalAll();
  }

  private static void guarded(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException fault) {
      logger.warn("a scrape listener failed", fault);
    }
  }

  /**
   * Makes these the targets of a job: new ones get a loop, equal ones keep theirs with its state,
   * those that are gone stop at once. Never waits for a scrape.
   */
  public void sync(String job, Collection<Target> targets) {
    List<CompletableFuture<byte[]>> cancelled = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      Map<Target, ScrapeLoop> before = jobs.getOrDefault(job, new HashMap<>());
      Map<Target, ScrapeLoop> after = new LinkedHashMap<>();
      long now = epochNanos.getAsLong();
      for (Target target : targets) {
        ScrapeLoop loop = before.remove(target);
        if (loop == null) {
          if (after.containsKey(target)) {
            continue;
          }
          loop = new ScrapeLoop(nextId++, target);
          loop.dueNanos = nextAfter(target, now);
          schedule.add(loop);
        } else if (!loop.target.interval().equals(target.interval())) {
          schedule.remove(loop);
          loop.dueNanos = nextAfter(target, now);
          schedule.add(loop);
        }
        loop.target = target;
        after.put(target, loop);
      }
      before.values().forEach(loop -> remove(loop, cancelled));
      if (after.isEmpty()) {
        jobs.remove(job);
      } else {
        jobs.put(job, after);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    cancelled.forEach(fetching -> fetching.cancel(true));
  }

  private void remove(ScrapeLoop loop, List<CompletableFuture<byte[]>> cancelled) {
    loop.removed = true;
    schedule.remove(loop);
    admission.withdraw(loop);
    if (loop.requested != null) {
      loop.requested.cancel(false);
    }
    if (loop.fetching != null) {
      cancelled.add(loop.fetching);
    }
  }

  /**
   * Scrapes a target now, besides its schedule, which stays as it is. When it is being scraped
   * already, or waits for its turn, that scrape is the answer.
   *
   * @param id of the target, as {@link Target#id}
   * @return completes with the report; cancelled when the target goes away meanwhile
   * @throws IllegalArgumentException when there is no such target
   */
  public CompletableFuture<ScrapeReport> scrapeNow(String id) {
    CompletableFuture<ScrapeReport> answer;
    lock.lock();
    try {
      ScrapeLoop loop = find(id);
      if (loop.running == null && !loop.queued) {
        // Asked for by hand, it does not wait for a place.
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
    startAll();
    return own(answer);
  }

  /** Returns a future of the caller's own: what it does to it is no concern of others. */
  private static CompletableFuture<ScrapeReport> own(CompletableFuture<ScrapeReport> answer) {
    CompletableFuture<ScrapeReport> copy = new CompletableFuture<>();
    CompletableFuture<?> unused =
        answer.whenComplete(
            (report, failure) -> {
              if (failure == null) {
                copy.complete(report);
              } else {
                copy.cancel(false);
              }
            });
    return copy;
  }

  private ScrapeLoop find(String id) {
    for (Map<Target, ScrapeLoop> loops : jobs.values()) {
      for (ScrapeLoop loop : loops.values()) {
        if (loop.target.id().equals(id)) {
          return loop;
        }
      }
    }
    throw new IllegalArgumentException("there is no target " + id);
  }

  /** Returns the state of every target of a job, in the order in which they were given. */
  public List<TargetStatus> statuses(String job) {
    lock.lock();
    try {
      List<TargetStatus> statuses = new ArrayList<>();
      jobs.getOrDefault(job, Map.of()).values().forEach(loop -> statuses.add(loop.status()));
      return statuses;
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many loops there are. */
  public int size() {
    lock.lock();
    try {
      return schedule.size();
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many scrapes are under way. */
  public int scraping() {
    lock.lock();
    try {
      return admission.running();
    } finally {
      lock.unlock();
    }
  }

  /** Returns how many scrapes are due and wait for a place. */
  public int waiting() {
    lock.lock();
    try {
      return admission.waiting();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Stops everything. Exchanges under way are ended; profiles that are just being handled get up to
   * 5 s. Nothing is handed on afterwards. Idempotent.
   */
  @Override
  public void close() {
    List<CompletableFuture<byte[]>> cancelled = new ArrayList<>();
    lock.lock();
    try {
      closed = true;
      jobs.values().forEach(loops -> loops.values().forEach(loop -> remove(loop, cancelled)));
      jobs.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    cancelled.forEach(fetching -> fetching.cancel(true));
    lock.lock();
    try {
      long left = CLOSE_WAIT_NANOS;
      while (inHand > 0 && left > 0) {
        left = changed.awaitNanos(left);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }
}
