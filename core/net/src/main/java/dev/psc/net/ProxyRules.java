package dev.psc.net;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The proxy for each URL, by exactly the rules of Go's {@code http.ProxyFromEnvironment}:
 *
 * <ul>
 *   <li>{@code HTTP_PROXY} holds for {@code http} URLs, {@code HTTPS_PROXY} for {@code https} ones.
 *       A variable in upper case wins over the one in lower case.
 *   <li>{@code localhost} and loopback addresses never use a proxy.
 *   <li>{@code NO_PROXY} is a list, separated by commas: {@code *} for all hosts; addresses and
 *       CIDR ranges; {@code domain} for it and its subdomains; {@code .domain} and {@code *.domain}
 *       for its subdomains. Addresses and domains may have a port.
 *   <li>Values of {@code HTTP_PROXY} and {@code HTTPS_PROXY} that are not URLs are ignored.
 * </ul>
 *
 * <p>Immutable.
 */
public final class ProxyRules {

  /** An entry of {@code NO_PROXY}. */
  private interface Exemption {
    boolean matches(String host, @Nullable InetAddress address, String port);
  }

  private static final Exemption ALL = (host, address, port) -> true;

  private final @Nullable ProxyAddress http;
  private final @Nullable ProxyAddress https;
  private final boolean cgi;
  private final boolean always;
  private final List<Exemption> exemptions;
  private final List<String> ignored;

  private ProxyRules(
      @Nullable ProxyAddress http,
      @Nullable ProxyAddress https,
      boolean cgi,
      boolean always,
      List<String> noProxy,
      List<String> ignored) {
    this.http = http;
    this.https = https;
    this.cgi = cgi;
    this.always = always;
    this.exemptions = exemptions(noProxy);
    this.ignored = ignored;
  }

  /** Returns the rules of environment variables. */
  public static ProxyRules fromEnvironment(Map<String, String> variables) {
    List<String> ignored = new ArrayList<>();
    ProxyAddress http = address(variables, "HTTP_PROXY", ignored);
    ProxyAddress https = address(variables, "HTTPS_PROXY", ignored);
    return new ProxyRules(
        http,
        https,
        !variables.getOrDefault("REQUEST_METHOD", "").isEmpty(),
        false,
        Arrays.asList(either(variables, "NO_PROXY").split(",", -1)),
        List.copyOf(ignored));
  }

  private static @Nullable ProxyAddress address(
      Map<String, String> variables, String name, List<String> ignored) {
    String value = either(variables, name);
    Optional<ProxyAddress> address = value.isEmpty() ? Optional.empty() : ProxyAddress.parse(value);
    if (!value.isEmpty() && address.isEmpty()) {
      ignored.add(name);
    }
    return address.orElse(null);
  }

  private static String either(Map<String, String> variables, String name) {
    String value = variables.getOrDefault(name, "");
    return value.isEmpty() ? variables.getOrDefault(name.toLowerCase(Locale.ROOT), "") : value;
  }

  /**
   * Returns rules with one proxy for all hosts but those of a {@code NO_PROXY} list. If the list is
   * empty, the proxy is used for every host, also for {@code localhost}.
   *
   * @throws IllegalArgumentException if the URL of the proxy is invalid; the message does not
   *     contain it
   */
  public static ProxyRules of(String proxy, List<String> noProxy) {
    ProxyAddress address =
        ProxyAddress.parseStrictly(proxy)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the proxy must be http://[user:password@]host:port"));
    return new ProxyRules(address, address, false, noProxy.isEmpty(), noProxy, List.of());
  }

  /** Returns the names of the variables that Go ignores because their values are not URLs. */
  public List<String> ignoredVariables() {
    return ignored;
  }

  /**
   * Returns the proxy for a URL, or nothing if it is reached directly.
   *
   * @param host without brackets
   * @throws IllegalStateException if {@code HTTP_PROXY} would apply but a CGI environment ({@code
   *     REQUEST_METHOD}) makes it untrustworthy, since a client's header can set it there
   */
  public Optional<ProxyAddress> proxy(String scheme, String host, int port) {
    if (scheme.equalsIgnoreCase("http") && http != null && cgi) {
      throw new IllegalStateException(
          "HTTP_PROXY is not used because REQUEST_METHOD is set, as in a CGI environment; unset"
              + " one of them");
    }
    return scheme.equalsIgnoreCase("https")
        ? httpsProxy(host, port)
        : Optional.ofNullable(http).filter(proxy -> uses(host, port));
  }

  /** Returns the proxy for an {@code https} URL, or nothing if it is reached directly. */
  public Optional<ProxyAddress> httpsProxy(String host, int port) {
    return Optional.ofNullable(https).filter(proxy -> uses(host, port));
  }

  private boolean uses(String target, int port) {
    if (always) {
      return true;
    }
    String host = AsciiName.of(target);
    InetAddress address = IpAddress.parse(withoutZone(host)).orElse(null);
    if (host.equals("localhost") || (address != null && address.isLoopbackAddress())) {
      return false;
    }
    String name = host.strip().toLowerCase(Locale.ROOT);
    String portText = Integer.toString(port);
    return exemptions.stream().noneMatch(exemption -> exemption.matches(name, address, portText));
  }

  private static String withoutZone(String host) {
    int percent = host.indexOf('%');
    return percent < 0 || host.indexOf(':') < 0 || percent == host.length() - 1
        ? host
        : host.substring(0, percent);
  }

  private static List<Exemption> exemptions(List<String> entries) {
    List<Exemption> exemptions = new ArrayList<>();
    for (String entry : entries) {
      String text = entry.strip().toLowerCase(Locale.ROOT);
      if (text.equals("*")) {
        return List.of(ALL);
      }
      if (!text.isEmpty()) {
        exemption(text).ifPresent(exemptions::add);
      }
    }
    return List.copyOf(exemptions);
  }

  private static Optional<Exemption> exemption(String text) {
    Optional<IpAddress.Range> range = IpAddress.Range.parse(text);
    if (range.isPresent()) {
      return Optional.of((host, address, port) -> address != null && range.get().contains(address));
    }
    int colon = portColon(text);
    String port = colon < 0 ? "" : text.substring(colon + 1);
    String host = colon < 0 ? text : text.substring(0, colon);
    if (colon > 0 && host.startsWith("[")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isEmpty()) {
      return Optional.empty();
    }
    Optional<InetAddress> own = IpAddress.parse(host);
    return Optional.of(
        own.isPresent()
            ? (name, address, asked) ->
                own.get().equals(address) && (port.isEmpty() || port.equals(asked))
            : domain(host, port));
  }

  private static Exemption domain(String pattern, String port) {
    String text = pattern.startsWith("*.") ? pattern.substring(1) : pattern;
    boolean itself = !text.startsWith(".");
    String domain = AsciiName.of(itself ? text : text.substring(1));
    return (name, address, asked) ->
        address == null
            && (name.endsWith("." + domain) || (itself && name.equals(domain)))
            && (port.isEmpty() || port.equals(asked));
  }

  /** Returns where {@code host:port} and {@code [host]:port} are divided, or -1. */
  private static int portColon(String text) {
    int colon = text.lastIndexOf(':');
    if (text.startsWith("[")) {
      boolean divided = colon > 0 && text.indexOf(']') == colon - 1;
      boolean brackets = text.indexOf('[', 1) >= 0 || text.indexOf(']', colon) >= 0;
      return divided && !brackets ? colon : -1;
    }
    return colon < 0 || !text.substring(0, colon).matches("[^:\\[\\]]*") ? -1 : colon;
  }
}
