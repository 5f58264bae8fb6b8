package dev.psc.scrape.kubernetes;

import java.time.Duration;

/**
 * How long things may take.
 *
 * @param firstRetry the pause after a first failure; it doubles with each further one
 * @param longestRetry the longest pause between tries
 * @param deniedRetry the pause after 401 and 403
 * @param list for one page of a list, its body included
 * @param watch the server is asked to end a watch after this, so that it moves to other servers
 * @param watchSlack a watch that the server did not end by then is taken for dead
 */
record Timing(
    Duration firstRetry,
    Duration longestRetry,
    Duration deniedRetry,
    Duration list,
    Duration watch,
    Duration watchSlack) {

  static final Timing DEFAULT =
      new Timing(
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30));

  /**
   * Returns the pause before the next try.
   *
   * @param failures in a row, at least one
   * @param denied whether the last one was 401 or 403
   * @param random from 0 to 1; many scrapers must not come back at the same time
   */
  Duration pause(int failures, boolean denied, double random) {
    long base =
        denied
            ? deniedRetry.toNanos()
            : Math.min(longestRetry.toNanos(), firstRetry.toNanos() << Math.min(20, failures - 1));
    return Duration.ofNanos((long) (base * (0.75 + random / 2)));
  }
}
