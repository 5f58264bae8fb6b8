package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks how a response delimits its body. The JDK's client reads contradicting headers in some
 * way, so that the wrong bytes would look like a broken profile.
 */
final class Framing {

  private static final int MAX_DIGITS = 18;

  private Framing() {}

  /** Returns the problem of the headers of a response, if any. */
  static Optional<String> problem(HttpHeaders headers) {
    List<String> lengths = headers.allValues("content-length");
    List<String> encodings = headers.allValues("transfer-encoding");
    if (encodings.isEmpty() && lengths.size() == 1 && isNumber(lengths.get(0))) {
      return Optional.empty();
    }
    for (String encoding : encodings) {
      if (!encoding.strip().equalsIgnoreCase("chunked")) {
        return Optional.of(
            "Transfer-Encoding \"" + LogText.line(encoding, 60) + "\" is not supported");
      }
    }
    if (!encodings.isEmpty() && !lengths.isEmpty()) {
      return Optional.of("both Content-Length and Transfer-Encoding are set");
    }
    Set<String> distinct = new TreeSet<>();
    for (String length : lengths) {
      if (!isNumber(length.strip())) {
        return Optional.of("Content-Length is \"" + LogText.line(length, 60) + "\"");
      }
      distinct.add(length.strip());
    }
    return distinct.size() > 1
        ? Optional.of("Content-Length has several values: " + String.join(", ", distinct))
        : Optional.empty();
  }

  /** Returns the length that a response announces; 0 if it announces none, or an invalid one. */
  static long length(HttpHeaders headers) {
    String length = headers.firstValue("content-length").orElse("").strip();
    return isNumber(length) ? Long.parseLong(length) : 0;
  }

  private static boolean isNumber(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MAX_DIGITS;
  }

  /** Returns the message about a response whose framing is broken. */
  static String message(String where, String problem) {
    return where
        + ": the HTTP framing of the response is invalid ("
        + problem
        + "); correct the target's HTTP server or the proxy in front of it";
  }
}
