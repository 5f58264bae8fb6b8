package dev.psc.scraper.config;

import dev.psc.label.LabelSet;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperBuilder;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scraper.cli.KeyValues;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.Replica;
import dev.psc.scraper.cli.Shard;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.cli.Version;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The settings of the scrape engine that come from flags and config. */
public final class ScraperSettings {

  private ScraperSettings() {}

  /**
   * Returns a builder of the scraper that the flags and the config describe.
   *
   * @throws UsageException when a flag has an illegal value
   */
  public static ScraperBuilder builder(
      Options options, ConfigFile config, LabelSet externalLabels, ScrapeListener listener)
      throws UsageException {
    return Scraper.builder()
        .jobs(config.jobs())
        .externalLabels(externalLabels)
        .relabeling(options.shard().map(Shard::rules).orElse(Relabeling.NONE))
        .offsetSeed(Replica.name(System.getenv().getOrDefault("HOSTNAME", "")))
        .maxConcurrentScrapes(options.scrape.maxConcurrentScrapes)
        .userAgent("psc-scraper/" + Version.TEXT)
        .listener(listener);
  }

  /**
   * Returns the labels of {@code --external-label}.
   *
   * @throws UsageException when a name is illegal, or a label is given twice
   */
  public static LabelSet externalLabels(Options options) throws UsageException {
    List<String> problems = new ArrayList<>();
    Map<String, String> pairs =
        KeyValues.read("--external-label", options.scrape.externalLabels, false, problems);
    for (String name : pairs.keySet()) {
      if (!LabelSet.isLegalName(name) || name.startsWith("__")) {
        problems.add(
            "--external-label: \""
                + name
                + "\" must match [a-zA-Z_][a-zA-Z0-9_]* and not begin with __");
      }
    }
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
    return LabelSet.copyOf(pairs);
  }
}
