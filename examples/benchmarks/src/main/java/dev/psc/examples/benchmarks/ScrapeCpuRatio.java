package dev.psc.examples.benchmarks;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;

/**
 * A scrape of 50 kB by a scraper with 1,000 targets, compared with fetching and inflating the same
 * bytes with the JDK: the cost of schedule, classification, checks and repair.
 */
public final class ScrapeCpuRatio implements Ratio {

  private static final int TARGETS = 1_000;
  private static final int FETCHES = 1_500;

  @Override
  public String name() {
    return "scrape-cpu-vs-fetch-and-inflate";
  }

  @Override
  public double goal() {
    return 2;
  }

  @Override
  public Measurement measure() throws Exception {
    try (ScrapeLoad load = ScrapeLoad.serving(50_000)) {
      ScrapeLoad.Cost cost =
          load.scrape(
              TARGETS, Duration.ofSeconds(3), Duration.ofSeconds(15), Duration.ofSeconds(12));
      if (cost.failed() > 0 || cost.scrapes() == 0) {
        return new Measurement.Skipped("the scrapes failed: " + cost.describe());
      }
      fetch(load, FETCHES);
      double floor = fetch(load, FETCHES);
      return new Measurement.Measured(
          cost.cpuNanosPerScrape() / floor,
          cost.describe()
              + String.format(
                  Locale.ROOT,
                  "; fetching and inflating %.3f CPU-s per 1,000; %d targets x %d kB",
                  floor / 1e6,
                  TARGETS,
                  load.profile().length / 1_000));
    }
  }

  /** Returns the processor time of one fetch. */
  private static double fetch(ScrapeLoad load, int times) throws Exception {
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpRequest request = HttpRequest.newBuilder(load.uri()).build();
    long inflated = 0;
    long before = ScrapeLoad.cpuNanos();
    for (int i = 0; i < times; i++) {
      inflated +=
          Inputs.inflate(client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body())
              .length;
    }
    long used = ScrapeLoad.cpuNanos() - before;
    if (inflated < times) {
      throw new IllegalStateException("nothing came");
    }
    return (double) used / times;
  }
}
