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
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.Version;
import dev.psc.scraper.store.StoreConnection;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The status of the scraper as JSON, for {@code /api/status} and the status page. A document has
 * one page of targets and a part of the dropped ones, so that its size does not depend on their
 * number.
 */
public final class StatusDocument {

  static final int PAGE_ROWS = 50;

  /** Limit on the dropped, and on the invalid targets of a job that are listed. */
  static final int MAX_DROPPED = 20;

  /** Limit on a page of rows; the page ends before it is exceeded. */
  private static final int MAX_CHARS = 1 << 20;

  private static final int MAX_JOBS = 500;

  /** Labels that the page shows without a click. */
  private static final List<String> SHOWN = List.of("namespace", "pod", "container", "instance");

  private StatusDocument() {}

  /** Returns the document of a running scraper. */
  public static String of(ScraperState state, StatusQuery query) {
    TargetView view = state.view();
    JsonText json = new JsonText().open('{');
    json.put("version", Version.TEXT)
        .put("now", System.currentTimeMillis())
        .put("startedAt", state.startedAt().toEpochMilli());
    String notReady = state.notReady(view.snapshot());
    json.put("ready", notReady.isEmpty()).put("notReady", notReady);
    json.key("config").open('{');
    json.put("path", state.configPath().toString())
        .put("loadedAt", state.configLoadedAt().toEpochMilli())
        .put("error", JsonText.shortened(state.configError()))
        .close('}');
    store(json, state);
    jobs(json, state, view);
    json.texts("profiles", view.profiles());
    targets(json, state, view, query);
    dropped(json, view, query);
    return json.close('}').toString();
  }

  /** Returns the document of one target, with all its details. */
  public static Optional<String> ofTarget(ScraperState state, String id) {
    return state.view().find(id).map(status -> detail(state, status));
  }

  private static String detail(ScraperState state, TargetStatus status) {
    Target target = status.target();
    JsonText json = new JsonText().open('{');
    profile(json, state, status);
    json.put("url", target.uri().toString())
        .put("job", target.job().name())
        .put("intervalMs", target.interval().toMillis())
        .put("timeoutMs", target.timeout().toMillis());
    target.note().ifPresent(note -> json.put("note", note));
    json.labels("labels", target.labels()).labels("discovered", target.discovered());
    LastProfiles.Entry last = state.lastProfiles().of(target, state.externalLabels());
    json.texts("types", last == null ? List.of() : last.types());
    return json.close('}').toString();
  }

  private static void store(JsonText json, ScraperState state) {
    StoreConnection link = state.store();
    DeliverySnapshot now = link.delivery().snapshot();
    JsonText store = json.key("store").open('{');
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
    counts(store, "dropped", now.dropped());
    counts(store, "refused", now.refused());
    store.close('}');
  }

  private static void counts(JsonText json, String name, Map<String, Long> counts) {
    json.key(name).open('{');
    counts.forEach(json::put);
    json.close('}');
  }

  private static String state(DeliverySnapshot now) {
    return switch (now.state()) {
      case SENDING -> now.sent() > 0 || now.calls() == 0 ? "ok" : "connecting";
      case BLOCKED, REFUSING -> "blocked";
      case BACKING_OFF -> "retrying";
      default -> now.state().name().toLowerCase(Locale.ROOT);
    };
  }

  private static void jobs(JsonText json, ScraperState state, TargetView view) {
    Map<String, ScrapeJob> known = new HashMap<>();
    state.jobs().forEach(job -> known.put(job.name(), job));
    Map<String, Map<TargetStatus.Health, Integer>> rows = new HashMap<>();
    for (TargetView.Row row : view.rows()) {
      String job = view.target(row.from()).target().job().name();
      rows.computeIfAbsent(job, name -> new EnumMap<>(TargetStatus.Health.class))
          .merge(row.health(), 1, Integer::sum);
    }
    json.put("jobCount", view.snapshot().jobs().size()).key("jobs").open('[');
    view.snapshot().jobs().stream()
        .limit(MAX_JOBS)
        .forEach(
            job ->
                job(
                    json,
                    job,
                    view.unscraped(job),
                    known,
                    rows.getOrDefault(job.name(), Map.of())));
    json.close(']');
  }

  private static void job(
      JsonText json,
      ScraperSnapshot.Job job,
      TargetView.Unscraped unscraped,
      Map<String, ScrapeJob> known,
      Map<TargetStatus.Health, Integer> rows) {
    ScrapeJob settings = known.get(job.name());
    json.open('{')
        .put("name", job.name())
        .put("intervalMs", settings == null ? 0 : settings.interval().toMillis());
    json.key("discovery").open('[');
    for (ScraperSnapshot.Discovery discovery : job.discoveries()) {
      json.open('{')
          .put("kind", discovery.key())
          .put("groups", discovery.groups())
          .put("lastUpdate", discovery.lastUpdate().map(Instant::toEpochMilli).orElse(0L))
          .put("error", JsonText.shortened(discovery.error().orElse("")))
          .close('}');
    }
    json.close(']');
    for (TargetStatus.Health health : TargetStatus.Health.values()) {
      json.put(health(health), rows.getOrDefault(health, 0));
    }
    json.put("kept", job.targets().size())
        .put("dropped", unscraped.dropped().count())
        .put("invalid", unscraped.invalid().count())
        .close('}');
  }

  private static void targets(
      JsonText json, ScraperState state, TargetView view, StatusQuery query) {
    int skip = Math.toIntExact(Math.min(Integer.MAX_VALUE, (query.page() - 1L) * PAGE_ROWS));
    int matching = 0;
    int before = json.length();
    json.key("targets").open('[');
    for (TargetView.Row row : view.rows()) {
      if (!query.matches(view, row)) {
        continue;
      }
      if (matching >= skip && matching - skip < PAGE_ROWS && json.length() - before < MAX_CHARS) {
        row(json, state, view, row);
      }
      matching++;
    }
    json.close(']')
        .put("targetCount", view.rows().size())
        .put("matching", matching)
        .put("page", query.page())
        .put("pages", Math.max(1, (matching + PAGE_ROWS - 1) / PAGE_ROWS));
  }

  private static void row(JsonText json, ScraperState state, TargetView view, TargetView.Row row) {
    Target target = view.target(row.from()).target();
    json.open('{')
        .put("job", target.job().name())
        .put("address", TargetView.address(target))
        .put("health", health(row.health()));
    json.key("labels").open('{');
    for (String name : SHOWN) {
      String value = target.labels().valueOf(name);
      if (!value.isEmpty() && !value.equals(TargetView.address(target))) {
        json.put(name, JsonText.shortened(value));
      }
    }
    json.close('}').key("profiles").open('[');
    for (int i = row.from(); i < row.to(); i++) {
      json.open('{');
      profile(json, state, view.target(i));
      json.close('}');
    }
    json.close(']').close('}');
  }

  private static void profile(JsonText json, ScraperState state, TargetStatus status) {
    Target target = status.target();
    json.put("id", target.id())
        .put("profile", target.labels().valueOf(LabelSet.NAME))
        .put("health", health(status.health()))
        .put("scrapes", status.scrapes())
        .put("failures", status.failures())
        .put("missed", status.missedIntervals())
        .put("nextScrape", status.next().toEpochMilli());
    if (status.last().isPresent()) {
      ScrapeReport last = status.last().get();
      json.put("lastScrape", last.start().toEpochMilli())
          .put("lastDurationMs", last.duration().toMillis())
          .put("lastBytes", last.sizeBytes());
      if (!last.message().isEmpty()) {
        json.key("error")
            .open('{')
            .put("reason", last.reason())
            .put("message", JsonText.shortened(last.message()))
            .close('}');
      }
    }
    json.put("hasProfile", state.lastProfiles().has(target, state.externalLabels()));
  }

  /** Returns the word for a health, the same in documents, metrics and filters. */
  static String health(TargetStatus.Health health) {
    return health.name().toLowerCase(Locale.ROOT);
  }

  private static void dropped(JsonText json, TargetView view, StatusQuery query) {
    int dropped = 0;
    int invalid = 0;
    json.key("dropped").open('[');
    int before = json.length();
    for (ScraperSnapshot.Job job : view.snapshot().jobs()) {
      if (!query.job().isEmpty() && !query.job().equals(job.name())) {
        continue;
      }
      TargetView.Unscraped unscraped = view.unscraped(job);
      dropped += unscraped.dropped().count();
      invalid += unscraped.invalid().count();
      int shown = json.length() - before < MAX_CHARS ? MAX_DROPPED : 0;
      unscraped.invalid().write(json, shown);
      unscraped.dropped().write(json, shown);
    }
    json.close(']').put("droppedCount", dropped).put("invalidCount", invalid);
  }

  public static Map<String, Object> labels(LabelSet labels) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Label label : labels) {
      map.put(label.name(), label.value());
    }
    return map;
  }
}
