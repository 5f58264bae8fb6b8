package dev.psc.jvm;

/** Says why this JVM cannot be profiled by events. */
final class CaptureUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1;

  CaptureUnavailableException(String message) {
    super(message);
  }

  CaptureUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
