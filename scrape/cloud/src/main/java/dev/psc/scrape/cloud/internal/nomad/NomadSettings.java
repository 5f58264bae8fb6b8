package dev.psc.scrape.cloud.internal.nomad;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.Durations;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** The settings of {@code nomad_sd_configs}. */
record NomadSettings(
    URI server,
    String namespace,
    String region,
    boolean allowStale,
    String tagSeparator,
    Duration refreshInterval,
    HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "nomad_sd_configs";

  String name() {
    return "nomad_sd " + HttpSettingsFields.withoutUserInfo(server);
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return ApiClient.poll(name(), refreshInterval, new NomadLister(this, context.http()), context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("server", HttpSettingsFields.withoutUserInfo(server));
    map.put("namespace", namespace);
    map.put("region", region);
    map.put("allow_stale", allowStale);
    map.put("tag_separator", tagSeparator);
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "NomadSettings" + settings();
  }
}
