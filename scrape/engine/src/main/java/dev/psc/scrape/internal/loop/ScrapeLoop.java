package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The state of one target's loop; everything in it is guarded by the lock of {@link
 * ScrapeScheduler}.
 */
final class ScrapeLoop implements Comparable<ScrapeLoop> {

  static final long NONE = Long.MIN_VALUE;

  final long id;
  Target target;
  long dueNanos;
  long pendingNanos = NONE;
  boolean queued;
  boolean removed;
  @Nullable CompletableFuture<ScrapeReport> running;
  @Nullable CompletableFuture<ScrapeReport> requested;
  @Nullable CompletableFuture<byte[]> fetching;
  @Nullable ScrapeReport last;
  TargetStatus.Health health = TargetStatus.Health.UNKNOWN;
  long scrapes;
  long failures;
  long missed;
  FailureLog.@Nullable Key failure;

  ScrapeLoop(long id, Target target) {
    this.id = id;
    this.target = target;
  }

  void record(ScrapeReport report) {
    boolean healthy = report.outcome().isHealthy();
    last = report;
    scrapes++;
    health =
        healthy || report.outcome() == ScrapeOutcome.CPU_BUSY
            ? TargetStatus.Health.UP
            : TargetStatus.Health.DOWN;
    if (!healthy) {
      failures++;
    }
  }

  /** Returns a copy of the future, so that a caller cannot cancel the scrape for others. */
  static CompletableFuture<ScrapeReport> copy(CompletableFuture<ScrapeReport> answer) {
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

  TargetStatus status() {
    return new TargetStatus(
        target,
        health,
        Optional.ofNullable(last),
        Instant.EPOCH.plusNanos(dueNanos),
        running != null,
        scrapes,
        failures,
        missed);
  }

  /** Compares by the time of the next scrape. */
  @Override
  public int compareTo(ScrapeLoop other) {
    int order = Long.compare(dueNanos, other.dueNanos);
    return order != 0 ? order : Long.compare(id, other.id);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id);
  }
}
