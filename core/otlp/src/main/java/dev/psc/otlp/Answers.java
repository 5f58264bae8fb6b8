package dev.psc.otlp;

import dev.psc.net.LogText;
import java.util.regex.Pattern;

/** The messages of responses. */
final class Answers {

  static final String PATH = "/v1development/profiles";

  private static final int MESSAGE_LIMIT = 512;

  /** The texts of Go, Java, Rust and C++ for a message of another shape. */
  private static final Pattern UNREADABLE =
      Pattern.compile(
          "wiretype|wire type|wire-type|proto:|unmarshal|illegal tag|invalid tag|decode"
              + "|malformed|protocol message|unexpected eof|index out of range|out of bounds",
          Pattern.CASE_INSENSITIVE);

  private static final String OTHER_PROTO =
      " (the receiver seems to have another version of the profiles protocol, which is not stable:"
          + " this sink writes opentelemetry-proto 1.10, with a dictionary)";

  private Answers() {}

  /** Returns a hint if a receiver did not understand a request. */
  static String hint(String said) {
    return UNREADABLE.matcher(said).find() ? OTHER_PROTO : "";
  }

  /** Returns a message of at most 512 characters without control characters. */
  static String shortened(String message, String after) {
    return LogText.line(message, MESSAGE_LIMIT - 1 - after.length()) + after;
  }

  /** Returns the message of a {@code google.rpc.Status}, or the empty text. */
  static String statusMessage(byte[] status) {
    try {
      WireReader r = new WireReader(status);
      while (r.next()) {
        if (r.field() == 2) {
          return r.text();
        }
      }
    } catch (WireReader.WireException e) {
      return ""; // a response of another server, such as a proxy
    }
    return "";
  }
}
