package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.Target;

/** Takes what was fetched: validates, transforms and hands on. */
@FunctionalInterface
public interface ProfileHandler {

  /**
   * Handles one profile; must not block on I/O.
   *
   * @param target where it is from
   * @param body as it came
   * @param startEpochNanos when it was asked for
   * @param durationNanos until it was complete
   * @return what became of it
   */
  Handled handle(Target target, byte[] body, long startEpochNanos, long durationNanos);

  /**
   * What became of a profile.
   *
   * @param outcome the class
   * @param reason a lower_snake_case word, finer than the outcome where a transform gave one
   * @param message for people; empty when all is well
   * @param sizeBytes as it was handed on, or as it came
   */
  record Handled(ScrapeOutcome outcome, String reason, String message, long sizeBytes) {}
}
