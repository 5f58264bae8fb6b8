package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import dev.psc.net.ProxyAddress;
import dev.psc.net.ProxyRules;
import dev.psc.net.UrlHost;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.ScrapeOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The proxy of each request, by {@link ProxySettings} or, if they name it, by the environment, see
 * {@link ProxyRules}. Thread-safe.
 */
final class ProxyRoute {

  private static final Logger logger = LoggerFactory.getLogger(ProxyRoute.class);
  private static final String DISABLED_IN_TUNNELS = "jdk.http.auth.tunneling.disabledSchemes";

  private final @Nullable ProxyRules rules;

  @SuppressWarnings("ThreadLocalUsage") // removed after each call
  private final ThreadLocal<@Nullable Optional<InetSocketAddress>> decided = new ThreadLocal<>();

  ProxyRoute(ProxySettings settings, Map<String, String> environment) {
    if (settings.fromEnvironment()) {
      rules = ProxyRules.fromEnvironment(environment);
      for (String ignored : rules.ignoredVariables()) {
        logger.warn("{} is not a valid URL and is ignored: connecting directly", ignored);
      }
      return;
    }
    rules =
        settings.url().map(url -> ProxyRules.of(url.toString(), settings.noProxy())).orElse(null);
  }

  /** Returns the proxy for a URL, unless it is reached without one. */
  Optional<ProxyAddress> proxy(URI uri) throws HttpFailure {
    Optional<ProxyAddress> proxy;
    try {
      proxy = find(uri);
    } catch (IllegalStateException e) {
      throw new HttpFailure(ScrapeOutcome.PROXY, String.valueOf(e.getMessage()));
    }
    if (proxy.isPresent() && !proxy.get().isPlainHttp()) {
      throw new HttpFailure(
          ScrapeOutcome.PROXY,
          "the proxy "
              + LogText.line(proxy.get().toString(), 200)
              + " cannot be used: it must be http://[user:password@]host:port"
              + " (Java's HTTP client speaks neither TLS nor SOCKS with a proxy)");
    }
    return proxy;
  }

  private Optional<ProxyAddress> find(URI uri) {
    String host = UrlHost.of(uri).orElse("");
    return rules == null
        ? Optional.empty()
        : rules.proxy(
            uri.getScheme(),
            host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
            Exchange.port(uri));
  }

  /** Rejects a password that the JDK would silently leave out of its CONNECT request. */
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
            LogSafe.url(uri)
                + ": Java does not send \"Proxy-Authorization: "
                + disabled.strip()
                + "\" for an https URL unless it is started with -D"
                + DISABLED_IN_TUNNELS
                + "= (with nothing after the equals sign)");
      }
    }
  }

  private static String disabledInTunnels() {
    String set = System.getProperty(DISABLED_IN_TUNNELS);
    return set == null ? DisabledByDefault.SCHEMES : set;
  }

  /** The default in the JDK's file, read once on first use. */
  private static final class DisabledByDefault {
    static final String SCHEMES = read();

    private static String read() {
      Path file = Path.of(System.getProperty("java.home"), "conf", "net.properties");
      Properties properties = new Properties();
      try (InputStream in = Files.newInputStream(file)) {
        properties.load(in);
      } catch (IOException | IllegalArgumentException e) {
        logger.debug("Cannot read {}", file, e);
      }
      return properties.getProperty(DISABLED_IN_TUNNELS, "");
    }
  }

  /**
   * Returns a selector for the JDK's client. It gives the proxy of {@link #during}, as the URL that
   * the client sees may have an address in place of the name that the rules are about.
   */
  ProxySelector selector() {
    return new ProxySelector() {
      @Override
      public List<Proxy> select(URI uri) {
        Optional<InetSocketAddress> address = decided.get();
        if (address == null) {
          address =
              find(uri)
                  .map(proxy -> InetSocketAddress.createUnresolved(proxy.host(), proxy.port()));
        }
        return List.of(
            address.map(known -> new Proxy(Proxy.Type.HTTP, known)).orElse(Proxy.NO_PROXY));
      }

      @Override
      public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        logger.debug("Failed to connect to the proxy {}", address, failure);
      }
    };
  }

  /** Runs a call during which this thread's requests use the proxy at an address, or none. */
  <T> T during(Optional<InetSocketAddress> proxy, Supplier<T> call) {
    decided.set(proxy);
    try {
      return call.get();
    } finally {
      decided.remove();
    }
  }
}
