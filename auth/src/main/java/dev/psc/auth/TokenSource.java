package dev.psc.auth;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * A source of the token for each call: a fixed token, an environment variable, a rotated file, or a
 * function.
 *
 * <p>Implementations are thread-safe. The caller closes a source, after the channels that use it.
 */
public interface TokenSource extends AutoCloseable {

  /**
   * Returns the current token. Called once per gRPC call, on a thread that must not block:
   * implementations answer from memory.
   *
   * @throws TokenUnavailableException if there is none; the call then fails as UNAUTHENTICATED
   */
  BearerToken token();

  /**
   * Rereads the token after the store rejected it, without blocking. The stage completes with the
   * token to use from now on, which may be the same. Callers limit their waiting.
   */
  default CompletionStage<BearerToken> reread() {
    try {
      return CompletableFuture.completedFuture(token());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Stops watching for changes; idempotent. */
  @Override
  default void close() {}

  /** Returns a source of one fixed token. */
  static TokenSource fixed(BearerToken token) {
    Objects.requireNonNull(token, "token");
    return () -> token;
  }

  /**
   * Returns a source of the service account token in an environment variable, which is read once.
   * White space around the token is ignored.
   *
   * @param name the name of the variable
   * @throws TokenUnavailableException if the variable is not set or not a service account token
   */
  static TokenSource environment(String name) {
    return environment(name, System.getenv());
  }

  /**
   * Returns the source of {@link #environment(String)} for the given variables.
   *
   * @throws TokenUnavailableException if the variable is not set or not a service account token
   */
  static TokenSource environment(String name, Map<String, String> variables) {
    String text = variables.get(name);
    if (text == null) {
      throw new TokenUnavailableException(
          "environment variable " + name + " is not set: it must hold the service account token",
          null);
    }
    try {
      return fixed(ServiceAccountToken.parse(TokenText.strip(text)));
    } catch (TokenFormatException e) {
      throw new TokenUnavailableException(
          "environment variable " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Opens a file that contains a service account token and watches it for changes. {@link
   * FileTokenSource} describes how changed, missing and half written files are handled.
   *
   * @throws TokenUnavailableException if the file cannot be read or contains no token
   */
  static FileTokenSource file(Path path) {
    return FileTokenSource.builder(path).open();
  }

  /**
   * Returns a source that calls a function for each call.
   *
   * @param tokens a thread-safe function that answers from memory and never returns null
   */
  static TokenSource of(Supplier<? extends BearerToken> tokens) {
    Objects.requireNonNull(tokens, "tokens");
    return () -> Objects.requireNonNull(tokens.get(), "the token of the supplier");
  }
}
