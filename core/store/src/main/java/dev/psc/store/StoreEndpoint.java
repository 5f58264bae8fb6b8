package dev.psc.store;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * The address of a store. Immutable.
 *
 * @param host a name or an address, IPv6 without brackets
 * @param port from 1 to 65535
 * @param plaintext whether the store uses HTTP/2 without TLS
 */
record StoreEndpoint(String host, int port, boolean plaintext) {

  private static final int PORT_LIMIT = 65_535;

  /** {@code dns:host:port}; {@code dns:443} is the port of a host named dns. */
  private static final Pattern DNS_TARGET = Pattern.compile("dns:(?=.*[^0-9:])[^/]+");

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if the host is empty or the port out of range
   */
  StoreEndpoint {
    Objects.requireNonNull(host, "host");
    if (host.isEmpty()) {
      throw new IllegalArgumentException("the store address has no host");
    }
    if (port < 1 || port > PORT_LIMIT) {
      throw new IllegalArgumentException(
          "the port of store address " + host + " must be between 1 and 65535, but was " + port);
    }
  }

  /**
   * Parses {@code host[:443]} (TLS), {@code https://host[:443]} (TLS) or {@code http://host[:80]}
   * (plaintext); an IPv6 address is enclosed in brackets, and a leading {@code dns:///} or {@code
   * dns:} is ignored.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  static StoreEndpoint parse(String text) {
    String rest = text.strip();
    String lower = rest.toLowerCase(Locale.ROOT);
    int defaultPort = 443;
    boolean url = true;
    boolean plaintext = false;
    if (lower.startsWith("https://")) {
      rest = rest.substring("https://".length());
    } else if (lower.startsWith("http://")) {
      rest = rest.substring("http://".length());
      defaultPort = 80;
      plaintext = true;
    } else if (lower.startsWith("dns:///")) {
      rest = rest.substring("dns:///".length());
      url = false;
    } else if (DNS_TARGET.matcher(lower).matches()) {
      rest = rest.substring("dns:".length());
      url = false;
    } else if (rest.contains("://")) {
      throw fault("starts with a scheme other than https:// or http://");
    } else {
      url = false;
    }
    if (url && rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    if (rest.indexOf('@') >= 0) {
      throw fault("contains a user or password: credentials go into the token file");
    }
    if (rest.indexOf('/') >= 0 || rest.indexOf('?') >= 0 || rest.indexOf('#') >= 0) {
      throw fault("contains a path: gRPC has none, give host:port alone");
    }
    return split(rest, defaultPort, plaintext);
  }

  private static StoreEndpoint split(String text, int defaultPort, boolean plaintext) {
    String host = text;
    String port = "";
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0 || (end + 1 < text.length() && text.charAt(end + 1) != ':')) {
        throw fault("must be [address]:port for IPv6");
      }
      host = text.substring(1, end);
      port = end + 1 < text.length() ? text.substring(end + 2) : "";
    } else {
      int colon = text.indexOf(':');
      if (colon != text.lastIndexOf(':')) {
        throw fault("must have its IPv6 address in brackets: [address]:port");
      }
      if (colon >= 0) {
        host = text.substring(0, colon);
        port = text.substring(colon + 1);
      }
    }
    for (int i = 0; i < host.length(); i++) {
      if (host.charAt(i) <= ' ') {
        throw fault("contains white space");
      }
    }
    if (host.isEmpty()) {
      throw fault("has no host");
    }
    if (port.isEmpty() && isLikeAToken(host)) {
      throw fault("looks like a token: give host:port, for example grpc.polarsignals.com:443");
    }
    if (port.isEmpty()) {
      return new StoreEndpoint(host, defaultPort, plaintext);
    }
    if (port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw fault("has a port that is not a number from 1 to 65535");
    }
    return new StoreEndpoint(host, Integer.parseInt(port), plaintext);
  }

  /** A host would be shown by messages; no part of a host name is longer than 63 characters. */
  private static boolean isLikeAToken(String host) {
    return host.startsWith("psc_")
        || host.startsWith("eyJ")
        || Arrays.stream(host.split("\\.", -1)).anyMatch(part -> part.length() > 63);
  }

  private static IllegalArgumentException fault(String what) {
    // Without the text, which may be a secret that was pasted by mistake.
    return new IllegalArgumentException("the store address " + what);
  }

  /** Returns {@code host:port}, with brackets around an IPv6 address. */
  String authority() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** Returns the address as a URL. */
  @Override
  public String toString() {
    return (plaintext ? "http://" : "https://") + authority();
  }
}
