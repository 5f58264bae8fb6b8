package dev.psc.auth;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Where the token of the next call comes from: a fixed one, a variable, a file that is rotated, or
 * a function of your own.
 *
 * <p>Implementations are safe for use by several threads. Whoever makes a source closes it, after
 * the channels that use it.
 */
public interface TokenSource extends AutoCloseable {

  /**
   * Returns the token to use now. Called once per gRPC call, on a thread that must not be held up:
   * an implementation answers from memory.
   *
   * @throws TokenUnavailableException when there is none; the call then fails as UNAUTHENTICATED
   */
  BearerToken token();

  /**
   * Looks for a newer token, because the store did not accept the one it got. Returns at once; the
   * stage completes with the token to use from now on, which may be the same. Callers bound their
   * waiting.
   */
  default CompletionStage<BearerToken> reread() {
    try {
      return CompletableFuture.completedFuture(token());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Stops watching, if the source does; idempotent. */
  @Override
  default void close() {}

  /** Returns a source of one token for good. */
  static TokenSource fixed(BearerToken token) {
    Objects.requireNonNull(token, "token");
    return () -> token;
  }

  /**
   * Returns a source of the service account token in an environment variable, read now and once: a
   * process cannot see its variables change. White space around the token is ignored.
   *
   * @param name the variable's name
   * @throws TokenUnavailableException when the variable is not set or is no service account token
   */
  static TokenSource environment(String name) {
    return environment(name, System.getenv());
  }

  /**
   * As {@link #environment(String)}, from variables that are given.
   *
   * @throws TokenUnavailableException when the variable is not set or is no service account token
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
   * Opens a file that holds a service account token and follows its changes. See {@link
   * FileTokenSource} for what happens when the file changes, vanishes or is half written, and for
   * its settings.
   *
   * @throws TokenUnavailableException when the file cannot be read now or holds no token
   */
  static FileTokenSource file(Path path) {
    return FileTokenSource.builder(path).open();
  }

  /**
   * Returns a source that asks a function for each call.
   *
   * @param tokens answers from memory, may be called by several threads at once, never returns null
   */
  static TokenSource of(Supplier<? extends BearerToken> tokens) {
    Objects.requireNonNull(tokens, "tokens");
    return () -> Objects.requireNonNull(tokens.get(), "the token of the supplier");
  }
}
