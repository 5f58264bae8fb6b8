package dev.psc.store;

import dev.psc.net.ProxyAddress;
import dev.psc.net.ProxyRules;
import io.grpc.HttpConnectProxiedSocketAddress;
import io.grpc.ProxiedSocketAddress;
import io.grpc.ProxyDetector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The proxy that opens a tunnel to a store by CONNECT, if the rules have one for the store. */
final class HttpProxy implements ProxyDetector {

  private static final Logger logger = LoggerFactory.getLogger(HttpProxy.class);

  private final ProxyRules rules;

  private HttpProxy(ProxyRules rules) {
    this.rules = rules;
  }

  static HttpProxy of(String url) {
    HttpProxy proxy = new HttpProxy(ProxyRules.of(url, List.of()));
    proxy.address("any", 443).ifPresent(address -> check(address, "the proxy"));
    return proxy;
  }

  static HttpProxy fromEnvironment(Map<String, String> variables) {
    ProxyRules rules = ProxyRules.fromEnvironment(variables);
    if (rules.ignoredVariables().contains("HTTPS_PROXY")) {
      logger.warn("HTTPS_PROXY is not a valid URL and is ignored: connecting directly");
    }
    return new HttpProxy(rules);
  }

  /** Rejects a proxy of a scheme that is not supported, if the store is reached through it. */
  void check(StoreEndpoint store) {
    address(store.host(), store.port()).ifPresent(address -> check(address, "HTTPS_PROXY"));
  }

  private static void check(ProxyAddress address, String name) {
    if (!address.isPlainHttp()) {
      throw new IllegalArgumentException(
          name + " must be http://[user:password@]host:port (other schemes are not supported)");
    }
  }

  /** Returns the proxy for a store, or nothing if it is reached directly. */
  Optional<ProxyAddress> address(String host, int port) {
    return rules.httpsProxy(host, port);
  }

  @Override
  public @Nullable ProxiedSocketAddress proxyFor(SocketAddress target) throws IOException {
    if (!(target instanceof InetSocketAddress store)) {
      return null;
    }
    ProxyAddress proxy = address(store.getHostString(), store.getPort()).orElse(null);
    if (proxy == null) {
      return null;
    }
    return HttpConnectProxiedSocketAddress.newBuilder()
        .setTargetAddress(store)
        .setProxyAddress(resolved(proxy))
        .setUsername(proxy.user().orElse(null))
        .setPassword(proxy.user().isPresent() ? proxy.password() : null)
        .build();
  }

  static InetSocketAddress resolved(ProxyAddress proxy) throws UnknownHostException {
    InetSocketAddress address = new InetSocketAddress(proxy.host(), proxy.port());
    if (address.isUnresolved()) {
      throw new UnknownHostException("the proxy " + proxy.host() + " cannot be resolved");
    }
    return address;
  }
}
