package dev.psc.scrape.cloud.internal.consul;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.Durations;
import dev.psc.scrape.settings.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings of {@code consul_sd_configs}.
 *
 * @param server the URL of the agent, with the path prefix
 * @param allowStale whether any server of Consul may respond, not only the leader
 * @param services the names of the services; all if empty
 * @param tags what a service has to have, all of them
 * @param refreshInterval the least time between two queries of the same
 */
record ConsulSettings(
    URI server,
    Optional<Secret> token,
    Scope scope,
    String tagSeparator,
    boolean allowStale,
    List<String> services,
    List<String> tags,
    Map<String, String> nodeMeta,
    String filter,
    String healthFilter,
    Duration refreshInterval,
    HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "consul_sd_configs";

  ConsulSettings {
    services = List.copyOf(services);
    tags = List.copyOf(tags);
    nodeMeta = Map.copyOf(nodeMeta);
  }

  /** The scope of queries; an empty text is Consul's default. */
  record Scope(String datacenter, String namespace, String partition) {}

  String name() {
    return "consul_sd " + HttpSettingsFields.withoutUserInfo(server);
  }

  /** Returns the settings of requests, with the token. */
  HttpSettings requests() {
    return token.map(value -> Settings.withHeader(http, "X-Consul-Token", value)).orElse(http);
  }

  /** Returns whether the names of the services are known without asking the catalog. */
  boolean servicesKnown() {
    return !services.isEmpty() && tags.isEmpty() && filter.isEmpty();
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new ConsulWatch(this, context, ConsulWatch.Timing.DEFAULT);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("server", HttpSettingsFields.withoutUserInfo(server));
    token.ifPresent(value -> map.put("token", value));
    Settings.put(map, "datacenter", scope.datacenter());
    Settings.put(map, "namespace", scope.namespace());
    Settings.put(map, "partition", scope.partition());
    map.put("tag_separator", tagSeparator);
    map.put("allow_stale", allowStale);
    if (!services.isEmpty()) {
      map.put("services", services);
    }
    if (!tags.isEmpty()) {
      map.put("tags", tags);
    }
    if (!nodeMeta.isEmpty()) {
      map.put("node_meta", new java.util.TreeMap<>(nodeMeta));
    }
    Settings.put(map, "filter", filter);
    Settings.put(map, "health_filter", healthFilter);
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "ConsulSettings" + settings();
  }
}
