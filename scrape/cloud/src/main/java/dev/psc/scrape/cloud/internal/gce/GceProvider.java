package dev.psc.scrape.cloud.internal.gce;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.time.Duration;
import java.util.Optional;

/** A parser of {@code gce_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class GceProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public GceProvider() {}

  @Override
  public String key() {
    return GceSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String project = fields.requiredText("project");
      String zone = fields.requiredText("zone");
      String filter = fields.text("filter").orElse("");
      int port = Settings.port(fields);
      String separator = fields.text("tag_separator").orElse(",");
      Duration interval = fields.refreshInterval(Duration.ofMinutes(1));
      return project.isEmpty() || zone.isEmpty()
          ? Optional.empty()
          : Optional.of(new GceSettings(project, zone, filter, port, separator, interval));
    }
  }
}
