package dev.psc.jvm.internal.runtime;

/** Messages of failures. */
public final class JvmFailures {

  private JvmFailures() {}

  /** Returns the message of the first cause that has one. */
  public static String message(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof CaptureUnavailableException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
