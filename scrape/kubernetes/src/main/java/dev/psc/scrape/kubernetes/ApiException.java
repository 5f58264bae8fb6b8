package dev.psc.scrape.kubernetes;

import com.google.gson.stream.MalformedJsonException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A failed request to the API server; the message is readable and contains no secrets. */
final class ApiException extends Exception {

  private static final long serialVersionUID = 1;

  private final int status;
  private final Duration retryAfter;
  private final boolean stalled;

  private ApiException(
      int status, String message, Duration retryAfter, boolean stalled, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
    this.retryAfter = retryAfter;
    this.stalled = stalled;
  }

  /** Returns the failure of a request that the server answered with an error. */
  static ApiException refused(int status, String message, Duration retryAfter) {
    return new ApiException(status, message, retryAfter, false, null);
  }

  /** Returns the failure of a request without a complete answer. */
  static ApiException broken(String message, Throwable cause) {
    return new ApiException(0, message, Duration.ZERO, false, cause);
  }

  /** Returns the failure of a watch that the client ended since the server is unreachable. */
  static ApiException stalled(String message, Throwable cause) {
    return new ApiException(0, message, Duration.ZERO, true, cause);
  }

  /** Returns whether the requested version is too old. */
  boolean gone() {
    return status == 410;
  }

  /** Returns whether the credentials or the permissions are at fault. */
  boolean denied() {
    return status == 401 || status == 403;
  }

  /** Returns whether the credentials were not accepted. */
  boolean unauthorized() {
    return status == 401;
  }

  /** Returns whether the server rejects this version or selector, so that repeating is useless. */
  boolean malformed() {
    return status == 400;
  }

  /** Returns whether the server is overloaded and asks for fewer requests. */
  boolean tooManyRequests() {
    return status == 429;
  }

  /** Returns whether there was an answer with an error. */
  boolean answered() {
    return status != 0;
  }

  /** Returns whether the watch was ended because the API server did not respond to a probe. */
  boolean stalled() {
    return stalled;
  }

  /** Returns whether the answer was complete but cannot be parsed. */
  boolean unreadable() {
    Throwable cause = getCause();
    return cause instanceof MalformedJsonException
        || cause instanceof IllegalStateException
        || cause instanceof NumberFormatException;
  }

  /** Returns the pause that the server asked for, or zero. */
  Duration retryAfter() {
    return retryAfter;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
