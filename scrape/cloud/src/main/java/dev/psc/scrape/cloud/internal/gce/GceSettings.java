package dev.psc.scrape.cloud.internal.gce;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.settings.Durations;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** The settings of {@code gce_sd_configs}. */
record GceSettings(
    String project,
    String zone,
    String filter,
    int port,
    String tagSeparator,
    Duration refreshInterval)
    implements DiscoveryConfig {

  static final String KEY = "gce_sd_configs";
  static final URI COMPUTE = URI.create("https://compute.googleapis.com");

  String name() {
    return "gce_sd " + project + "/" + zone;
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return create(context, COMPUTE, GoogleEnvironment.system());
  }

  TargetDiscovery create(DiscoveryContext context, URI compute, GoogleEnvironment environment) {
    return ApiClient.poll(
        name(), refreshInterval, new GceLister(this, context, compute, environment), context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("project", project);
    map.put("zone", zone);
    Settings.put(map, "filter", filter);
    map.put("port", port);
    map.put("tag_separator", tagSeparator);
    map.put("refresh_interval", Durations.format(refreshInterval));
    return map;
  }
}
