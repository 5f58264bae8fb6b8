package dev.psc.scrape.kubernetes;

import org.jspecify.annotations.Nullable;

/** The API server did not do what it was asked; the message is for people and without secrets. */
final class ApiException extends Exception {

  private static final long serialVersionUID = 1;

  private final int status;

  /**
   * @param status of the answer or of the error in it; 0 when there was no proper answer
   */
  ApiException(int status, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.status = status;
  }

  /** Returns whether the version that was asked for is too old to go on from. */
  boolean gone() {
    return status == 410;
  }

  /** Returns whether only an administrator can mend it, so that asking again soon is of no use. */
  boolean denied() {
    return status == 401 || status == 403;
  }

  /** Returns whether there was an answer at all. */
  boolean answered() {
    return status != 0;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
