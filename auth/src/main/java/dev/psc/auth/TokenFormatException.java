package dev.psc.auth;

/**
 * Thrown for a text that is not a token. The message names the problem by length, index and kind,
 * and never contains the text.
 */
public final class TokenFormatException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  /** The problem of the text. */
  public enum Problem {
    /** The text is empty. */
    EMPTY,
    /** The text contains a carriage return or line feed. */
    LINE_BREAK,
    /** The text is enclosed in single, double or back quotes. */
    QUOTED,
    /** The text starts with the word {@code Bearer}. */
    BEARER_WORD,
    /** The text has the form of a JWT: a project token of the older scheme. */
    PROJECT_TOKEN,
    /** The text contains a space or tab. */
    WHITESPACE,
    /** The text lacks the prefix of a token. */
    PREFIX,
    /** The text is too short or too long. */
    LENGTH,
    /** The text contains an illegal character. */
    CHARACTER
  }

  private final Problem problem;

  TokenFormatException(Problem problem, String message) {
    super(message);
    this.problem = problem;
  }

  /** Returns the problem. */
  public Problem problem() {
    return problem;
  }
}
