package dev.psc.scrape.cloud.internal.eureka;

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

/** The settings of {@code eureka_sd_configs}. */
record EurekaSettings(URI server, Duration refreshInterval, HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "eureka_sd_configs";

  String name() {
    return "eureka_sd " + HttpSettingsFields.withoutUserInfo(server);
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return ApiClient.poll(name(), refreshInterval, new EurekaLister(this, context.http()), context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("server", HttpSettingsFields.withoutUserInfo(server));
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "EurekaSettings" + settings();
  }
}
