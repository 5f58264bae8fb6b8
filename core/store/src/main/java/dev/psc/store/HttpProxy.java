package dev.psc.store;

import io.grpc.HttpConnectProxiedSocketAddress;
import io.grpc.ProxiedSocketAddress;
import io.grpc.ProxyDetector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A proxy that opens tunnels by CONNECT, and the hosts that do without it. */
final class HttpProxy implements ProxyDetector {

  private static final int DEFAULT_PORT = 3128;

  private final @Nullable String host;
  private final int port;
  private final @Nullable String user;
  private final @Nullable String password;
  private final List<String> exempt;

  private HttpProxy(
      @Nullable String host,
      int port,
      @Nullable String user,
      @Nullable String password,
      List<String> exempt) {
    this.host = host;
    this.port = port;
    this.user = user;
    this.password = password;
    this.exempt = exempt;
  }

  static HttpProxy of(String url) {
    return parse(url, List.of());
  }

  static HttpProxy fromEnvironment(Map<String, String> variables) {
    String url = either(variables, "https_proxy", "HTTPS_PROXY");
    if (url.isEmpty()) {
      return new HttpProxy(null, 0, null, null, List.of());
    }
    List<String> exempt =
        List.of(either(variables, "no_proxy", "NO_PROXY").toLowerCase(Locale.ROOT).split(",", -1))
            .stream()
            .map(String::strip)
            .filter(entry -> !entry.isEmpty())
            .toList();
    return parse(url, exempt);
  }

  private static String either(Map<String, String> variables, String lower, String upper) {
    String value = variables.getOrDefault(lower, "").strip();
    return value.isEmpty() ? variables.getOrDefault(upper, "").strip() : value;
  }

  private static HttpProxy parse(String url, List<String> exempt) {
    URI uri;
    try {
      uri = new URI(url.contains("://") ? url : "http://" + url);
    } catch (URISyntaxException e) {
      // Neither shown nor chained: the URL may have a password.
      throw new IllegalArgumentException("the proxy must read http://[user:password@]host:port");
    }
    if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "the proxy must read http://[user:password@]host:port (other schemes are not supported)");
    }
    String userInfo = uri.getUserInfo();
    String user = null;
    String password = null;
    if (userInfo != null) {
      int colon = userInfo.indexOf(':');
      user = colon < 0 ? userInfo : userInfo.substring(0, colon);
      password = colon < 0 ? "" : userInfo.substring(colon + 1);
    }
    String host = uri.getHost();
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    return new HttpProxy(
        host, uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort(), user, password, exempt);
  }

  @Override
  public @Nullable ProxiedSocketAddress proxyFor(SocketAddress target) throws IOException {
    if (!(target instanceof InetSocketAddress store) || host == null || !serves(store)) {
      return null;
    }
    HttpConnectProxiedSocketAddress.Builder address =
        HttpConnectProxiedSocketAddress.newBuilder()
            .setTargetAddress(store)
            .setProxyAddress(resolved());
    if (user != null) {
      address.setUsername(user).setPassword(password);
    }
    return address.build();
  }

  InetSocketAddress resolved() throws UnknownHostException {
    InetSocketAddress address = new InetSocketAddress(String.valueOf(host), port);
    if (address.isUnresolved()) {
      throw new UnknownHostException("the proxy " + host + " is not known to DNS");
    }
    return address;
  }

  boolean serves(InetSocketAddress store) {
    return host != null
        && !isExempt(store.getHostString().toLowerCase(Locale.ROOT), store.getPort());
  }

  @Nullable String user() {
    return user;
  }

  @Nullable String password() {
    return password;
  }

  private boolean isExempt(String name, int storePort) {
    // As Go does, on which the existing scraper runs: this machine is never asked for by a proxy.
    if (name.equals("localhost") || (isAddress(name) && address(name).isLoopbackAddress())) {
      return true;
    }
    for (String entry : exempt) {
      if (entry.equals("*") || matches(entry, name, storePort)) {
        return true;
      }
    }
    return false;
  }

  private static boolean matches(String entry, String name, int storePort) {
    if (entry.indexOf('/') > 0) {
      return isAddress(name) && inRange(entry, name);
    }
    String pattern = entry;
    int colon = entry.lastIndexOf(':');
    if (colon > 0 && entry.indexOf(':') == colon) {
      if (!entry.substring(colon + 1).equals(Integer.toString(storePort))) {
        return false;
      }
      pattern = entry.substring(0, colon);
    }
    if (pattern.startsWith("*.")) {
      pattern = pattern.substring(1);
    }
    if (pattern.startsWith(".")) {
      return name.endsWith(pattern);
    }
    return name.equals(pattern) || name.endsWith("." + pattern);
  }

  private static boolean inRange(String entry, String name) {
    int slash = entry.indexOf('/');
    String base = entry.substring(0, slash);
    String length = entry.substring(slash + 1);
    if (!isAddress(base) || !length.matches("[0-9]{1,3}")) {
      return false;
    }
    byte[] network = address(base).getAddress();
    byte[] host = address(name).getAddress();
    int bits = Integer.parseInt(length);
    if (network.length != host.length || bits > network.length * 8) {
      return false;
    }
    for (int i = 0; i < bits; i++) {
      int mask = 0x80 >> (i % 8);
      if ((network[i / 8] & mask) != (host[i / 8] & mask)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isAddress(String name) {
    return name.indexOf(':') >= 0 || name.matches("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
  }

  private static InetAddress address(String literal) {
    try {
      // A literal: no name is looked up.
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      return InetAddress.getLoopbackAddress();
    }
  }

  /** Names the proxy, never its password. */
  @Override
  public String toString() {
    return host == null ? "no proxy" : host + ":" + port;
  }
}
