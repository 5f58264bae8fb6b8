package dev.psc.auth;

/**
 * A text that should be a token and is not. The message says what is wrong by length, index and
 * kind, and never contains any of the text.
 */
public final class TokenFormatException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** What is wrong with the text. */
  public enum Problem {
    /** There is no text. */
    EMPTY,
    /** It contains a carriage return or line feed. */
    LINE_BREAK,
    /** It stands in single, double or back quotes. */
    QUOTED,
    /** It starts with the word {@code Bearer}. */
    BEARER_WORD,
    /** It is shaped like a JWT: a project token of the older scheme. */
    PROJECT_TOKEN,
    /** It contains a space or tab. */
    WHITESPACE,
    /** It does not start as a token does. */
    PREFIX,
    /** It is too short or too long. */
    LENGTH,
    /** It contains a character that a token cannot have. */
    CHARACTER
  }

  private final Problem problem;

  TokenFormatException(Problem problem, String message) {
    super(message);
    this.problem = problem;
  }

  /** Returns what is wrong. */
  public Problem problem() {
    return problem;
  }
}
