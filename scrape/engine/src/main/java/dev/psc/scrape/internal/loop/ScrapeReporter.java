package dev.psc.scrape.internal.loop;

import dev.psc.net.UncaughtErrors;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a fetched profile, or a failed fetch, into a report. Thread-safe. */
final class ScrapeReporter {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeReporter.class);

  private final ProfileHandler handler;
  private final LongSupplier epochNanos;

  ScrapeReporter(ProfileHandler handler, LongSupplier epochNanos) {
    this.handler = handler;
    this.epochNanos = epochNanos;
  }

  /** Hands a body to the handler; never throws. */
  ScrapeReport report(
      Target target,
      long dueNanos,
      long startNanos,
      byte @Nullable [] body,
      @Nullable Throwable failure) {
    long endNanos = epochNanos.getAsLong();
    ProfileHandler.Handled handled =
        handle(target, body, failure, startNanos, endNanos - startNanos);
    return new ScrapeReport(
        target,
        Instant.EPOCH.plusNanos(startNanos),
        dueNanos == ScrapeLoop.NONE
            ? Duration.ZERO
            : Duration.ofNanos(Math.max(0, startNanos - dueNanos)),
        Duration.ofNanos(Math.max(0, epochNanos.getAsLong() - startNanos)),
        handled.outcome(),
        handled.reason(),
        handled.message(),
        handled.sizeBytes());
  }

  private ProfileHandler.Handled handle(
      Target target,
      byte @Nullable [] body,
      @Nullable Throwable failure,
      long startNanos,
      long durationNanos) {
    if (body == null || failure != null) {
      Throwable cause = failure;
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (cause instanceof HttpFailure classified) {
        return failed(classified.outcome(), String.valueOf(classified.getMessage()));
      }
      return failed(ScrapeOutcome.INTERNAL, target.name() + ": " + cause);
    }
    try {
      return handler.handle(target, body, startNanos, durationNanos);
    } catch (RuntimeException | StackOverflowError e) {
      logger.error("{}: unexpected error while handling a profile; dropping it", target.name(), e);
      return failed(
          ScrapeOutcome.INTERNAL, target.name() + ": unexpected error in the scraper: " + e);
    } catch (OutOfMemoryError e) {
      // One large profile must not stop the scraping of all other targets, unless the program's
      // handler of uncaught exceptions ends the process.
      UncaughtErrors.report(e);
      return failed(ScrapeOutcome.OVERLOADED, target.name() + ": out of memory: " + e);
    }
  }

  private static ProfileHandler.Handled failed(ScrapeOutcome outcome, String message) {
    return new ProfileHandler.Handled(outcome, outcome.reason(), message, 0);
  }
}
