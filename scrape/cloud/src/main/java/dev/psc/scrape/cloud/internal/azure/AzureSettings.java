package dev.psc.scrape.cloud.internal.azure;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.Durations;
import dev.psc.scrape.settings.Secret;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The settings of {@code azure_sd_configs}. */
record AzureSettings(
    String environment,
    AzureCloud cloud,
    String subscription,
    AzureAuthentication authentication,
    Client client,
    String resourceGroup,
    int port,
    Duration refreshInterval,
    HttpSettings http)
    implements DiscoveryConfig {

  static final String KEY = "azure_sd_configs";

  /** The client that requests a token; an empty text is not set. */
  record Client(String tenant, String id, Optional<Secret> secret) {}

  String name() {
    return "azure_sd " + subscription;
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return create(context, System.getenv());
  }

  TargetDiscovery create(DiscoveryContext context, Map<String, String> variables) {
    return ApiClient.poll(
        name(), refreshInterval, new AzureLister(this, context, variables), context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("environment", environment);
    map.put("authentication_method", authentication.configName());
    map.put("subscription_id", subscription);
    Settings.put(map, "tenant_id", client.tenant());
    Settings.put(map, "client_id", client.id());
    client.secret().ifPresent(secret -> map.put("client_secret", secret));
    Settings.put(map, "resource_group", resourceGroup);
    map.put("port", port);
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "AzureSettings" + settings();
  }
}
