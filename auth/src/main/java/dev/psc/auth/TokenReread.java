package dev.psc.auth;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A reread of a token source whose exceptions are returned, not thrown. */
final class TokenReread {

  private static final Logger logger = LoggerFactory.getLogger(TokenReread.class);

  private TokenReread() {}

  /** Returns a copy of the future of the source, which may be completed or cancelled. */
  static CompletableFuture<BearerToken> of(TokenSource source) {
    CompletableFuture<BearerToken> token;
    try {
      token = source.reread().toCompletableFuture().copy();
    } catch (RuntimeException | Error e) {
      token = CompletableFuture.failedFuture(e);
    }
    return token
        .thenApply(t -> Objects.requireNonNull(t, "the token of the source"))
        .whenComplete(
            (t, problem) -> {
              if (problem != null) {
                // Without the message, which may contain the token.
                logger.debug("Token source: rereading failed with {}", problem.getClass());
              }
            });
  }
}
