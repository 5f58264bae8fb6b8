package dev.psc.jvm.internal.runtime;

/** Says why this JVM cannot be profiled by events. */
public final class CaptureUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1;

  public CaptureUnavailableException(String message) {
    super(message);
  }

  public CaptureUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
