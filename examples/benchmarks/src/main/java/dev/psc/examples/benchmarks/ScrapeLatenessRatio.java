package dev.psc.examples.benchmarks;

import java.time.Duration;

/**
 * The 99th percentile of the delay of scrapes with 10,000 targets of 5 kB every 10 s, compared with
 * 0.1 s. A missed interval or a failed scrape misses the goal as well.
 */
public final class ScrapeLatenessRatio implements Ratio {

  private static final int TARGETS = 10_000;
  private static final Duration ALLOWED = Duration.ofMillis(100);

  @Override
  public String name() {
    return "scrape-10000-targets-lateness";
  }

  @Override
  public double goal() {
    return 1;
  }

  @Override
  public Measurement measure() throws Exception {
    try (ScrapeLoad load = ScrapeLoad.serving(5_000)) {
      ScrapeLoad.Cost cost =
          load.scrape(
              TARGETS, Duration.ofSeconds(10), Duration.ofSeconds(15), Duration.ofSeconds(20));
      double late = (double) cost.lateness().toNanos() / ALLOWED.toNanos();
      return new Measurement.Measured(
          late + cost.missed() + cost.failed(), cost.describe() + "; 10,000 targets x 5 kB");
    }
  }
}
