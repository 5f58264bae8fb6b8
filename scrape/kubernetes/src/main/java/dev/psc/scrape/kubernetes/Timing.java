package dev.psc.scrape.kubernetes;

import java.time.Duration;

/**
 * Durations of list and watch.
 *
 * @param firstRetry the pause after a first failure; it doubles with each further one
 * @param longestRetry the longest pause between attempts
 * @param deniedRetry the pause after 401 and 403
 * @param list the deadline for one page of a list, body included
 * @param watch the shortest time after which the server is asked to end a watch; the longest is
 *     twice that
 * @param watchSlack a watch that the server did not end by then is ended by the client
 * @param liveness when a silent watch is ended earlier
 */
record Timing(
    Duration firstRetry,
    Duration longestRetry,
    Duration deniedRetry,
    Duration list,
    Duration watch,
    Duration watchSlack,
    Liveness liveness) {

  /**
   * Durations of the check for silent connections.
   *
   * @param quiet the silence on all watches after which the API server is probed
   * @param probe the deadline of a probe
   * @param silence the silence that ends a watch on which bookmarks were seen; a server sends them
   *     about once a minute
   * @param stable the age at which a watch counts as working
   * @param interval the time between two checks of silence and of changed files
   */
  record Liveness(
      Duration quiet, Duration probe, Duration silence, Duration stable, Duration interval) {

    static final Liveness DEFAULT =
        new Liveness(
            Duration.ofSeconds(25),
            Duration.ofSeconds(10),
            Duration.ofSeconds(150),
            Duration.ofSeconds(1),
            Duration.ofSeconds(2));
  }

  static final Timing DEFAULT =
      new Timing(
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30),
          Liveness.DEFAULT);

  /** The longest pause that a server can ask for by {@code Retry-After}. */
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofMinutes(5);

  /**
   * Returns the pause before the next attempt.
   *
   * @param failures in a row, at least one
   * @param denied true if the credentials or permissions were refused
   * @param retryAfter what the server asked for; zero if it did not
   * @param random from 0 to 1, so that many scrapers do not retry at the same time
   */
  Duration pause(int failures, boolean denied, Duration retryAfter, double random) {
    long base =
        denied
            ? deniedRetry.toNanos()
            : Math.min(longestRetry.toNanos(), firstRetry.toNanos() << Math.min(20, failures - 1));
    long pause = (long) (base * (0.75 + random / 2));
    long asked =
        Math.min(LONGEST_RETRY_AFTER.toNanos(), (long) (retryAfter.toNanos() * (1 + random / 4)));
    return Duration.ofNanos(Math.max(pause, asked));
  }

  /** Returns the time after which the server is asked to end a watch. */
  Duration watchTimeout(double random) {
    return Duration.ofSeconds(Math.max(1, (long) (watch.toSeconds() * (1 + random))));
  }
}
