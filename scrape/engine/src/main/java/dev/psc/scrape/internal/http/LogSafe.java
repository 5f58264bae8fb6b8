package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import dev.psc.net.UrlHost;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Formats untrusted bytes and URLs for one line of a log. */
final class LogSafe {

  private LogSafe() {}

  /** Returns the first bytes as text when they are text, as hexadecimal digits otherwise. */
  static String excerpt(byte[] body, int maxLength) {
    int length = Math.min(body.length, maxLength * 4);
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    String text;
    try {
      text = decoder.decode(ByteBuffer.wrap(body, 0, length)).toString();
    } catch (java.nio.charset.CharacterCodingException e) {
      throw new IllegalStateException(e);
    }
    long odd =
        text.chars()
            .filter(c -> c == 0xfffd || (c < ' ' && c != '\n' && c != '\r' && c != '\t'))
            .count();
    if (odd * 10 <= text.length()) {
      return "\"" + LogText.line(text, maxLength) + "\"";
    }
    StringBuilder hex = new StringBuilder("bytes");
    for (int i = 0; i < Math.min(body.length, 16); i++) {
      hex.append(String.format(" %02x", body[i]));
    }
    return hex.append(body.length > 16 ? " …" : "").toString();
  }

  /** Returns the URL without the parts that may hold secrets: user, query and fragment. */
  static String url(URI uri) {
    StringBuilder text = new StringBuilder();
    text.append(uri.getScheme()).append("://").append(UrlHost.of(uri).orElse(""));
    int port = UrlHost.port(uri);
    if (port >= 0) {
      text.append(':').append(port);
    }
    return text.append(uri.getRawPath() == null ? "" : LogText.line(uri.getRawPath(), 256))
        .toString();
  }
}
