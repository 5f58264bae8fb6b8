package dev.psc.auth;

import dev.psc.auth.TokenFormatException.Problem;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The token of a service account: {@code psc_v1_} and 64 hex digits, upper or lower case, kept as
 * given.
 *
 * <p>Immutable and safe to share between threads. Two tokens are equal when their texts are, case
 * included.
 */
public final class ServiceAccountToken implements BearerToken {

  /** The prefix of every token of this kind. */
  public static final String PREFIX = "psc_v1_";

  private static final int HEX_DIGITS = 64;
  private static final int LENGTH = PREFIX.length() + HEX_DIGITS;

  private final Secret secret;

  private ServiceAccountToken(Secret secret) {
    this.secret = secret;
  }

  /**
   * Parses a token; nothing is trimmed.
   *
   * @throws TokenFormatException if the text is not a token; the message names the problem and a
   *     remedy, and contains nothing of the text
   */
  public static ServiceAccountToken parse(String text) {
    TokenFormatException fault = TokenText.commonFault(text);
    if (fault == null) {
      fault = faultOf(text);
    }
    if (fault != null) {
      throw fault;
    }
    return new ServiceAccountToken(new Secret(text));
  }

  private static @Nullable TokenFormatException faultOf(String text) {
    if (JwtProjectToken.hasShape(text)) {
      String project =
          JwtProjectToken.claimedProject(text).map(id -> ", of project " + id).orElse("");
      return new TokenFormatException(
          Problem.PROJECT_TOKEN,
          "this looks like an old project token (JWT"
              + project
              + "): create a service account, bind the role Profile Writer to it, generate a token,"
              + " and use that");
    }
    if (!text.startsWith(PREFIX)) {
      return new TokenFormatException(
          Problem.PREFIX,
          text.startsWith("psc_v")
              ? "the token is of a version that this library does not know: it must start with "
                  + PREFIX
              : "the token must start with "
                  + PREFIX
                  + " (it has "
                  + text.length()
                  + " characters)");
    }
    for (int i = PREFIX.length(); i < Math.min(text.length(), LENGTH); i++) {
      if (!HexFormat.isHexDigit(text.charAt(i))) {
        return new TokenFormatException(
            Problem.CHARACTER,
            "the token has a character at index "
                + i
                + " that is not a hex digit (length "
                + text.length()
                + ", expected "
                + LENGTH
                + ")");
      }
    }
    if (text.length() != LENGTH) {
      return new TokenFormatException(
          Problem.LENGTH,
          "the token has "
              + text.length()
              + " characters, expected "
              + LENGTH
              + " ("
              + PREFIX
              + " and "
              + HEX_DIGITS
              + " hex digits): copy it again, whole");
    }
    return null;
  }

  /**
   * Returns a new token of 256 random bits, for servers and tests.
   *
   * @param random a source of secrets
   */
  public static ServiceAccountToken generate(SecureRandom random) {
    byte[] bytes = new byte[HEX_DIGITS / 2];
    random.nextBytes(bytes);
    return new ServiceAccountToken(new Secret(PREFIX + HexFormat.of().formatHex(bytes)));
  }

  @Override
  public String fingerprint() {
    return secret.fingerprint();
  }

  @Override
  public byte[] sha256() {
    return secret.sha256();
  }

  @Override
  public String reveal() {
    return secret.text();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ServiceAccountToken that && secret.sameAs(that.secret);
  }

  @Override
  public int hashCode() {
    return secret.hash();
  }

  /** Returns a placeholder with the fingerprint, never the token. */
  @Override
  public String toString() {
    return "ServiceAccountToken(" + secret + ")";
  }
}
