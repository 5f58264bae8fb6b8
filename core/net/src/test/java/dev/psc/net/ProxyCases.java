package dev.psc.net;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The cases of proxy-rules.txt. */
final class ProxyCases {

  private static final Pattern URL =
      Pattern.compile("(https?)://(?:\\[([^\\]]*)\\]|([^:]*))(?::([0-9]+))?");

  /** An environment, a URL, and the proxy for it. */
  record Case(String environment, String url, String expected) {

    Map<String, String> variables() {
      Map<String, String> variables = new LinkedHashMap<>();
      for (String pair : environment.split(" ", -1)) {
        if (!pair.isEmpty()) {
          String[] parts = pair.split("=", 2);
          variables.put(parts[0], parts[1].replace("\\s", " ").replace("\\t", "\t"));
        }
      }
      return variables;
    }

    /** Returns the answer of our rules in the format of the table. */
    String answer() {
      Matcher parts = URL.matcher(url);
      if (!parts.matches()) {
        throw new IllegalArgumentException(url);
      }
      String scheme = parts.group(1);
      String host = parts.group(2) == null ? parts.group(3) : parts.group(2).replace("%25", "%");
      int port =
          parts.group(4) == null
              ? (scheme.equals("http") ? 80 : 443)
              : Integer.parseInt(parts.group(4));
      try {
        return ProxyRules.fromEnvironment(variables())
            .proxy(scheme, host, port)
            .map(Case::text)
            .orElse("direct");
      } catch (IllegalStateException refused) {
        return "error";
      }
    }

    private static String text(ProxyAddress proxy) {
      if (proxy.host().isEmpty()) {
        return "error";
      }
      String password = proxy.password().isEmpty() ? "" : ":" + proxy.password();
      String user = proxy.user().map(name -> name + password + "@").orElse("");
      return proxy.toString().replace("://", "://" + user);
    }

    @Override
    public String toString() {
      return environment + " | " + url;
    }
  }

  private ProxyCases() {}

  static Stream<Case> all() {
    try (InputStream in =
        Objects.requireNonNull(ProxyCases.class.getResourceAsStream("proxy-rules.txt"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> !line.isEmpty() && !line.startsWith("#"))
              .map(line -> line.split("\\|", -1))
              .map(parts -> new Case(parts[0].strip(), parts[1].strip(), parts[2].strip()))
              .toList()
              .stream();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
