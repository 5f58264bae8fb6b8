package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A lister of the groups that an HTTP server returns. */
final class HttpLister implements TargetLister {

  /** About 300,000 targets. */
  private static final long BODY_LIMIT_BYTES = 32 << 20;

  private static final Duration LONGEST = Duration.ofMinutes(1);
  private static final int SHOWN = 120;

  private final HttpDiscovery settings;
  private final HttpClients http;
  private final String shownUrl;

  HttpLister(HttpDiscovery settings, HttpClients http) {
    this.settings = settings;
    this.http = http;
    this.shownUrl = HttpSettingsFields.withoutUserInfo(settings.url());
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    Duration interval = settings.refreshInterval();
    HttpAnswer answer;
    try {
      answer =
          http.get(
              new HttpGet(
                  settings.url(),
                  settings.http(),
                  Map.of(
                      "Accept",
                      "application/json",
                      "X-Prometheus-Refresh-Interval-Seconds",
                      String.valueOf(Math.max(1, interval.toSeconds()))),
                  interval.compareTo(LONGEST) < 0 ? interval : LONGEST,
                  BODY_LIMIT_BYTES));
    } catch (HttpFailure e) {
      throw new DiscoveryException("http_sd: " + e.getMessage(), e);
    }
    String body = new String(answer.body(), StandardCharsets.UTF_8);
    if (answer.status() != 200) {
      throw problem("returned " + answer.status() + ", not 200: " + beginning(body));
    }
    if (!answer.contentType().equals("application/json")) {
      throw problem(
          "returned content type \""
              + answer.contentType()
              + "\", not application/json: "
              + beginning(body));
    }
    ConfigProblems problems = new ConfigProblems();
    Optional<ConfigNode> root = JsonNodes.read(body, "", problems);
    List<TargetGroup> groups =
        root.map(node -> TargetGroups.read(node, shownUrl, "__meta_url")).orElse(List.of());
    if (!problems.isEmpty()) {
      List<ConfigProblem> list = problems.list();
      throw problem(
          "the response cannot be used: "
              + list.get(0)
              + (list.size() > 1 ? "; and " + (list.size() - 1) + " more problems" : ""));
    }
    return groups;
  }

  private DiscoveryException problem(String what) {
    return new DiscoveryException("http_sd " + shownUrl + ": " + what);
  }

  private static String beginning(String body) {
    StringBuilder shown = new StringBuilder();
    for (int i = 0; i < body.length() && shown.length() < SHOWN; i++) {
      char c = body.charAt(i);
      shown.append(c < ' ' || c == 127 ? ' ' : c);
    }
    return shown.isEmpty() ? "(no body)" : shown.toString().strip();
  }
}
