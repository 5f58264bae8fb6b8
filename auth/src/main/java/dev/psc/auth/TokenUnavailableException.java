package dev.psc.auth;

import org.jspecify.annotations.Nullable;

/**
 * There is no token where one was to be found: no such file or variable, or nothing in it that is a
 * token. The message names the place, says what to do, and contains no secret.
 */
public final class TokenUnavailableException extends IllegalStateException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception; a {@link TokenSource} of your own may throw it.
   *
   * @param message where the token was looked for, and what to do; without secrets
   * @param cause why it is not there, if known
   */
  public TokenUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
