package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.settings.Durations;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A discovery of targets in DNS records: {@code dns_sd_configs}. Immutable.
 *
 * @param names queried one after the other; a name with fewer dots than {@code ndots} of {@code
 *     /etc/resolv.conf} is tried in the search domains first, one that ends in a dot is not
 * @param type the record type
 * @param port of the targets, 1 to 65535; 0 for SRV records, which have their own
 * @param refreshInterval between two rounds of queries; more than zero
 */
public record DnsDiscovery(
    List<String> names, DnsRecordType type, int port, Duration refreshInterval)
    implements DiscoveryConfig {

  /** The key of a configuration. */
  public static final String KEY = "dns_sd_configs";

  /** The refresh interval unless set: 30 seconds. */
  public static final Duration DEFAULT_REFRESH_INTERVAL = Duration.ofSeconds(30);

  /**
   * Checks the settings and copies the list.
   *
   * @throws IllegalArgumentException when something is missing or out of range
   */
  public DnsDiscovery {
    names = List.copyOf(names);
    Objects.requireNonNull(type, "type");
    if (names.isEmpty() || names.stream().anyMatch(String::isBlank)) {
      throw new IllegalArgumentException("names is required: at least one, and none may be empty");
    }
    if (type != DnsRecordType.SRV && port == 0) {
      throw new IllegalArgumentException(
          "port is required with type " + type + ": only SRV records have ports");
    }
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("port must be between 1 and 65535, but was " + port);
    }
    if (refreshInterval.isNegative() || refreshInterval.isZero()) {
      throw new IllegalArgumentException(
          "refresh_interval must be positive, but was " + refreshInterval);
    }
  }

  /** Returns the discovery of SRV records with the default interval. */
  public static DnsDiscovery ofSrv(String... names) {
    return new DnsDiscovery(List.of(names), DnsRecordType.SRV, 0, DEFAULT_REFRESH_INTERVAL);
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new DnsWatch(this, context, new DnsLookup(ResolvConf.SYSTEM));
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("names", names);
    map.put("type", type.name());
    if (port != 0) {
      map.put("port", port);
    }
    map.put("refresh_interval", Durations.format(refreshInterval));
    return map;
  }
}
