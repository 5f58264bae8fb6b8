package dev.psc.scrape.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which proxy a request goes through, by {@link ProxySettings} and, where they say so, by the
 * environment, as Go programs read it. Immutable.
 */
final class ProxyRoute {

  private static final Logger logger = LoggerFactory.getLogger(ProxyRoute.class);
  private static final String DISABLED_IN_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";

  private final @Nullable URI http;
  private final @Nullable URI https;
  private final @Nullable ProxyExemptions exemptions;

  ProxyRoute(ProxySettings settings, Map<String, String> environment) throws HttpFailure {
    if (settings.fromEnvironment()) {
      // A CGI program is told a client's Proxy header in HTTP_PROXY.
      http =
          environment.containsKey("REQUEST_METHOD")
              ? null
              : fromEnvironment(environment, "HTTP_PROXY");
      https = fromEnvironment(environment, "HTTPS_PROXY");
      exemptions =
          new ProxyExemptions(Arrays.asList(either(environment, "NO_PROXY").split(",", -1)));
      return;
    }
    http = settings.url().orElse(null);
    https = http;
    exemptions = settings.noProxy().isEmpty() ? null : new ProxyExemptions(settings.noProxy());
    if (http != null) {
      check(http, "proxy_url");
    }
  }

  private static @Nullable URI fromEnvironment(Map<String, String> environment, String name)
      throws HttpFailure {
    String value = either(environment, name);
    if (value.isEmpty()) {
      return null;
    }
    try {
      URI uri = new URI(value.contains("://") ? value : "http://" + value);
      check(uri, name);
      return uri;
    } catch (URISyntaxException malformed) {
      // Neither shown nor chained: the URL may have a password.
      throw unusable(name);
    }
  }

  private static String either(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "").strip();
    return value.isEmpty()
        ? environment.getOrDefault(name.toLowerCase(Locale.ROOT), "").strip()
        : value;
  }

  private static void check(URI uri, String name) throws HttpFailure {
    if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
      throw unusable(name);
    }
  }

  private static HttpFailure unusable(String name) {
    return new HttpFailure(
        ScrapeOutcome.PROXY,
        name
            + " is not a proxy that can be used: it must read http://[user:password@]host:port"
            + " (Java's HTTP client speaks neither TLS nor SOCKS with a proxy)");
  }

  /** Returns the proxy for a URL, unless it is reached without one. */
  Optional<URI> proxy(URI uri) {
    URI proxy = uri.getScheme().equalsIgnoreCase("https") ? https : http;
    return proxy == null || (exemptions != null && exemptions.cover(uri))
        ? Optional.empty()
        : Optional.of(proxy);
  }

  /** Returns what proves to the proxy who we are, when its URL says it. */
  Optional<String> authorization(URI proxy) {
    String userInfo = proxy.getRawUserInfo();
    if (userInfo == null) {
      return Optional.empty();
    }
    String plain = URLDecoder.decode(userInfo.replace("+", "%2B"), StandardCharsets.UTF_8);
    String pair = plain.indexOf(':') < 0 ? plain + ":" : plain;
    return Optional.of(
        "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Complains about a password that the JDK would leave out of its CONNECT request without a word.
   */
  static void checkTunnel(URI uri, String header, String value) throws HttpFailure {
    if (!uri.getScheme().equalsIgnoreCase("https")
        || !header.equalsIgnoreCase("proxy-authorization")) {
      return;
    }
    String scheme = value.strip().split("\\s", 2)[0];
    for (String disabled : disabledInTunnels().split(",", -1)) {
      if (disabled.strip().equalsIgnoreCase(scheme)) {
        throw new HttpFailure(
            ScrapeOutcome.PROXY,
            Printable.url(uri)
                + ": Java does not send \"Proxy-Authorization: "
                + disabled.strip()
                + "\" for an https URL unless it is started with -D"
                + DISABLED_IN_TUNNELS
                + "= (nothing behind the equals sign)");
      }
    }
  }

  private static String disabledInTunnels() {
    String set = System.getProperty(DISABLED_IN_TUNNELS);
    return set == null ? DisabledByDefault.SCHEMES : set;
  }

  /** What the JDK's own file has, read once when it is needed. */
  private static final class DisabledByDefault {
    static final String SCHEMES = read();

    private static String read() {
      Path file = Path.of(System.getProperty("java.home"), "conf", "net.properties");
      Properties properties = new Properties();
      try (InputStream in = Files.newInputStream(file)) {
        properties.load(in);
      } catch (IOException | IllegalArgumentException unreadable) {
        logger.debug("cannot read {}", file, unreadable);
      }
      return properties.getProperty(DISABLED_IN_TUNNELS, "");
    }
  }

  /** Returns the same answers in the form that the JDK's client asks for. */
  ProxySelector selector() {
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI uri) {
        return List.of(
            proxy(uri)
                .map(
                    url ->
                        new Proxy(
                            Proxy.Type.HTTP,
                            InetSocketAddress.createUnresolved(url.getHost(), Exchange.port(url))))
                .orElse(Proxy.NO_PROXY));
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        logger.debug("connecting to the proxy {} failed", address, failure);
      }
    };
  }
}
