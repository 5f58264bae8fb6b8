package dev.psc.scrape.http;

import java.net.URI;
import java.time.Duration;
import java.util.Map;

/**
 * A GET request. Immutable.
 *
 * @param uri an {@code http} or {@code https} URL
 * @param settings credentials, TLS, proxy and the like
 * @param headers further headers of this request, without secrets
 * @param timeout for the whole exchange, body and redirects included
 * @param bodyLimitBytes the limit on the body as transferred
 */
public record HttpGet(
    URI uri,
    HttpSettings settings,
    Map<String, String> headers,
    Duration timeout,
    long bodyLimitBytes) {

  /** Copies the map and checks the numbers. */
  public HttpGet {
    headers = Map.copyOf(headers);
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("timeout must be positive, but was " + timeout);
    }
    if (bodyLimitBytes <= 0) {
      throw new IllegalArgumentException(
          "bodyLimitBytes must be positive, but was " + bodyLimitBytes);
    }
  }
}
