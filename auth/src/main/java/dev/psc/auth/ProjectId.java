package dev.psc.auth;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The id of a project: a UUID as 8-4-4-4-12 hex digits, kept and sent as given. Two ids are equal
 * when they name the same project, whatever the case of their digits. Immutable.
 */
public final class ProjectId {

  private static final int LENGTH = 36;

  private final String text;

  private ProjectId(String text) {
    this.text = text;
  }

  /**
   * Parses an id.
   *
   * @throws IllegalArgumentException if the text is not a UUID; the message names the problem and
   *     does not contain the text, which may be a token by mistake
   */
  public static ProjectId parse(String text) {
    String fault = faultOf(text);
    if (fault != null) {
      throw new IllegalArgumentException("the project id " + fault);
    }
    return new ProjectId(text);
  }

  /** Returns a new random id, for servers and tests. */
  public static ProjectId random() {
    return new ProjectId(UUID.randomUUID().toString());
  }

  static boolean isProjectId(String text) {
    return faultOf(text) == null;
  }

  private static @Nullable String faultOf(String text) {
    if (text.isEmpty()) {
      return "is empty: copy it from the project's settings";
    }
    char first = text.charAt(0);
    if (text.length() > 1
        && first == text.charAt(text.length() - 1)
        && "\"'`".indexOf(first) >= 0) {
      return "is surrounded by quotes: give it without them";
    }
    if (text.startsWith(ServiceAccountToken.PREFIX)) {
      return "is a token: give the project's UUID here, and the token in its file";
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c <= ' ') {
        return "contains white space or a control character at index " + i;
      }
      boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (i < LENGTH && (dash ? c != '-' : !HexFormat.isHexDigit(c))) {
        return "must be a UUID (8-4-4-4-12 hex digits): the character at index "
            + i
            + (dash ? " is not a dash" : " is not a hex digit");
      }
    }
    if (text.length() != LENGTH) {
      return "must be a UUID of " + LENGTH + " characters, but has " + text.length();
    }
    return null;
  }

  /** Returns the original text. */
  public String value() {
    return text;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ProjectId that && text.equalsIgnoreCase(that.text);
  }

  @Override
  public int hashCode() {
    return Objects.hashCode(text.toLowerCase(Locale.ROOT));
  }

  /** Returns the original text. */
  @Override
  public String toString() {
    return text;
  }
}
