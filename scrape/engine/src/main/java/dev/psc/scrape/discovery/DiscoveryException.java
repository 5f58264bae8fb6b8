package dev.psc.scrape.discovery;

import org.jspecify.annotations.Nullable;

/** A discovery cannot see its targets; the message says what failed, where, and what to do. */
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
