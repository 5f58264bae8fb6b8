package dev.psc.scrape.target;

import dev.psc.net.UrlHost;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
          "\"" + address + "\" and \"" + path + "\" make no URL: " + e.getReason(), e);
    }
    if (UrlHost.of(uri).isEmpty() || UrlHost.port(uri) > 65535) {
      throw new IllegalArgumentException("\"" + address + "\" " + advice(address));
    }
    return uri;
  }

  private static String advice(String address) {
    if (address.indexOf(':') != address.lastIndexOf(':') && !address.startsWith("[")) {
      return "is not host:port: write an IPv6 address as [" + address + "]:port";
    }
    return "is not host:port";
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
