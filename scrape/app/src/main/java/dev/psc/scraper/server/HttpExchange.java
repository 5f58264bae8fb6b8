package dev.psc.scraper.server;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP request, independent of the server implementation.
 *
 * @param method {@code GET}, {@code POST}, …
 * @param path the decoded path, without query
 * @param query decoded query parameters, in order
 * @param authorization the {@code authorization} header, if there is one
 */
record HttpExchange(
    String method, String path, Map<String, List<String>> query, @Nullable String authorization) {

  /** Returns the first value of a query parameter, or null. */
  @Nullable String parameter(String name) {
    List<String> values = query.get(name);
    return values == null || values.isEmpty() ? null : values.get(0);
  }

  /** Answers requests, on threads that may block. */
  @FunctionalInterface
  interface Handler {
    Answer handle(HttpExchange exchange) throws Exception;
  }

  /**
   * A response.
   *
   * @param status HTTP status code
   * @param contentType media type of the body
   * @param headers further headers
   * @param body the whole body
   */
  @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
  record Answer(int status, String contentType, Map<String, String> headers, byte[] body) {

    static Answer of(int status, String contentType, byte[] body) {
      return new Answer(status, contentType, Map.of(), body);
    }

    static Answer text(int status, String text) {
      return of(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a page with a script that its policy permits by its hash. */
    static Answer html(String text, String policy) {
      return new Answer(
          200,
          "text/html; charset=utf-8",
          Map.of(HttpRequests.CONTENT_SECURITY_POLICY, policy),
          text.getBytes(StandardCharsets.UTF_8));
    }

    static Answer json(String text) {
      return of(200, "application/json", text.getBytes(StandardCharsets.UTF_8));
    }
  }
}
