package dev.psc.auth;

/**
 * A secret that travels as {@code authorization: Bearer …}: a {@link ServiceAccountToken}, or a
 * {@link JwtProjectToken} of the older scheme.
 *
 * <p>Immutable. No implementation is serialisable, prints its secret, or puts it into the message
 * of an exception; {@code equals} takes the same time wherever two secrets of one length differ.
 */
public sealed interface BearerToken permits ServiceAccountToken, JwtProjectToken {

  /**
   * Returns the first 8 hex digits of the secret's SHA-256: enough to tell tokens apart in logs and
   * status pages, useless to whoever wants to call the store.
   */
  String fingerprint();

  /**
   * Returns the SHA-256 of the secret, 32 bytes: what a server keeps of a token. A new array each
   * time.
   */
  byte[] sha256();

  /**
   * Returns the secret itself. Meant for the one place that shows a new token to its owner or
   * writes it where it belongs; never hand the result to a logger, an exception or a label.
   */
  String reveal();
}
