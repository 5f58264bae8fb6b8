package dev.psc.scrape.http;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The proxy settings of requests. Immutable.
 *
 * @param url the proxy, {@code http://[user:password@]host:port}; none by default. Requests through
 *     a proxy of another scheme fail with {@link ScrapeOutcome#PROXY}
 * @param noProxy hosts, {@code .suffixes}, addresses and CIDR ranges that are reached without it
 * @param fromEnvironment whether {@code HTTP_PROXY}, {@code HTTPS_PROXY} and {@code NO_PROXY}
 *     decide
 * @param connectHeaders headers for the proxy alone, e.g. {@code Proxy-Authorization}; each name
 *     begins with {@code Proxy-}
 */
public record ProxySettings(
    Optional<URI> url,
    List<String> noProxy,
    boolean fromEnvironment,
    Map<String, List<SecretSource>> connectHeaders) {

  /** No proxy. */
  public static final ProxySettings NONE =
      new ProxySettings(Optional.empty(), List.of(), false, Map.of());

  /** Copies the collections and checks the pairs. */
  public ProxySettings {
    noProxy = List.copyOf(noProxy);
    connectHeaders = Map.copyOf(connectHeaders);
    if (url.isPresent() && fromEnvironment) {
      throw new IllegalArgumentException(
          "proxy_url and proxy_from_environment are mutually exclusive: keep one");
    }
    if (!noProxy.isEmpty() && url.isEmpty()) {
      throw new IllegalArgumentException("no_proxy needs proxy_url");
    }
    if (!connectHeaders.isEmpty() && url.isEmpty() && !fromEnvironment) {
      throw new IllegalArgumentException(
          "proxy_connect_header needs proxy_url or proxy_from_environment");
    }
    for (String name : connectHeaders.keySet()) {
      if (!name.toLowerCase(Locale.ROOT).matches("proxy-[a-z0-9-]+")) {
        throw new IllegalArgumentException(
            "proxy_connect_header "
                + name
                + " cannot be sent: Java's HTTP client sends a proxy only headers whose name begins"
                + " with Proxy-");
      }
    }
  }

  /** Returns the settings without a password in the URL. */
  @Override
  public String toString() {
    return "ProxySettings["
        + url.map(HttpSettingsFields::withoutUserInfo)
            .orElse(fromEnvironment ? "environment" : "none")
        + "]";
  }
}
