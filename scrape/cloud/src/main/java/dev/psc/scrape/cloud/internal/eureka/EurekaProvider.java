package dev.psc.scrape.cloud.internal.eureka;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;

/** A parser of {@code eureka_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class EurekaProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public EurekaProvider() {}

  @Override
  public String key() {
    return EurekaSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      fields.requiredText("server");
      Optional<URI> server =
          fields.value("server").flatMap(value -> value.converted("a URL", Settings::url));
      Duration interval = fields.refreshInterval(Duration.ofSeconds(30));
      HttpSettings http = HttpSettingsFields.read(fields);
      return server.map(url -> new EurekaSettings(url, interval, http));
    }
  }
}
