package dev.psc.scrape.http;

/** An exchange failed; it is classified, and its message is for people and without secrets. */
public final class HttpFailure extends Exception {

  private static final long serialVersionUID = 1;

  private final ScrapeOutcome outcome;

  /** Creates a failure without a cause worth keeping. */
  public HttpFailure(ScrapeOutcome outcome, String message) {
    // Thousands of targets may be down at once: the stack of a refused connection tells nothing.
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
