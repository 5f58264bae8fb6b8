package dev.psc.scrape.http;

/** A failed exchange, with its class and a message without secrets. */
public final class HttpFailure extends Exception {

  private static final long serialVersionUID = 1;

  private final ScrapeOutcome outcome;

  /** Creates a failure without a cause and stack trace. */
  public HttpFailure(ScrapeOutcome outcome, String message) {
    // Thousands of targets may be down at the same time: a stack trace per refused connection has
    // no value.
    super(message, null, false, false);
    this.outcome = outcome;
  }

  /** Creates a failure with its cause. */
  public HttpFailure(ScrapeOutcome outcome, String message, Throwable cause) {
    super(message, cause);
    this.outcome = outcome;
  }

  /** Returns the class of the failure. */
  public ScrapeOutcome outcome() {
    return outcome;
  }
}
