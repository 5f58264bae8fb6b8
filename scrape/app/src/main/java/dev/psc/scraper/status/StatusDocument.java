package dev.psc.scraper.status;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.target.Targets;
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.Version;
import dev.psc.scraper.store.StoreConnection;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The status of the scraper as JSON, for {@code /api/status} and the status page. */
public final class StatusDocument {

  private StatusDocument() {}

  /** Returns the document of a running scraper. */
  public static Map<String, Object> of(ScraperState state) {
    ScraperSnapshot scraper = state.scraper().snapshot();
    Map<String, Object> document = new LinkedHashMap<>();
    document.put("version", Version.TEXT);
    document.put("now", System.currentTimeMillis());
    document.put("startedAt", state.startedAt().toEpochMilli());
    String notReady = state.notReady(scraper);
    document.put("ready", notReady.isEmpty());
    document.put("notReady", notReady);
    document.put("config", config(state));
    StoreConnection store = state.store();
    if (store != null) {
      document.put("store", store(store, state));
    }
    Map<String, ScrapeJob> jobs = new LinkedHashMap<>();
    state.jobs().forEach(job -> jobs.put(job.name(), job));
    document.put("jobs", scraper.jobs().stream().map(job -> job(job, jobs)).toList());
    document.put(
        "targets", scraper.targets().stream().map(status -> target(status, state)).toList());
    document.put("dropped", dropped(scraper));
    return document;
  }

  private static Map<String, Object> config(ScraperState state) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("path", state.configPath().toString());
    config.put("loadedAt", state.configLoadedAt().toEpochMilli());
    config.put("error", state.configError());
    return config;
  }

  private static Map<String, Object> store(StoreConnection link, ScraperState state) {
    DeliverySnapshot now = link.delivery().snapshot();
    Map<String, Object> store = new LinkedHashMap<>();
    store.put("address", link.address());
    store.put("project", link.project().map(Object::toString).orElse(""));
    store.put("state", state(now));
    store.put(
        "message",
        FlagWords.inFlags(
            now.stateMessage().isEmpty() && now.state() != DeliveryState.SENDING
                ? now.lastError()
                : now.stateMessage()));
    store.put("tokenFingerprint", link.tokenFingerprint());
    store.put("tokenSource", link.tokenOrigin());
    store.put(
        "tokenState",
        link.tokenProblem().isEmpty() ? "" : "last good token in use: " + link.tokenProblem());
    store.put("queuedProfiles", now.queued());
    store.put("queuedBytes", now.queueBytes());
    store.put("queueMaxBytes", state.queueMaxBytes());
    store.put("memoryBytes", now.memoryBytes());
    store.put("spool", state.spool(now));
    store.put("spoolBytes", now.spoolBytes());
    store.put("spoolHealthy", now.spoolHealthy());
    store.put("oldestAgeMs", now.oldestAge().toMillis());
    store.put("accepted", now.accepted());
    store.put("replayed", now.replayed());
    store.put("sent", now.sent());
    store.put("sentBytes", now.sentBytes());
    store.put("retried", now.retried());
    store.put("dropped", now.dropped());
    store.put("refused", now.refused());
    return store;
  }

  private static String state(DeliverySnapshot now) {
    return switch (now.state()) {
      case SENDING -> now.sent() > 0 || now.calls() == 0 ? "ok" : "connecting";
      case BLOCKED, REFUSING -> "blocked";
      case BACKING_OFF -> "retrying";
      default -> now.state().name().toLowerCase(Locale.ROOT);
    };
  }

  private static Map<String, Object> job(ScraperSnapshot.Job job, Map<String, ScrapeJob> known) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", job.name());
    ScrapeJob settings = known.get(job.name());
    map.put("intervalMs", settings == null ? 0 : settings.interval().toMillis());
    List<Map<String, Object>> discoveries = new ArrayList<>();
    for (ScraperSnapshot.Discovery discovery : job.discoveries()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("kind", discovery.key());
      one.put("groups", discovery.groups());
      one.put("lastUpdate", discovery.lastUpdate().map(Instant::toEpochMilli).orElse(0L));
      one.put("error", discovery.error().orElse(""));
      discoveries.add(one);
    }
    map.put("discovery", discoveries);
    map.put("kept", job.targets().size());
    map.put("dropped", job.dropped().size());
    map.put("invalid", job.invalid().size());
    return map;
  }

  private static Map<String, Object> target(TargetStatus status, ScraperState state) {
    Target target = status.target();
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", target.id());
    map.put("job", target.job().name());
    map.put("profile", target.name());
    map.put("url", target.uri().toString());
    map.put("health", health(status));
    map.put("labels", labels(target.labels()));
    map.put("discovered", labels(target.discovered()));
    map.put("intervalMs", target.interval().toMillis());
    map.put("timeoutMs", target.timeout().toMillis());
    target.note().ifPresent(note -> map.put("note", note));
    map.put("scrapes", status.scrapes());
    map.put("failures", status.failures());
    map.put("missed", status.missedIntervals());
    map.put("nextScrape", status.next().toEpochMilli());
    if (status.last().isPresent()) {
      ScrapeReport last = status.last().get();
      map.put("lastScrape", last.start().toEpochMilli());
      map.put("lastDurationMs", last.duration().toMillis());
      map.put("lastBytes", last.sizeBytes());
      if (!last.message().isEmpty()) {
        map.put("error", Map.of("reason", last.reason(), "message", last.message()));
      }
    }
    LastProfiles.Entry profile = state.lastProfiles().of(target, state.externalLabels());
    map.put("hasProfile", profile != null);
    map.put("types", profile == null ? List.of() : profile.types());
    return map;
  }

  static String health(TargetStatus status) {
    return switch (status.health()) {
      case UP -> "good";
      case DOWN -> "bad";
      default -> "unknown";
    };
  }

  private static List<Map<String, Object>> dropped(ScraperSnapshot scraper) {
    List<Map<String, Object>> all = new ArrayList<>();
    for (ScraperSnapshot.Job job : scraper.jobs()) {
      for (Targets.Invalid invalid : job.invalid()) {
        all.add(dropped(job.name(), invalid.reason(), invalid.discovered()));
      }
      for (Targets.Dropped dropped : job.dropped()) {
        all.add(
            dropped(
                job.name(),
                "rule " + dropped.rule() + ": " + dropped.ruleText(),
                dropped.discovered()));
      }
    }
    return all;
  }

  private static Map<String, Object> dropped(String job, String rule, LabelSet discovered) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("job", job);
    map.put("rule", rule);
    map.put("discovered", labels(discovered));
    return map;
  }

  public static Map<String, Object> labels(LabelSet labels) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Label label : labels) {
      map.put(label.name(), label.value());
    }
    return map;
  }
}
