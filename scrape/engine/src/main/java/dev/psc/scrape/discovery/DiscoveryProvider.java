package dev.psc.scrape.discovery;

import dev.psc.scrape.settings.ConfigNode;
import java.util.Optional;

/**
 * A parser of the settings of one discovery mechanism. All providers are found by {@link
 * java.util.ServiceLoader}.
 */
public interface DiscoveryProvider {

  /**
   * Returns the key of a job's configuration that this provider reads, e.g. {@code
   * file_sd_configs}.
   */
  String key();

  /**
   * Reads one element of the list below the key. It reports every problem at its node, and
   * continues reading.
   *
   * @param node the element
   * @return the settings, or nothing when they cannot be used and a problem was reported
   */
  Optional<DiscoveryConfig> read(ConfigNode node);
}
