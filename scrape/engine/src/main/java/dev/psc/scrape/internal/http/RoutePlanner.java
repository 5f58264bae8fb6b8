package dev.psc.scrape.internal.http;

import dev.psc.net.ProxyAddress;
import dev.psc.net.UrlHost;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Plans how a request reaches its server. The JDK's client connects to the first address of a name
 * only, and to no name that {@link URI} rejects. In both cases the request goes to an address, and
 * the name into the {@code Host} header. Thread-safe.
 */
final class RoutePlanner {

  private final HostAddresses addresses;

  RoutePlanner(HostAddresses addresses) {
    this.addresses = addresses;
  }

  /** Returns the route to a URL; fails with an {@link HttpFailure}. */
  CompletableFuture<Route> plan(ProxyRoute rules, URI uri, long timeoutNanos) {
    Optional<ProxyAddress> proxy;
    String host;
    try {
      proxy = rules.proxy(uri);
      host = UrlHost.of(uri).orElseThrow(() -> new IllegalArgumentException("a URL has no host"));
    } catch (HttpFailure | IllegalArgumentException e) {
      return CompletableFuture.failedFuture(e);
    }
    Route.Dialled server = new Route.Dialled(host, Exchange.port(uri));
    if (proxy.isEmpty()) {
      return addresses
          .choose(unbracketed(host), server.port(), timeoutNanos)
          .thenCompose(choice -> direct(uri, server, choice));
    }
    CompletableFuture<Route> route = throughProxy(proxy.get(), uri, timeoutNanos);
    return uri.getHost() != null
        ? route
        : route.thenCompose(
            planned ->
                // The proxy cannot be given a name that the JDK does not accept.
                addresses
                    .choose(host, server.port(), timeoutNanos)
                    .thenCompose(choice -> unnameable(uri, host, choice))
                    .thenApply(
                        literal ->
                            new Route(
                                planned.proxy(),
                                planned.proxyAddress(),
                                literal,
                                Optional.of(header(uri)),
                                planned.dialled(),
                                Optional.empty(),
                                planned.several())));
  }

  private CompletableFuture<Route> throughProxy(ProxyAddress proxy, URI uri, long timeoutNanos) {
    return addresses
        .choose(proxy.host(), proxy.port(), timeoutNanos)
        .thenApply(
            choice ->
                new Route(
                    Optional.of(proxy),
                    Optional.of(
                        choice.several() && choice.address().isPresent()
                            ? new InetSocketAddress(choice.address().get(), proxy.port())
                            : InetSocketAddress.createUnresolved(proxy.host(), proxy.port())),
                    uri,
                    Optional.empty(),
                    new Route.Dialled(proxy.host(), proxy.port()),
                    Optional.empty(),
                    choice.several()));
  }

  private static CompletableFuture<Route> direct(
      URI uri, Route.Dialled server, HostAddresses.Choice choice) {
    if (uri.getHost() == null) {
      return unnameable(uri, server.host(), choice)
          .thenApply(literal -> toAddress(uri, literal, server, choice));
    }
    if (choice.several() && !HostHeader.isAllowed()) {
      HostHeader.warnMissing(server.host());
    }
    Optional<InetAddress> other = choice.address().filter(address -> !choice.first());
    return CompletableFuture.completedFuture(
        other.isPresent() && HostHeader.isAllowed()
            ? toAddress(uri, literal(uri, other.get()), server, choice)
            : new Route(
                Optional.empty(),
                Optional.empty(),
                uri,
                Optional.empty(),
                server,
                choice.address().or(() -> literal(server.host())),
                choice.several() && HostHeader.isAllowed()));
  }

  private static Route toAddress(
      URI uri, URI literal, Route.Dialled server, HostAddresses.Choice choice) {
    return new Route(
        Optional.empty(),
        Optional.empty(),
        literal,
        Optional.of(header(uri)),
        server,
        choice.address(),
        choice.several());
  }

  /** Returns the URL with an address in place of a name that the JDK rejects. */
  private static CompletableFuture<URI> unnameable(
      URI uri, String host, HostAddresses.Choice choice) {
    if (!HostHeader.isAllowed()) {
      return CompletableFuture.failedFuture(
          new HttpFailure(
              ScrapeOutcome.DNS,
              LogSafe.url(uri)
                  + ": Java's HTTP client does not accept the host name \""
                  + host
                  + "\"; start Java with "
                  + HostHeader.REMEDY
                  + ", or use the IP address"));
    }
    return choice
        .address()
        .map(address -> CompletableFuture.completedFuture(literal(uri, address)))
        .orElseGet(
            () ->
                CompletableFuture.failedFuture(
                    new HttpFailure(ScrapeOutcome.DNS, FailureClassifier.unresolved(uri))));
  }

  /** Returns the address that a host spells out, without a lookup. */
  private static Optional<InetAddress> literal(String host) {
    try {
      return HostAddresses.isLiteral(unbracketed(host))
          ? Optional.of(InetAddress.getByName(unbracketed(host)))
          : Optional.empty();
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  private static URI literal(URI uri, InetAddress address) {
    String text = address.getHostAddress();
    String query = uri.getRawQuery();
    return URI.create(
        uri.getScheme()
            + "://"
            + (text.indexOf(':') < 0 ? text : "[" + text + "]")
            + ":"
            + Exchange.port(uri)
            + (uri.getRawPath() == null ? "" : uri.getRawPath())
            + (query == null ? "" : "?" + query));
  }

  /** Returns the value of {@code Host}, without the scheme's own port and an address's zone. */
  static String header(URI uri) {
    String host = UrlHost.of(uri).orElse("");
    int zone = host.indexOf('%');
    if (zone >= 0) {
      host = host.substring(0, zone) + "]"; // RFC 6874: it has a meaning on this machine only
    }
    int own = uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    int port = Exchange.port(uri);
    return port == own ? host : host + ":" + port;
  }

  private static String unbracketed(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }
}
