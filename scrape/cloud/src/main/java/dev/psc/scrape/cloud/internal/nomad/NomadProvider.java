package dev.psc.scrape.cloud.internal.nomad;

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

/** A parser of {@code nomad_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class NomadProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public NomadProvider() {}

  @Override
  public String key() {
    return NomadSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<URI> server = Settings.url(fields, "server", "http://localhost:4646");
      String namespace = fields.text("namespace").orElse("default");
      String region = fields.text("region").orElse("global");
      boolean allowStale = fields.flag("allow_stale", true);
      String separator = fields.text("tag_separator").orElse(",");
      Duration interval = fields.refreshInterval(Duration.ofMinutes(1));
      HttpSettings http = HttpSettingsFields.read(fields);
      return server.map(
          url -> new NomadSettings(url, namespace, region, allowStale, separator, interval, http));
    }
  }
}
