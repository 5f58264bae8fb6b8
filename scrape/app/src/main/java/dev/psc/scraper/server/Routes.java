package dev.psc.scraper.server;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scraper.server.HttpExchange.Answer;
import dev.psc.scraper.status.LastProfiles;
import dev.psc.scraper.status.Metrics;
import dev.psc.scraper.status.PrometheusText;
import dev.psc.scraper.status.ScraperState;
import dev.psc.scraper.status.StatusDocument;
import dev.psc.scraper.status.StatusQuery;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The routes of the HTTP server. */
public final class Routes implements HttpExchange.Handler {

  private final ScraperState state;
  private final SelfProfiles selfProfiles;
  private final Drawings drawings = Drawings.create();
  private final StatusPage page = StatusPage.load();

  public Routes(ScraperState state, SelfProfiles selfProfiles) {
    this.state = state;
    this.selfProfiles = selfProfiles;
  }

  @Override
  public Answer handle(HttpExchange exchange) throws Exception {
    String path = exchange.path();
    boolean action = path.equals("/-/reload") || path.equals("/api/scrape");
    String method = action ? "POST" : "GET";
    if (!exchange.method().equals(method)) {
      return new Answer(
          405,
          "text/plain; charset=utf-8",
          Map.of("allow", method),
          ("use " + method + "\n").getBytes(StandardCharsets.UTF_8));
    }
    if (action) {
      return path.equals("/-/reload") ? reload() : scrape(exchange.parameter("target"));
    }
    if (path.startsWith("/debug/pprof")) {
      return selfProfiles.answer(exchange);
    }
    return switch (path) {
      case "/", "/status" -> page.of(StatusDocument.of(state, StatusQuery.of(exchange::parameter)));
      case "/api/status" ->
          Answer.json(StatusDocument.of(state, StatusQuery.of(exchange::parameter)));
      case "/api/targets" -> targets(exchange.parameter("state"));
      case "/config" ->
          Answer.of(
              200,
              "text/yaml; charset=utf-8",
              state.effectiveYaml().getBytes(StandardCharsets.UTF_8));
      case "/api/target" -> target(exchange.parameter("id"));
      case "/metrics" ->
          Answer.of(
              200, PrometheusText.CONTENT_TYPE, Metrics.of(state).getBytes(StandardCharsets.UTF_8));
      case "/healthz" -> Answer.text(200, "ok\n");
      case "/readyz" -> ready();
      case "/flamegraph" -> flameGraph(exchange.parameter("target"), exchange.parameter("base"));
      default ->
          Answer.text(
              404, "no such page; see /status, /api/status, /metrics, /config, /debug/pprof/\n");
    };
  }

  private Answer targets(@Nullable String given) {
    String document =
        TargetsJson.write(new TargetsService(state.scraper()).jobs(TargetsJson.state(given)));
    return document == null
        ? Answer.text(
            413,
            "too many targets for one response; request pages of /api/status, or use the gRPC"
                + " service\n")
        : Answer.json(document);
  }

  private Answer target(@Nullable String id) {
    return id == null
        ? noTarget(null)
        : StatusDocument.ofTarget(state, id).map(Answer::json).orElseGet(() -> noTarget(id));
  }

  private Answer ready() {
    String why = state.notReady(state.view().snapshot());
    return why.isEmpty() ? Answer.text(200, "ready\n") : Answer.text(503, why + "\n");
  }

  private Answer reload() {
    String problem = state.reload();
    return problem.isEmpty()
        ? Answer.text(200, "config reloaded\n")
        : Answer.text(400, problem + "\n");
  }

  private Answer scrape(@Nullable String id) throws InterruptedException {
    Optional<TargetStatus> target = find(id);
    if (target.isEmpty()) {
      return noTarget(id);
    }
    long seconds = target.get().target().timeout().toSeconds() + 2;
    try {
      ScrapeReport report =
          state.scraper().scrapeNow(target.get().target().id()).get(seconds, TimeUnit.SECONDS);
      state.refreshView();
      return report.outcome().isHealthy()
          ? Answer.text(
              200,
              "scraped "
                  + report.sizeBytes()
                  + " bytes in "
                  + report.duration().toMillis()
                  + " ms\n")
          : Answer.text(502, report.reason() + ": " + report.message() + "\n");
    } catch (ExecutionException | CancellationException e) {
      return Answer.text(409, "the target was removed\n");
    } catch (TimeoutException e) {
      return Answer.text(504, "the scrape did not end within " + seconds + " s\n");
    }
  }

  /** Draws the last profile of a target, or its difference to that of another one. */
  private Answer flameGraph(@Nullable String id, @Nullable String baseId)
      throws InterruptedException {
    List<RawProfile> profiles = new ArrayList<>();
    String wanted = id == null ? "" : id;
    for (String each : baseId == null ? List.of(wanted) : List.of(baseId, wanted)) {
      Optional<TargetStatus> target = find(each);
      if (target.isEmpty()) {
        return noTarget(each.isEmpty() ? null : each);
      }
      LastProfiles.Entry entry =
          state.lastProfiles().of(target.get().target(), state.externalLabels());
      if (entry == null) {
        return Answer.text(404, "no profile of this target yet\n");
      }
      if (entry.tooLargeBytes() > 0) {
        return Drawings.tooLarge("the profile has " + entry.tooLargeBytes() + " bytes");
      }
      profiles.add(entry.profile());
    }
    return profiles.size() == 1
        ? drawings.draw(profiles.get(0))
        : drawings.drawDifference(profiles.get(0), profiles.get(1));
  }

  private Optional<TargetStatus> find(@Nullable String id) {
    return id == null ? Optional.empty() : state.view().find(id);
  }

  private static Answer noTarget(@Nullable String id) {
    return Answer.text(
        404,
        id == null
            ? "?target=ID is missing; /api/status lists the ids\n"
            : "no such target; /api/status lists the ids\n");
  }
}
