package dev.psc.scrape.internal.loop;

import dev.psc.scrape.loop.ScrapeReport;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Logs a failure when it occurs or changes, and once an hour while it lasts. */
final class FailureLog {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeScheduler.class);
  private static final long AGAIN_NANOS = Duration.ofHours(1).toNanos();

  private FailureLog() {}

  /**
   * Collects what to log about a scrape. Called under the lock of {@link ScrapeScheduler}.
   *
   * @param notices receives the log calls, which run outside of the lock
   */
  static void ended(
      ScrapeLoop loop,
      ScrapeReport report,
      boolean wasDown,
      long nowNanos,
      List<Runnable> notices) {
    String name = report.target().name();
    if (report.outcome().isHealthy()) {
      if (loop.loggedReason != null) {
        loop.loggedReason = null;
        notices.add(
            () ->
                logger.info(
                    "{} {}: scraped again{}",
                    report.target().job().name(),
                    name,
                    wasDown ? "" : " (no longer busy)"));
      }
      return;
    }
    if (!report.reason().equals(loop.loggedReason) || nowNanos - loop.loggedNanos >= AGAIN_NANOS) {
      loop.loggedReason = report.reason();
      loop.loggedNanos = nowNanos;
      notices.add(
          () ->
              logger.warn(
                  "job {}: {} [{}]",
                  report.target().job().name(),
                  report.message(),
                  report.reason()));
    }
  }
}
