package dev.psc.scrape.discovery;

import java.util.Map;

/**
 * The settings of one discovery, from a configuration or built by code. Implementations are
 * immutable and have {@code equals}: a job whose discoveries are equal to those it had before keeps
 * them over a reload.
 */
public interface DiscoveryConfig {

  /** Returns the key that names the mechanism in a configuration, e.g. {@code file_sd_configs}. */
  String key();

  /**
   * Returns a discovery with these settings, not started.
   *
   * @param context lent by the scraper for as long as the discovery lives
   */
  TargetDiscovery create(DiscoveryContext context);

  /**
   * Returns all settings with their defaults filled in, in the order and with the names of the
   * configuration: texts, numbers, booleans, durations, secrets, lists and maps of these. They are
   * printed, secrets as {@code <secret>}.
   */
  Map<String, Object> settings();
}
