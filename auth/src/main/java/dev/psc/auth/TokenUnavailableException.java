package dev.psc.auth;

import org.jspecify.annotations.Nullable;

/**
 * Thrown if a file or variable is missing or contains no token. The message names it and a remedy,
 * and contains no secret.
 */
public final class TokenUnavailableException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception; implementations of {@link TokenSource} may throw it.
   *
   * @param message the place of the token and a remedy; without secrets
   * @param cause the cause, if known
   */
  public TokenUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
