package dev.psc.scrape.cloud.internal.consul;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the catalog, and each service in it, with blocking queries. A failure keeps the targets
 * and is shown until each query has had an answer again. Thread-safe.
 */
final class ConsulWatch implements TargetDiscovery {

  private static final Logger logger = LoggerFactory.getLogger(ConsulWatch.class);
  private static final String CATALOG = "";

  /**
   * Waiting times.
   *
   * @param hold how long the server may hold a request without a change
   * @param request the deadline of a request; longer, as the server adds up to a sixteenth
   * @param firstRetry the pause after a failure
   * @param lastRetry the pause after many failures
   */
  record Timing(Duration hold, Duration request, Duration firstRetry, Duration lastRetry) {
    static final Timing DEFAULT =
        new Timing(
            Duration.ofMinutes(2),
            Duration.ofSeconds(135),
            Duration.ofSeconds(1),
            Duration.ofSeconds(15));
  }

  private final ConsulSettings settings;
  private final DiscoveryContext context;
  private final Timing timing;

  // Guarded by this.
  private @Nullable TargetSink sink;
  private final Map<String, BlockingQuery> queries = new LinkedHashMap<>();
  private final Set<String> unanswered = new HashSet<>();
  private final Map<String, TargetGroup> before = new LinkedHashMap<>();
  private final Map<String, String> failures = new TreeMap<>();
  private boolean published;
  private String datacenter;
  private boolean closed;

  ConsulWatch(ConsulSettings settings, DiscoveryContext context, Timing timing) {
    this.settings = settings;
    this.context = context;
    this.timing = timing;
    this.datacenter = settings.scope().datacenter();
  }

  @Override
  public void start(TargetSink sink) {
    synchronized (this) {
      this.sink = sink;
    }
    if (datacenter.isEmpty()) {
      askDatacenter();
    } else {
      watch();
    }
  }

  /** The agent knows the datacenter, which is a label of every target. */
  private void askDatacenter() {
    query(
        CATALOG,
        url("/v1/agent/self", List.of()),
        new BlockingQuery.Listener() {
          @Override
          public void changed(Json answer) {
            String found = answer.get("Config").get("Datacenter").text();
            if (found.isEmpty()) {
              ConsulWatch.this.failed(
                  CATALOG, settings.name() + ": the agent does not name its datacenter");
              return;
            }
            synchronized (ConsulWatch.this) {
              datacenter = found;
              stop(CATALOG);
            }
            watch();
          }

          @Override
          public void unchanged() {
            // An answer is handled when it comes first, and the query ends with it.
          }

          @Override
          public void failed(String message) {
            ConsulWatch.this.failed(CATALOG, message);
          }
        });
  }

  private void watch() {
    if (settings.servicesKnown()) {
      synchronized (this) {
        // All of them before the first is asked: what is published first is complete.
        unanswered.addAll(settings.services());
      }
      new java.util.LinkedHashSet<>(settings.services()).forEach(this::watchService);
      return;
    }
    query(
        CATALOG,
        url(
            "/v1/catalog/services",
            settings.filter().isEmpty() ? List.of() : List.of("filter", settings.filter())),
        new Answers(CATALOG, this::catalog));
  }

  private void catalog(Json answer) {
    Set<String> wanted = new HashSet<>();
    answer
        .fields()
        .forEach(
            (name, tags) -> {
              List<String> has = tags.items().stream().map(Json::text).toList();
              if ((settings.services().isEmpty() || settings.services().contains(name))
                  && has.containsAll(settings.tags())) {
                wanted.add(name);
              }
            });
    List<String> added = new ArrayList<>();
    List<TargetGroup> removed = new ArrayList<>();
    synchronized (this) {
      for (String name : List.copyOf(queries.keySet())) {
        if (!name.equals(CATALOG) && !answer.get(name).isPresent()) {
          stop(name);
          removed.add(new TargetGroup(name, List.of(), LabelSet.empty()));
        }
      }
      for (String name : wanted) {
        if (!queries.containsKey(name)) {
          added.add(name);
        }
      }
      unanswered.addAll(added);
    }
    answered(CATALOG, removed);
    added.forEach(this::watchService);
  }

  private void watchService(String name) {
    List<String> query = new ArrayList<>();
    settings.tags().forEach(tag -> query.addAll(List.of("tag", tag)));
    if (!settings.healthFilter().isEmpty()) {
      query.addAll(List.of("filter", settings.healthFilter()));
    }
    query(
        name,
        url("/v1/health/service/" + ApiClient.encoded(name), query),
        new Answers(
            name,
            answer -> {
              TargetGroup group =
                  ConsulLabels.group(name, datacenter(), settings.tagSeparator(), answer);
              answered(name, List.of(group));
            }));
  }

  /** Passes on the answers to a query that stays. */
  private final class Answers implements BlockingQuery.Listener {

    private final String name;
    private final Consumer<Json> handler;

    Answers(String name, Consumer<Json> handler) {
      this.name = name;
      this.handler = handler;
    }

    @Override
    public void changed(Json answer) {
      handler.accept(answer);
    }

    @Override
    public void unchanged() {
      answered(name, null);
    }

    @Override
    public void failed(String message) {
      ConsulWatch.this.failed(name, message);
    }
  }

  private synchronized String datacenter() {
    return datacenter;
  }

  private void query(String name, String target, BlockingQuery.Listener listener) {
    BlockingQuery query = new BlockingQuery(settings, context, timing, target, listener);
    synchronized (this) {
      if (closed || queries.containsKey(name)) {
        return;
      }
      queries.put(name, query);
    }
    query.start();
  }

  /** Guarded by this. */
  private void stop(String name) {
    BlockingQuery query = queries.remove(name);
    unanswered.remove(name);
    failures.remove(name);
    if (query != null) {
      query.close();
    }
  }

  /** Returns a URL to which the parameters of a blocking query are appended. */
  private String url(String path, List<String> pairs) {
    List<String> query = new ArrayList<>();
    String dc = datacenter();
    if (!dc.isEmpty()) {
      query.addAll(List.of("dc", dc));
    }
    if (!settings.scope().namespace().isEmpty()) {
      query.addAll(List.of("ns", settings.scope().namespace()));
    }
    if (!settings.scope().partition().isEmpty()) {
      query.addAll(List.of("partition", settings.scope().partition()));
    }
    new TreeMap<>(settings.nodeMeta())
        .forEach((key, value) -> query.addAll(List.of("node-meta", key + ":" + value)));
    query.addAll(pairs);
    StringBuilder url = new StringBuilder(Settings.withoutSlash(settings.server()));
    url.append(path).append('?').append(settings.allowStale() ? "stale=&" : "");
    for (int i = 0; i < query.size(); i += 2) {
      url.append(query.get(i)).append('=').append(ApiClient.encoded(query.get(i + 1))).append('&');
    }
    return url.toString();
  }

  /** A query has an answer; without groups it is the same as before. */
  private void answered(String name, @Nullable List<TargetGroup> changed) {
    synchronized (this) {
      if (sink == null || closed || !queries.containsKey(name)) {
        return;
      }
      unanswered.remove(name);
      boolean recovered = failures.remove(name) != null;
      publish(sink, changed == null ? List.of() : changed, changed != null || recovered);
      if (recovered && failures.isEmpty()) {
        logger.info("{}: works again", settings.name());
      }
    }
  }

  private void failed(String name, String message) {
    synchronized (this) {
      if (sink == null || closed || !queries.containsKey(name)) {
        return;
      }
      unanswered.remove(name);
      boolean first = failures.isEmpty();
      boolean changed = !message.equals(failures.put(name, message));
      publish(sink, List.of(), true);
      if (first || (changed && name.equals(CATALOG))) {
        logger.warn("{}; keeping the last good targets", message);
      }
    }
  }

  /**
   * Publishes groups. Until each service has had an answer or a failure nothing is published, so
   * that what comes first is complete. Guarded by this.
   */
  private void publish(TargetSink to, List<TargetGroup> changed, boolean needed) {
    String failure =
        failures.isEmpty()
            ? ""
            : failures.values().iterator().next()
                + (failures.size() > 1 ? "; and " + (failures.size() - 1) + " more" : "");
    if (!published) {
      for (TargetGroup group : changed) {
        if (group.targets().isEmpty()) {
          before.remove(group.source());
        } else {
          before.put(group.source(), group);
        }
      }
      if (!unanswered.isEmpty()) {
        return;
      }
      if (before.isEmpty() && !failure.isEmpty()) {
        to.failed(failure);
        return;
      }
      published = true;
      if (failure.isEmpty()) {
        to.replace(List.copyOf(before.values()));
      } else {
        to.update(List.copyOf(before.values()), failure);
      }
      before.clear();
    } else if (needed && failure.isEmpty()) {
      to.update(changed);
    } else if (needed) {
      to.update(changed, failure);
    }
  }

  @Override
  public void close() {
    List<BlockingQuery> running;
    synchronized (this) {
      closed = true;
      sink = null;
      running = List.copyOf(queries.values());
      queries.clear();
    }
    running.forEach(BlockingQuery::close);
  }
}
