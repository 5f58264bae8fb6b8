package dev.psc.auth;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a token source to look again, whatever it throws. */
final class TokenReread {

  private static final Logger log = LoggerFactory.getLogger(TokenReread.class);

  private TokenReread() {}

  /** Returns a future of the caller's own: it may be completed or cancelled without harm. */
  static CompletableFuture<BearerToken> of(TokenSource source) {
    CompletableFuture<BearerToken> token;
    try {
      token = source.reread().toCompletableFuture().copy();
    } catch (RuntimeException e) {
      token = CompletableFuture.failedFuture(e);
    }
    return token
        .thenApply(t -> Objects.requireNonNull(t, "the token of the source"))
        .whenComplete(
            (t, problem) -> {
              if (problem != null) {
                // The class alone: the message of somebody else's source may hold anything.
                log.debug("the token source could not look again: {}", problem.getClass());
              }
            });
  }
}
