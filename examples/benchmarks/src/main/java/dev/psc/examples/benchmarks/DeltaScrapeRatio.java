package dev.psc.examples.benchmarks;

import java.util.Locale;

/**
 * The delta of a scrape whose previous scrape is in the state already, as for every scrape but the
 * first, compared with reading both with protobuf-java's generated classes.
 */
public final class DeltaScrapeRatio implements Ratio {

  @Override
  public String name() {
    return "delta-next-scrape-vs-protobuf-java";
  }

  @Override
  public double goal() {
    return 0.2;
  }

  @Override
  public Measurement measure() throws Exception {
    Inputs.Pair pair = Inputs.bigPair();
    // The second scrape needs the state of the first, whose cost is measured and subtracted.
    Stopwatch.Comparison both =
        Stopwatch.compare(() -> DeltaRatio.delta(pair), () -> DeltaRatio.readBoth(pair));
    Stopwatch.Comparison first =
        Stopwatch.compare(() -> DeltaRatio.first(pair), () -> DeltaRatio.readBoth(pair));
    return new Measurement.Measured(
        both.ratio() - first.ratio(),
        String.format(
            Locale.ROOT,
            "both scrapes %.3f ms, the first of them %.3f ms, reading both %.3f ms; %s",
            both.ours() / 1e6,
            first.ours() / 1e6,
            both.theirs() / 1e6,
            pair.name()));
  }
}
