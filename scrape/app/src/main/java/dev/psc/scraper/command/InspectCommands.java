package dev.psc.scraper.command;

import dev.psc.auth.CallHeaders;
import dev.psc.auth.TokenSource;
import dev.psc.net.Json;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Targets;
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.status.StatusDocument;
import dev.psc.scraper.store.StoreConnection;
import dev.psc.store.StoreChannels;
import dev.psc.store.StoreCheck;
import dev.psc.store.StoreCheckStep;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The flags that print something and exit. */
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
    out.print(ConfigFile.read(options.scrape.configPath).effectiveYaml());
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

  /** One line of {@code --check}. */
  private record Step(String name, String result, String message, String remedy) {}

  /** Checks config, token, project and store step by step. */
  public int check() throws UsageException {
    List<Step> steps = new ArrayList<>();
    try {
      ConfigFile config = ConfigFile.read(options.scrape.configPath);
      ScraperSettings.externalLabels(options);
      options.shard();
      steps.add(
          new Step(
              "config valid",
              "ok",
              options.scrape.configPath + ": " + config.jobs().size() + " job(s)",
              ""));
    } catch (UsageException e) {
      steps.add(new Step("config valid", "wrong", String.valueOf(e.getMessage()), remedy(e)));
    }
    for (StoreCheckStep step : storeSteps()) {
      steps.add(
          new Step(
              step.name().title(),
              step.result().name().toLowerCase(Locale.ROOT),
              FlagWords.inFlags(step.message()),
              FlagWords.inFlags(step.remedy())));
    }
    boolean ok = steps.stream().noneMatch(step -> step.result().equals("wrong"));
    if (json) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("ok", ok);
      document.put("steps", steps.stream().map(InspectCommands::map).toList());
      out.println(Json.write(document));
    } else {
      for (Step step : steps) {
        out.printf("%-8s %-24s %s%n", step.result(), step.name(), step.message());
        if (!step.remedy().isEmpty()) {
          out.printf("%-8s %-24s -> %s%n", "", "", step.remedy());
        }
      }
      out.println(ok ? "all checks passed" : "some checks failed, see above");
    }
    return ok ? 0 : 1;
  }

  private static String remedy(UsageException e) {
    return String.valueOf(e.getMessage()).startsWith("--")
        ? "correct the flag; --help lists all"
        : "correct the config file; --print-config shows the settings in use";
  }

  private static Map<String, Object> map(Step step) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("step", step.name());
    map.put("result", step.result());
    map.put("message", step.message());
    map.put("remedy", step.remedy());
    return map;
  }

  private List<StoreCheckStep> storeSteps() throws UsageException {
    Options.Store store = options.store;
    if (store.storeAddress == null) {
      throw new UsageException("--store-address is missing: --check needs it");
    }
    List<String> problems = new ArrayList<>();
    Map<String, String> pairs = StoreConnection.headerPairs(options, problems);
    String project = null;
    CallHeaders.Builder others = CallHeaders.builder();
    try {
      for (Map.Entry<String, String> pair : pairs.entrySet()) {
        if (pair.getKey().equalsIgnoreCase("projectID")) {
          project = pair.getValue();
        } else {
          others.header(pair.getKey(), pair.getValue());
        }
      }
    } catch (IllegalArgumentException e) {
      problems.add("--grpc-headers: " + e.getMessage());
    }
    if (store.bearerToken != null && store.bearerTokenFile != null) {
      problems.add("--bearer-token and --bearer-token-file are both given: keep the file");
    }
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
    StoreCheck.Builder check = StoreCheck.builder(() -> channel(options)).headers(others.build());
    if (project != null) {
      check.projectId(project);
    }
    if (store.allowPlaintextToken) {
      check.allowPlaintextToken();
    }
    if (store.allowProjectToken) {
      check.allowProjectToken();
    }
    if (store.bearerTokenFile != null) {
      return check.tokenFile(store.bearerTokenFile).build().run();
    }
    if (store.bearerToken == null) {
      return check.build().run();
    }
    try (TokenSource source = StoreConnection.tokenSource(options)) {
      return source == null ? check.build().run() : check.tokenSource(source).build().run();
    }
  }

  private static StoreChannels.Builder channel(Options options) {
    try {
      return StoreConnection.channelSettings(options);
    } catch (UsageException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
