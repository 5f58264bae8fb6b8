package dev.psc.scrape.config.discovery;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.PollingDiscovery;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.Durations;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A discovery of targets that an HTTP server lists as JSON: {@code http_sd_configs}. Immutable.
 *
 * @param url an http or https URL
 * @param refreshInterval between two requests; more than zero
 * @param http the HTTP settings
 */
public record HttpDiscovery(URI url, Duration refreshInterval, HttpSettings http)
    implements DiscoveryConfig {

  /** The key of a configuration. */
  public static final String KEY = "http_sd_configs";

  /** The refresh interval unless set: 1 minute. */
  public static final Duration DEFAULT_REFRESH_INTERVAL = Duration.ofMinutes(1);

  /**
   * Checks the URL and the interval.
   *
   * @throws IllegalArgumentException when they cannot be used
   */
  public HttpDiscovery {
    boolean web =
        "http".equalsIgnoreCase(url.getScheme()) || "https".equalsIgnoreCase(url.getScheme());
    // For a host with an underscore, only the authority is set.
    String authority = url.getRawAuthority();
    if (!web || authority == null || authority.isEmpty() || authority.endsWith("@")) {
      throw new IllegalArgumentException("url must be an http or https URL with a host");
    }
    if (refreshInterval.isNegative() || refreshInterval.isZero()) {
      throw new IllegalArgumentException(
          "refresh_interval must be positive, but was " + refreshInterval);
    }
    Objects.requireNonNull(http, "http");
  }

  /** Returns the discovery by this URL with all defaults. */
  public static HttpDiscovery of(URI url) {
    return new HttpDiscovery(url, DEFAULT_REFRESH_INTERVAL, HttpSettings.DEFAULT);
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new PollingDiscovery(
        "http_sd " + HttpSettingsFields.withoutUserInfo(url),
        refreshInterval,
        new HttpLister(this, context.http()),
        context);
  }

  @Override
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("url", HttpSettingsFields.withoutUserInfo(url));
    map.put("refresh_interval", Durations.format(refreshInterval));
    map.putAll(HttpSettingsFields.settings(http));
    return map;
  }

  /** Returns the settings, secrets hidden. */
  @Override
  public String toString() {
    return "HttpDiscovery" + settings();
  }
}
