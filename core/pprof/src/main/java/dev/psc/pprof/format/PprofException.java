package dev.psc.pprof.format;

import java.util.Objects;

/**
 * Thrown if bytes are not a usable profile. The message says what is wrong, where, and what to do;
 * it quotes at most a few bytes of the input.
 */
public final class PprofException extends Exception {

  /** Not pprof: a web page, JSON, text, an empty body, any other bytes. */
  public static final String NOT_PPROF = "not_pprof";

  /** The text form that {@code ?debug=1} gives, or a text format of gperftools. */
  public static final String LEGACY_TEXT = "legacy_text";

  /** The binary CPU format of gperftools. */
  public static final String LEGACY_BINARY = "legacy_binary";

  /** The gzip stream or the message ends too early. */
  public static final String TRUNCATED = "truncated";

  /** A limit of {@link PprofLimits} is exceeded. */
  public static final String TOO_LARGE = "too_large";

  /** The gzip stream or the message is damaged. */
  public static final String CORRUPT = "corrupt";

  /** Bytes follow the last gzip member. */
  public static final String TRAILING_GARBAGE = "trailing_garbage";

  /** Two profiles follow each other. */
  public static final String MULTIPLE_PROFILES = "multiple_profiles";

  /** None of the sample types that should be kept is in the profile. */
  public static final String NO_SUCH_SAMPLE_TYPE = "no_such_sample_type";

  private static final long serialVersionUID = 1L;

  private final String code;
  private final String place;

  /**
   * Creates an exception.
   *
   * @param code the value of {@link #code()}
   * @param place the value of {@link #place()}
   * @param message a sentence without secrets
   */
  public PprofException(String code, String place, String message) {
    super(message);
    this.code = Objects.requireNonNull(code);
    this.place = Objects.requireNonNull(place);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param code the value of {@link #code()}
   * @param place the value of {@link #place()}
   * @param message a sentence without secrets
   * @param cause the failure that led to this one
   */
  public PprofException(String code, String place, String message, Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code);
    this.place = Objects.requireNonNull(place);
  }

  /**
   * Returns a short lower_snake_case word for metrics: one of this class's constants or the {@link
   * PprofRule#code()} of the rule that is broken.
   */
  public String code() {
    return code;
  }

  /** Returns the place: a table and an index, e.g. {@code sample[17]}, or {@code byte 1234}. */
  public String place() {
    return place;
  }
}
