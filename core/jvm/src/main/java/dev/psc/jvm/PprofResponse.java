package dev.psc.jvm;

import java.util.Map;

/** The response to a {@link PprofRequest}. Immutable except for the body array. */
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

  /** Returns the headers to send, without {@code Content-Length}. */
  public Map<String, String> headers() {
    return headers;
  }

  /** Returns the body, not a copy; omit it for a {@code HEAD} request. */
  public byte[] body() {
    return body;
  }

  @Override
  public String toString() {
    return "PprofResponse[" + status + ", " + body.length + " bytes]";
  }
}
