package dev.psc.auth;

/** Marks a status that this side made before anything was sent: a server never saw the call. */
final class LocalRefusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LocalRefusal(String message) {
    super(message, null, false, false);
  }
}
