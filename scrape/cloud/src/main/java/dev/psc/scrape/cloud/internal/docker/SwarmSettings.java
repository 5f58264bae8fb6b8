package dev.psc.scrape.cloud.internal.docker;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.Durations;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The settings of {@code dockerswarm_sd_configs}. */
record SwarmSettings(
    DockerHost host,
    SwarmRole role,
    int port,
    List<Filter> filters,
    Duration refreshInterval,
    HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "dockerswarm_sd_configs";

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    String name = "dockerswarm_sd " + host.shown();
    DockerHost.Api api = host.api(name, http, refreshInterval, context);
    return ApiClient.poll(name, refreshInterval, new SwarmLister(this, api), context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("host", host.shown());
    map.put("role", role.name().toLowerCase(Locale.ROOT));
    map.put("port", port);
    if (!filters.isEmpty()) {
      map.put("filters", Settings.settings(filters));
    }
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "SwarmSettings" + settings();
  }
}
