package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** A parser of {@code http_sd_configs}. Found by {@link java.util.ServiceLoader}. */
public final class HttpDiscoveryProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public HttpDiscoveryProvider() {}

  @Override
  public String key() {
    return HttpDiscovery.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      fields.requiredText("url");
      Optional<URI> url = fields.value("url").flatMap(HttpSettingsFields::url);
      Duration interval = fields.refreshInterval(HttpDiscovery.DEFAULT_REFRESH_INTERVAL);
      HttpSettings http = HttpSettingsFields.read(fields);
      return url.map(uri -> new HttpDiscovery(uri, interval, http));
    }
  }
}
