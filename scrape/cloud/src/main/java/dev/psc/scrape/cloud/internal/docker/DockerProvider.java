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

/** A parser of {@code docker_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class DockerProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public DockerProvider() {}

  @Override
  public String key() {
    return DockerSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<DockerHost> host = host(fields);
      int port = Settings.port(fields);
      List<Filter> filters = Settings.filters(fields);
      String hostNetworking = fields.text("host_networking_host").orElse("localhost");
      boolean firstNetwork = fields.flag("match_first_network", true);
      Duration interval = fields.refreshInterval(Duration.ofMinutes(1));
      HttpSettings http = HttpSettingsFields.read(fields);
      return host.map(
          at ->
              new DockerSettings(at, port, filters, hostNetworking, firstNetwork, interval, http));
    }
  }

  static Optional<DockerHost> host(Fields fields) {
    fields.requiredText("host");
    return fields.value("host").flatMap(value -> value.converted("an address", DockerHost::of));
  }
}
