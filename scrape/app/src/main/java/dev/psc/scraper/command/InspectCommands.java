package dev.psc.scraper.command;

import dev.psc.net.Json;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Targets;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.status.StatusDocument;
import dev.psc.scraper.store.MessageLimit;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The flags {@code --print-config} and {@code --print-targets}. */
public final class InspectCommands {

  private static final Duration DISCOVERY_TIMEOUT = Duration.ofSeconds(30);

  private final Options options;
  private final PrintStream out;
  private final boolean json;

  public InspectCommands(Options options, PrintStream out) {
    this.options = options;
    this.out = out;
    this.json = options.inspect.output.equals("json");
  }

  /** Prints the config with every default. */
  public int config() throws UsageException {
    ConfigFile config = ConfigFile.read(options.scrape.configPath);
    out.println(
        "# Limit on one profile and on one request to the store, from the largest body_size_limit: "
            + MessageLimit.bytes(config.jobs())
            + " bytes");
    out.print(config.effectiveYaml());
    return 0;
  }

  /** Discovers once and prints the kept, dropped and invalid targets with the reasons. */
  public int targets() throws UsageException, InterruptedException {
    ConfigFile config = ConfigFile.read(options.scrape.configPath);
    try (Scraper scraper =
        ScraperSettings.builder(
                options, config, ScraperSettings.externalLabels(options), new ScrapeListener() {})
            .build()) {
      ScraperSnapshot snapshot = scraper.discover(DISCOVERY_TIMEOUT);
      if (json) {
        out.println(Json.write(document(snapshot)));
      } else {
        snapshot.jobs().forEach(this::print);
      }
      boolean failed =
          snapshot.jobs().stream()
              .flatMap(job -> job.discoveries().stream())
              .anyMatch(discovery -> discovery.error().isPresent());
      return failed ? 1 : 0;
    }
  }

  private static Map<String, Object> document(ScraperSnapshot snapshot) {
    List<Map<String, Object>> targets = new ArrayList<>();
    List<Map<String, Object>> dropped = new ArrayList<>();
    List<Map<String, Object>> invalid = new ArrayList<>();
    List<Map<String, Object>> discoveries = new ArrayList<>();
    for (ScraperSnapshot.Job job : snapshot.jobs()) {
      for (TargetStatus status : job.targets()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("job", job.name());
        one.put("profile", status.target().labels().valueOf("__name__"));
        one.put("url", status.target().uri().toString());
        one.put("labels", StatusDocument.labels(status.target().labels()));
        one.put("discovered", StatusDocument.labels(status.target().discovered()));
        one.put("intervalMs", status.target().interval().toMillis());
        one.put("timeoutMs", status.target().timeout().toMillis());
        targets.add(one);
      }
      for (Targets.Dropped one : job.dropped()) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("job", job.name());
        map.put("rule", one.rule());
        map.put("ruleText", one.ruleText());
        map.put("discovered", StatusDocument.labels(one.discovered()));
        dropped.add(map);
      }
      for (Targets.Invalid one : job.invalid()) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("job", job.name());
        map.put("reason", one.reason());
        map.put("discovered", StatusDocument.labels(one.discovered()));
        invalid.add(map);
      }
      for (ScraperSnapshot.Discovery one : job.discoveries()) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("job", job.name());
        map.put("discovery", one.key());
        map.put("groups", one.groups());
        map.put("error", one.error().orElse(""));
        discoveries.add(map);
      }
    }
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("targets", targets);
    document.put("dropped", dropped);
    document.put("invalid", invalid);
    document.put("discoveries", discoveries);
    return document;
  }

  private void print(ScraperSnapshot.Job job) {
    out.printf(
        Locale.ROOT,
        "job %s: %d kept, %d dropped, %d invalid%n",
        job.name(),
        job.targets().size(),
        job.dropped().size(),
        job.invalid().size());
    for (ScraperSnapshot.Discovery discovery : job.discoveries()) {
      discovery
          .error()
          .ifPresent(error -> out.println("  " + discovery.key() + " fails: " + error));
    }
    for (TargetStatus status : job.targets()) {
      out.println("  kept     " + status.target().uri());
      out.println("           " + status.target().labels());
      status.target().note().ifPresent(note -> out.println("           note: " + note));
    }
    for (Targets.Dropped one : job.dropped()) {
      out.println("  dropped  by rule " + one.rule() + ": " + one.ruleText());
      out.println("           " + one.discovered());
    }
    for (Targets.Invalid one : job.invalid()) {
      out.println("  invalid  " + one.reason());
      out.println("           " + one.discovered());
    }
  }
}
