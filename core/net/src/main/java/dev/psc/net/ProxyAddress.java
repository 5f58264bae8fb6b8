package dev.psc.net;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The address of a proxy: scheme, host, port and credentials. It never prints the credentials.
 * Immutable.
 */
public final class ProxyAddress {

  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):(.*)");
  private static final Pattern USER_INFO =
      Pattern.compile("(?:[A-Za-z0-9._:~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})*");
  private static final Pattern HOST_AND_PORT =
      Pattern.compile(
          "(\\[[0-9A-Fa-f:.]*(?:%25[^\\]]+)?\\]|[^:\\[\\]\\s%#?/@\\\\^`{|}]*)(?::([0-9]*))?");
  private static final Pattern PATH = Pattern.compile("(?:[^%]|%[0-9A-Fa-f]{2})*");
  private static final Map<String, Integer> DEFAULT_PORTS =
      Map.of("http", 80, "https", 443, "socks5", 1080, "socks5h", 1080);

  private final String scheme;
  private final String host;
  private final int port;
  private final @Nullable String userInfo;

  private ProxyAddress(String scheme, String host, int port, @Nullable String userInfo) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.userInfo = userInfo;
  }

  /**
   * Returns the address of a proxy as an environment variable gives it: a URL, or {@code
   * host[:port]} for {@code http}. The result is empty if Go ignores the value. An address without
   * a host is one that Go accepts but cannot connect to.
   */
  static Optional<ProxyAddress> parse(String text) {
    Optional<ProxyAddress> whole = url(text);
    if (whole.isPresent() && !whole.get().scheme.isEmpty() && !whole.get().host.isEmpty()) {
      return whole;
    }
    Optional<ProxyAddress> host = url("http://" + text);
    return host.isPresent() ? host : whole;
  }

  /** Returns the address of a proxy, or nothing if the text is not such an address. */
  static Optional<ProxyAddress> parseStrictly(String text) {
    return url(text.contains("://") ? text : "http://" + text)
        .filter(address -> !address.host.isEmpty());
  }

  private static Optional<ProxyAddress> url(String text) {
    if (text.startsWith(":") || text.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
      return Optional.empty();
    }
    String rest = text.split("#", 2)[0].split("\\?", 2)[0];
    Matcher parts = SCHEME.matcher(rest);
    String scheme = "";
    if (parts.matches()) {
      scheme = parts.group(1).toLowerCase(Locale.ROOT);
      rest = parts.group(2);
    }
    if (!rest.startsWith("//") || (scheme.isEmpty() && rest.startsWith("///"))) {
      boolean broken = scheme.isEmpty() && rest.split("/", 2)[0].indexOf(':') >= 0;
      return broken || !PATH.matcher(rest).matches()
          ? Optional.empty()
          : Optional.of(new ProxyAddress(scheme, "", 0, null));
    }
    String authority = rest.substring(2).split("/", 2)[0];
    int at = authority.lastIndexOf('@');
    String userInfo = at < 0 ? null : authority.substring(0, at);
    Matcher hostAndPort = HOST_AND_PORT.matcher(authority.substring(at + 1));
    if (!hostAndPort.matches()
        || !PATH.matcher(rest).matches()
        || (userInfo != null && !USER_INFO.matcher(userInfo).matches())) {
      return Optional.empty();
    }
    String host = hostAndPort.group(1);
    if (host.startsWith("[")) {
      host = host.substring(1, host.length() - 1).replace("%25", "%");
    }
    return Optional.of(
        new ProxyAddress(scheme, host, port(scheme, hostAndPort.group(2)), userInfo));
  }

  private static int port(String scheme, @Nullable String digits) {
    if (digits == null || digits.isEmpty()) {
      return DEFAULT_PORTS.getOrDefault(scheme, 0);
    }
    return digits.length() > 9 ? Integer.MAX_VALUE : Integer.parseInt(digits);
  }

  /** Returns the scheme in lower case: {@code http}, {@code https}, {@code socks5}, ... */
  public String scheme() {
    return scheme;
  }

  /** Returns the host without brackets. */
  public String host() {
    return host;
  }

  /** Returns the port; the scheme's default where none is given. */
  public int port() {
    return port;
  }

  /** Returns whether the proxy uses HTTP without TLS, and has a valid host and port. */
  public boolean isPlainHttp() {
    return scheme.equals("http") && !host.isEmpty() && port > 0 && port <= 0xffff;
  }

  /** Returns the name of the user, if the address has one. */
  public Optional<String> user() {
    return Optional.ofNullable(userInfo).map(info -> decoded(info.split(":", 2)[0]));
  }

  /** Returns the password; empty if the address has none. */
  public String password() {
    int colon = userInfo == null ? -1 : userInfo.indexOf(':');
    return userInfo == null || colon < 0 ? "" : decoded(userInfo.substring(colon + 1));
  }

  /** Returns the value of a {@code Proxy-Authorization} header, if the address has a user. */
  public Optional<String> basicAuthorization() {
    return user()
        .map(
            user ->
                "Basic "
                    + Base64.getEncoder()
                        .encodeToString(
                            (user + ":" + password()).getBytes(StandardCharsets.UTF_8)));
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** Returns the URL without credentials. */
  @Override
  public String toString() {
    return scheme + "://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
