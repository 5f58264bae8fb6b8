package dev.psc.scrape.discovery;

import org.jspecify.annotations.Nullable;

/** Thrown if a discovery cannot list its targets; the message states the failure and a remedy. */
public final class DiscoveryException extends Exception {

  private static final long serialVersionUID = 1;

  /** Creates the exception with a message for people, without secrets. */
  public DiscoveryException(String message) {
    super(message);
  }

  /** Creates the exception with a message for people, without secrets, and its cause. */
  public DiscoveryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
