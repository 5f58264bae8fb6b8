package dev.psc.scrape.cloud.internal.docker;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A parser of {@code dockerswarm_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class SwarmProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public SwarmProvider() {}

  @Override
  public String key() {
    return SwarmSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<DockerHost> host = DockerProvider.host(fields);
      Optional<SwarmRole> role = fields.oneOf("role", SwarmRole.class);
      if (!fields.has("role")) {
        node.problem("role is required: one of tasks, services, nodes");
      }
      int port = Settings.port(fields);
      List<Filter> filters = Settings.filters(fields);
      Duration interval = fields.refreshInterval(Duration.ofMinutes(1));
      HttpSettings http = HttpSettingsFields.read(fields);
      return host.isEmpty() || role.isEmpty()
          ? Optional.empty()
          : Optional.of(new SwarmSettings(host.get(), role.get(), port, filters, interval, http));
    }
  }
}
