package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.Settings.Filter;
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
 * The settings of {@code ec2_sd_configs}.
 *
 * @param region empty for that of the environment or the instance
 * @param endpoint of EC2; that of the region by default
 */
record Ec2Settings(
    String region,
    Optional<URI> endpoint,
    String accessKey,
    Optional<Secret> secretKey,
    String profile,
    String roleArn,
    String externalId,
    int port,
    List<Filter> filters,
    Duration refreshInterval,
    HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "ec2_sd_configs";

  Ec2Settings {
    filters = List.copyOf(filters);
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return create(context, AwsEnvironment.system());
  }

  TargetDiscovery create(DiscoveryContext context, AwsEnvironment environment) {
    return ApiClient.poll(
        region.isEmpty() ? "ec2_sd" : "ec2_sd " + region,
        refreshInterval,
        new Ec2Lister(this, context, environment),
        context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    Settings.put(map, "region", region);
    endpoint.ifPresent(url -> map.put("endpoint", HttpSettingsFields.withoutUserInfo(url)));
    Settings.put(map, "access_key", accessKey);
    secretKey.ifPresent(key -> map.put("secret_key", key));
    Settings.put(map, "profile", profile);
    Settings.put(map, "role_arn", roleArn);
    Settings.put(map, "external_id", externalId);
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
    return "Ec2Settings" + settings();
  }
}
