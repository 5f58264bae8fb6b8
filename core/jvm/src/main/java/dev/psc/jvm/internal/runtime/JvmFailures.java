package dev.psc.jvm.internal.runtime;

/** Words of failures for people. */
public final class JvmFailures {

  private JvmFailures() {}

  /** Returns the message of the first cause that says something. */
  public static String message(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof CaptureUnavailableException) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getMessage() == null ? cause.toString() : cause.getMessage();
  }
}
