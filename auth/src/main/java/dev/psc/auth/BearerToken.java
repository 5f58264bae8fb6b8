package dev.psc.auth;

/**
 * A secret that is sent as {@code authorization: Bearer …}: a {@link ServiceAccountToken}, or a
 * {@link JwtProjectToken} of the older scheme.
 *
 * <p>Immutable. Implementations are not serializable and never print the secret or put it into the
 * message of an exception; {@code equals} takes constant time for secrets of one length.
 */
public sealed interface BearerToken permits ServiceAccountToken, JwtProjectToken {

  /**
   * Returns the first 8 hex digits of the secret's SHA-256, which identify a token in logs and
   * status pages.
   */
  String fingerprint();

  /** Returns the SHA-256 of the secret, which servers store, as a new array of 32 bytes. */
  byte[] sha256();

  /**
   * Returns the secret. Only for showing a new token to its owner or writing it to its file; never
   * pass the result to a logger, an exception or a label.
   */
  String reveal();
}
