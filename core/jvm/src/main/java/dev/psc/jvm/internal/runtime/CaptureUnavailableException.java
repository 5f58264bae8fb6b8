package dev.psc.jvm.internal.runtime;

/** Thrown if events of this JVM cannot be captured; the message has the reason. */
public final class CaptureUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1;

  public CaptureUnavailableException(String message) {
    super(message);
  }

  public CaptureUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
