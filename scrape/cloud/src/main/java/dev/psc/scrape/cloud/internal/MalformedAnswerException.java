package dev.psc.scrape.cloud.internal;

/** An answer that is not of the documented form; the message says where. */
public final class MalformedAnswerException extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** Creates the exception with a message that has no secrets. */
  public MalformedAnswerException(String message) {
    super(message);
  }
}
