package dev.psc.scrape.http;

import java.net.http.HttpHeaders;
import java.util.Locale;

/**
 * A response with its complete body. The body is not copied and must not be changed.
 *
 * @param status e.g. 200
 * @param headers the headers as received
 * @param body at most as large as the limit of the request
 */
@SuppressWarnings("ArrayRecordComponent")
public record HttpAnswer(int status, HttpHeaders headers, byte[] body) {

  /** Returns the content type without its parameters, in lower case, or the empty text. */
  public String contentType() {
    String type = headers.firstValue("content-type").orElse("");
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).trim().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return "HttpAnswer[" + status + " " + contentType() + ", " + body.length + " bytes]";
  }
}
