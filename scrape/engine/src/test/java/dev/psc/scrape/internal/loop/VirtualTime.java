package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ProfileFetcher;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Loops whose time a test moves, and a record of what they did. Not thread-safe. */
final class VirtualTime implements ProfileFetcher, LoopListener {

  /** One scrape that was begun. */
  record Begun(Target target, long nanos, CompletableFuture<byte[]> answer) {}

  static final byte[] BODY = {1, 2, 3};

  final AtomicLong now = new AtomicLong(Duration.ofDays(20_000).toNanos());
  final List<Begun> begun = new ArrayList<>();
  final List<ScrapeReport> reports = new ArrayList<>();
  final Map<Target, Long> missed = new LinkedHashMap<>();
  final ScrapeScheduler loops;

  /** True if targets respond immediately. */
  boolean answering = true;

  ProfileHandler.Handled handled =
      new ProfileHandler.Handled(ScrapeOutcome.OK, ScrapeOutcome.OK.reason(), "", BODY.length);

  VirtualTime() {
    this(0, 1_000_000);
  }

  VirtualTime(long seed, int maxConcurrentScrapes) {
    loops =
        new ScrapeScheduler(
            this,
            (target, body, start, duration) -> handled,
            this,
            Runnable::run,
            now::get,
            seed,
            maxConcurrentScrapes);
  }

  @Override
  public CompletableFuture<byte[]> fetch(Target target) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    begun.add(new Begun(target, now.get(), answer));
    if (answering) {
      answer.complete(BODY);
    }
    return answer;
  }

  @Override
  public void scraped(ScrapeReport report) {
    reports.add(report);
  }

  @Override
  public void missed(Target target, long intervals) {
    missed.merge(target, intervals, Long::sum);
  }

  /** Lets time go by as the timer thread would see it. */
  void advance(Duration duration) {
    long end = now.get() + duration.toNanos();
    long next = loops.tick();
    while (next <= end) {
      now.set(next);
      next = loops.tick();
    }
    now.set(end);
    long unused = loops.tick();
  }

  /** Lets time go by while the process does not run. */
  void stopFor(Duration duration) {
    now.addAndGet(duration.toNanos());
    long unused = loops.tick();
  }

  List<Begun> begunOf(Target target) {
    return begun.stream().filter(one -> one.target().equals(target)).toList();
  }

  TargetStatus status(Target target) {
    return loops.statuses(target.job().name()).stream()
        .filter(status -> status.target().equals(target))
        .findFirst()
        .orElseThrow();
  }
}
