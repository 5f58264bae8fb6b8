package dev.psc.scrape.kubernetes;

import java.time.Duration;

/** Short durations, so that tests need not wait. */
final class Timings {

  static final Timing.Liveness LIVENESS =
      new Timing.Liveness(
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofMillis(50),
          Duration.ofMillis(20));

  private Timings() {}

  static Timing of(
      Duration firstRetry,
      Duration longestRetry,
      Duration deniedRetry,
      Duration list,
      Duration watch,
      Duration watchSlack) {
    return new Timing(firstRetry, longestRetry, deniedRetry, list, watch, watchSlack, LIVENESS);
  }
}
