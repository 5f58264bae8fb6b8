package dev.psc.scrape.discovery;

import dev.psc.scrape.settings.ConfigNode;
import java.util.Optional;

/**
 * Reads the settings of one discovery mechanism from a configuration. Providers are found by {@link
 * java.util.ServiceLoader}, ours and those of others alike.
 */
public interface DiscoveryProvider {

  /**
   * Returns the key of a job's configuration that this provider reads, e.g. {@code
   * file_sd_configs}.
   */
  String key();

  /**
   * Reads one element of the list below the key. It reports every problem at the node it is wrong
   * at, and reads on.
   *
   * @param node the element
   * @return the settings, or nothing when they cannot be used; it has complained then
   */
  Optional<DiscoveryConfig> read(ConfigNode node);
}
