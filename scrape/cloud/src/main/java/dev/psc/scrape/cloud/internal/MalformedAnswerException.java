package dev.psc.scrape.cloud.internal;

/** Thrown for a response that is not of the documented form; the message states where. */
public final class MalformedAnswerException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Creates the exception with a message that has no secrets. */
  public MalformedAnswerException(String message) {
    super(message);
  }
}
