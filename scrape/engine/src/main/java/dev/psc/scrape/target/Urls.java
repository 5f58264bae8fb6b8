package dev.psc.scrape.target;

import dev.psc.net.UrlHost;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Builds the URLs of targets. */
final class Urls {

  private static final String PATH_CHARS = "-._~!$&'()*+,;=:@/%";

  private Urls() {}

  /** Joins a prefix and a path with one slash, resolves dots, and starts with a slash. */
  static String join(String prefix, String path) {
    int question = path.indexOf('?');
    String query = question < 0 ? "" : path.substring(question);
    String plain = question < 0 ? path : path.substring(0, question);
    Deque<String> parts = new ArrayDeque<>();
    for (String part : (prefix + "/" + plain).split("/", -1)) {
      if (part.equals("..")) {
        parts.pollLast();
      } else if (!part.isEmpty() && !part.equals(".")) {
        parts.addLast(part);
      }
    }
    return "/" + String.join("/", parts) + query;
  }

  /**
   * Returns the URL of its parts; parameters are sorted by name, as Go does.
   *
   * @throws IllegalArgumentException when they make no URL that can be asked for; the message says
   *     why
   */
  static URI url(String scheme, String address, String path, Map<String, List<String>> params) {
    StringBuilder text = new StringBuilder(scheme).append("://").append(address);
    int question = path.indexOf('?');
    String plain = question < 0 ? path : path.substring(0, question);
    text.append(plain.startsWith("/") ? "" : "/");
    encodePath(text, plain);
    StringBuilder query = new StringBuilder(question < 0 ? "" : path.substring(question + 1));
    new TreeMap<>(params)
        .forEach(
            (name, values) -> {
              for (String value : values) {
                query
                    .append(query.isEmpty() ? "" : "&")
                    .append(URLEncoder.encode(name, StandardCharsets.UTF_8))
                    .append('=')
                    .append(URLEncoder.encode(value, StandardCharsets.UTF_8));
              }
            });
    if (!query.isEmpty()) {
      text.append('?').append(query);
    }
    URI uri;
    try {
      uri = new URI(text.toString());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "\"" + address + "\" and \"" + plain + "\" do not form a URL: " + e.getReason());
    }
    if (UrlHost.of(uri).isEmpty() || UrlHost.port(uri) > 65535) {
      throw new IllegalArgumentException("\"" + address + "\" " + advice(address));
    }
    return uri;
  }

  private static String advice(String address) {
    int colon = address.lastIndexOf(':');
    if (address.startsWith("[") || address.indexOf(':') == colon) {
      return "is not host:port";
    }
    String host = address.substring(0, colon);
    String port = address.substring(colon + 1);
    boolean whole = isIpv6(address);
    if (isIpv6(host) && port.matches("[1-9][0-9]{0,4}") && Integer.parseInt(port) <= 65535) {
      return "is not host:port: write ["
          + host
          + "]:"
          + port
          + (whole ? ", or [" + address + "]:port if " + port + " belongs to the address" : "");
    }
    return whole
        ? "is an IPv6 address without brackets: write [" + address + "]:port"
        : "is not host:port";
  }

  private static boolean isIpv6(String text) {
    if (!text.matches("[0-9A-Fa-f:]+(?:[0-9]+(?:\\.[0-9]+){3})?") || text.indexOf(':') < 0) {
      return false;
    }
    try {
      // Never looked up, because of the colon.
      InetAddress unused = InetAddress.getByName(text);
      return true;
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Returns the first value of each parameter in a path's query. */
  static Map<String, String> query(String path) {
    Map<String, String> values = new HashMap<>();
    int question = path.indexOf('?');
    if (question >= 0) {
      for (String pair : path.substring(question + 1).split("&", -1)) {
        int equals = pair.indexOf('=');
        values.putIfAbsent(name(pair), equals < 0 ? "" : decoded(pair.substring(equals + 1)));
      }
    }
    return values;
  }

  /** Returns the path with a parameter at most once in its query, or never. */
  static String withParameter(String path, String name, boolean kept) {
    int question = path.indexOf('?');
    if (question < 0) {
      return path;
    }
    List<String> pairs = new ArrayList<>();
    boolean found = false;
    for (String pair : path.substring(question + 1).split("&", -1)) {
      if (!name(pair).equals(name)) {
        pairs.add(pair);
      } else if (kept && !found) {
        pairs.add(pair);
        found = true;
      }
    }
    return path.substring(0, question) + (pairs.isEmpty() ? "" : "?" + String.join("&", pairs));
  }

  private static String name(String pair) {
    return decoded(pair.split("=", 2)[0]);
  }

  private static String decoded(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // A percent sign that encodes nothing; the URL itself is checked later.
      return text;
    }
  }

  private static void encodePath(StringBuilder text, String path) {
    for (byte b : path.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if ((c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || PATH_CHARS.indexOf(c) >= 0) {
        text.append(c);
      } else {
        text.append(String.format("%%%02X", (int) c));
      }
    }
  }

  /** Replaces the first value of a parameter. */
  static void setFirst(Map<String, List<String>> params, String name, String value) {
    List<String> values = new ArrayList<>(params.getOrDefault(name, List.of()));
    if (values.isEmpty()) {
      values.add(value);
    } else {
      values.set(0, value);
    }
    params.put(name, values);
  }
}
