package dev.psc.scrape.internal.http;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpHeaders;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/** The content encodings of responses. Only gzip is requested and read. */
final class ContentEncodings {

  /** The value of {@code Accept-Encoding} where gzip can be read. */
  static final String ACCEPTED = "gzip";

  private static final Set<String> GZIP = Set.of("gzip", "x-gzip");

  private ContentEncodings() {}

  /** Returns the encodings of a body in lower case, without {@code identity}. */
  private static List<String> of(HttpHeaders headers) {
    List<String> names = new ArrayList<>();
    for (String value : headers.allValues("content-encoding")) {
      for (String name : value.split(",", -1)) {
        String encoding = name.strip().toLowerCase(Locale.ROOT);
        if (!encoding.isEmpty() && !encoding.equals("identity")) {
          names.add(encoding);
        }
      }
    }
    return names;
  }

  /** Returns the encoding that was not requested, if there is one. */
  static Optional<String> unasked(HttpHeaders headers) {
    return of(headers).stream().filter(name -> !GZIP.contains(name)).findFirst();
  }

  /** Returns whether the headers do not say that a body is compressed with gzip. */
  static boolean isPlain(HttpHeaders headers) {
    return headers.allValues("content-encoding").isEmpty()
        || of(headers).stream().noneMatch(GZIP::contains);
  }

  static boolean isGzip(byte[] body) {
    return body.length > 1 && body[0] == 0x1f && (body[1] & 0xff) == 0x8b;
  }

  /**
   * Returns the first bytes of a body, inflated if the headers say that it is compressed.
   *
   * @param maxBytes the limit on the result
   */
  static byte[] beginning(HttpHeaders headers, byte[] body, int maxBytes) {
    if (!isGzip(body) || isPlain(headers)) {
      return Arrays.copyOf(body, Math.min(body.length, maxBytes));
    }
    byte[] bytes = new byte[maxBytes];
    int size = 0;
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
      int n = in.read(bytes, 0, maxBytes);
      while (n > 0) {
        size += n;
        n = in.read(bytes, size, maxBytes - size);
      }
    } catch (IOException e) {
      // The body of an error is cut at a limit; the part inflated before that is shown.
      return Arrays.copyOf(bytes, size);
    }
    return Arrays.copyOf(bytes, size);
  }
}
