package dev.psc.scraper.command;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.label.LabelSet;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.target.Targets;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ScraperSettings;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Discovers the targets of a config and fetches each of their profiles once, sending none. */
final class TargetCheck {

  private static final Duration DISCOVERY_TIMEOUT = Duration.ofSeconds(30);
  private static final long POLL_MILLIS = 50;
  private static final Duration SLACK = Duration.ofSeconds(5);
  private static final String DISCOVERED = "targets discovered";
  private static final String FETCHED = "targets fetched";

  /** Limit on failures that are printed one by one. */
  private static final int SHOWN = 20;

  private final Options options;
  private final ConfigFile config;
  private final LabelSet externalLabels;
  private final List<CheckCommand.Step> steps = new ArrayList<>();

  TargetCheck(Options options, ConfigFile config, LabelSet externalLabels) {
    this.options = options;
    this.config = config;
    this.externalLabels = externalLabels;
  }

  List<CheckCommand.Step> run() throws UsageException, InterruptedException {
    List<Target> targets;
    try (Scraper scraper = scraper()) {
      ScraperSnapshot snapshot = scraper.discover(DISCOVERY_TIMEOUT);
      targets = snapshot.targets().stream().map(TargetStatus::target).toList();
      discovery(snapshot, targets.size());
    }
    if (!targets.isEmpty()) {
      try (Scraper scraper = scraper()) {
        scraper.start(profile -> new Acceptance.Accepted());
        awaitTargets(scraper, targets);
        fetch(scraper, targets);
      }
    }
    return steps;
  }

  private Scraper scraper() throws UsageException {
    return ScraperSettings.builder(options, config, externalLabels, new ScrapeListener() {})
        .build();
  }

  private static void awaitTargets(Scraper scraper, List<Target> targets)
      throws InterruptedException {
    long deadline = System.nanoTime() + DISCOVERY_TIMEOUT.toNanos();
    while (scraper.snapshot().targets().size() < targets.size()
        && System.nanoTime() - deadline < 0) {
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  private void discovery(ScraperSnapshot snapshot, int targets) {
    int before = steps.size();
    for (ScraperSnapshot.Job job : snapshot.jobs()) {
      for (ScraperSnapshot.Discovery one : job.discoveries()) {
        String where = "job " + job.name() + ": " + one.key();
        if (one.error().isPresent()) {
          steps.add(CheckCommand.wrong(DISCOVERED, where + ": " + one.error().get(), ""));
        } else if (one.lastUpdate().isEmpty()) {
          steps.add(
              CheckCommand.wrong(
                  DISCOVERED,
                  where + " listed no targets within " + DISCOVERY_TIMEOUT.toSeconds() + "s",
                  "check that the server of the discovery can be reached"));
        }
      }
      for (Targets.Invalid one : job.invalid()) {
        steps.add(
            CheckCommand.wrong(
                DISCOVERED,
                "job " + job.name() + ": " + one.reason(),
                "--print-targets shows the labels of each invalid target"));
      }
    }
    if (steps.size() == before && targets > 0) {
      steps.add(CheckCommand.ok(DISCOVERED, targets + " profile(s) to scrape"));
    } else if (steps.size() == before) {
      steps.add(
          CheckCommand.warning(
              DISCOVERED,
              "no job has a target",
              "--print-targets shows the targets that relabelling dropped"));
    }
  }

  private void fetch(Scraper scraper, List<Target> targets) throws InterruptedException {
    int fetched = 0;
    int failed = 0;
    Deque<Target> waiting = new ArrayDeque<>(targets);
    while (!waiting.isEmpty()) {
      List<Target> batch = new ArrayList<>();
      List<CompletableFuture<ScrapeReport>> running = new ArrayList<>();
      while (!waiting.isEmpty() && batch.size() < options.scrape.maxConcurrentScrapes) {
        Target target = waiting.remove();
        try {
          running.add(scraper.scrapeNow(target.id()));
          batch.add(target);
        } catch (IllegalArgumentException ignored) {
          // A discovery has removed the target meanwhile.
        }
      }
      for (int i = 0; i < batch.size(); i++) {
        String problem = problem(batch.get(i), running.get(i));
        if (problem.isEmpty()) {
          fetched++;
        } else if (++failed <= SHOWN) {
          steps.add(CheckCommand.wrong(FETCHED, problem, ""));
        }
      }
    }
    String summary = fetched + " of " + (fetched + failed) + " profile(s)";
    steps.add(
        failed == 0
            ? CheckCommand.ok(FETCHED, summary)
            : CheckCommand.wrong(FETCHED, summary, "correct the targets that are listed above"));
  }

  private static String problem(Target target, CompletableFuture<ScrapeReport> running)
      throws InterruptedException {
    long timeout = target.timeout().plus(SLACK).toMillis();
    try {
      ScrapeReport report = running.get(timeout, TimeUnit.MILLISECONDS);
      boolean good = report.outcome().isHealthy() || report.outcome() == ScrapeOutcome.CPU_BUSY;
      return good ? "" : report.reason() + ": " + report.message();
    } catch (CancellationException removed) {
      return "";
    } catch (TimeoutException | ExecutionException e) {
      return target.name() + ": no result within " + timeout + " ms";
    }
  }
}
