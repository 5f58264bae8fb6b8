package dev.psc.scrape.internal.http;

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

  private Framing() {}

  /** Returns the problem of the headers of a response, if any. */
  static Optional<String> problem(HttpHeaders headers) {
    List<String> lengths = headers.allValues("content-length");
    List<String> encodings = headers.allValues("transfer-encoding");
    for (String encoding : encodings) {
      if (!encoding.strip().equalsIgnoreCase("chunked")) {
        return Optional.of(
            "Transfer-Encoding \"" + LogSafe.line(encoding, 60) + "\" is not supported");
      }
    }
    if (!encodings.isEmpty() && !lengths.isEmpty()) {
      return Optional.of("both Content-Length and Transfer-Encoding are set");
    }
    Set<String> distinct = new TreeSet<>();
    for (String length : lengths) {
      if (!length.strip().matches("[0-9]{1,18}")) {
        return Optional.of("Content-Length is \"" + LogSafe.line(length, 60) + "\"");
      }
      distinct.add(length.strip());
    }
    return distinct.size() > 1
        ? Optional.of("Content-Length has several values: " + String.join(", ", distinct))
        : Optional.empty();
  }

  /** Returns the message about a response whose framing is broken. */
  static String message(String where, String problem) {
    return where
        + ": the HTTP framing of the response is invalid ("
        + problem
        + "); correct the target's HTTP server or the proxy in front of it";
  }
}
