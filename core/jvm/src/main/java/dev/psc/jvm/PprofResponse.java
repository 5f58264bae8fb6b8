package dev.psc.jvm;

import java.util.Map;

/** The answer to a {@link PprofRequest}, to be written as it is. Immutable but for its body. */
public final class PprofResponse {

  private final int status;
  private final Map<String, String> headers;
  private final byte[] body;

  PprofResponse(int status, Map<String, String> headers, byte[] body) {
    this.status = status;
    this.headers = Map.copyOf(headers);
    this.body = body;
  }

  /** Returns the HTTP status. */
  public int status() {
    return status;
  }

  /** Returns the headers to send besides the length. */
  public Map<String, String> headers() {
    return headers;
  }

  /** Returns the bytes themselves, not a copy; to be left out for a {@code HEAD}. */
  public byte[] body() {
    return body;
  }

  @Override
  public String toString() {
    return "PprofResponse[" + status + ", " + body.length + " bytes]";
  }
}
