package dev.psc.examples.benchmarks;

import java.time.Duration;

/** The heap in use with 10,000 targets, compared with 512 MiB. */
public final class ScrapeHeapRatio implements Ratio {

  private static final int TARGETS = 10_000;
  private static final long ALLOWED_BYTES = 512L << 20;

  @Override
  public String name() {
    return "scrape-10000-targets-heap";
  }

  @Override
  public double goal() {
    return 1;
  }

  @Override
  public Measurement measure() throws Exception {
    try (ScrapeLoad load = ScrapeLoad.serving(50_000)) {
      ScrapeLoad.Cost cost =
          load.scrape(
              TARGETS, Duration.ofSeconds(30), Duration.ofSeconds(5), Duration.ofSeconds(15));
      return new Measurement.Measured(
          (double) cost.heapBytes() / ALLOWED_BYTES,
          cost.describe() + "; all else on this heap included");
    }
  }
}
