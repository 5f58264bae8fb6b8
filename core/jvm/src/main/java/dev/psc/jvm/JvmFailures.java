package dev.psc.jvm;

/** Words of failures for people. */
final class JvmFailures {

  private JvmFailures() {}

  /** Returns the message of the first cause that says something. */
  static String message(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof CaptureUnavailableException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
