package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.Target;

/** A handler that validates and transforms fetched profiles and passes them on. */
@FunctionalInterface
public interface ProfileHandler {

  /**
   * Handles one profile; must not block on I/O.
   *
   * @param target the scraped target
   * @param body the response body, unchanged
   * @param startEpochNanos when it was requested
   * @param durationNanos from the request until the body was complete
   * @return the result
   */
  Handled handle(Target target, byte[] body, long startEpochNanos, long durationNanos);

  /**
   * The result of handling a profile.
   *
   * @param outcome the class
   * @param reason a lower_snake_case word, the transform's where a transform decided
   * @param message an explanation; empty on success
   * @param sizeBytes the size as passed on, or as received
   */
  record Handled(ScrapeOutcome outcome, String reason, String message, long sizeBytes) {}
}
