package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A parser of {@code dns_sd_configs}. Found by {@link java.util.ServiceLoader}. */
public final class DnsDiscoveryProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public DnsDiscoveryProvider() {}

  @Override
  public String key() {
    return DnsDiscovery.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      List<String> names = fields.texts("names");
      Optional<DnsRecordType> type = fields.oneOf("type", DnsRecordType.class);
      boolean typeUnusable = type.isEmpty() && fields.has("type");
      int port = fields.integer("port", 1, 65535).orElse(0L).intValue();
      boolean portUnusable = port == 0 && fields.has("port");
      Duration interval = fields.refreshInterval(DnsDiscovery.DEFAULT_REFRESH_INTERVAL);
      if (typeUnusable || portUnusable) {
        // Already reported.
        return Optional.empty();
      }
      return Optional.of(new DnsDiscovery(names, type.orElse(DnsRecordType.SRV), port, interval));
    } catch (IllegalArgumentException e) {
      node.problem(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
