package dev.psc.auth;

import dev.psc.auth.TokenFormatException.Problem;
import dev.psc.net.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A project token of the older scheme: a JWT that contains its project and needs no {@code
 * projectID}. Service accounts replace it; accepting one is opt-in.
 *
 * <p>Immutable and thread-safe. The store checks signature and claims; this class does not.
 */
public final class JwtProjectToken implements BearerToken {

  private static final int LENGTH_LIMIT = 8 * 1024;

  private final Secret secret;

  private JwtProjectToken(Secret secret) {
    this.secret = secret;
  }

  /**
   * Parses a token: three parts in base64url, joined by dots, at most 8192 characters.
   *
   * @throws TokenFormatException if the text is not a token; the message contains nothing of it
   */
  public static JwtProjectToken parse(String text) {
    TokenFormatException fault = TokenText.commonFault(text);
    if (fault != null) {
      throw fault;
    }
    if (text.length() > LENGTH_LIMIT) {
      throw new TokenFormatException(
          Problem.LENGTH,
          "the token has " + text.length() + " characters, a project token at most 8192");
    }
    if (!hasShape(text)) {
      throw new TokenFormatException(
          Problem.CHARACTER,
          "not a project token: expected three parts in base64url joined by dots");
    }
    return new JwtProjectToken(new Secret(text));
  }

  static boolean hasShape(String text) {
    int dots = 0;
    int partLength = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.') {
        if (partLength == 0) {
          return false;
        }
        dots++;
        partLength = 0;
      } else if ((c >= 'a' && c <= 'z')
          || (c >= 'A' && c <= 'Z')
          || (c >= '0' && c <= '9')
          || c == '-'
          || c == '_') {
        partLength++;
      } else {
        return false;
      }
    }
    return dots == 2 && partLength > 0;
  }

  /**
   * Returns the project that the token claims. The claim is not verified: use it for messages only.
   */
  public Optional<ProjectId> claimedProject() {
    return claimedProject(secret.text());
  }

  static Optional<ProjectId> claimedProject(String text) {
    if (text.length() > LENGTH_LIMIT) {
      return Optional.empty();
    }
    String payload = text.substring(text.indexOf('.') + 1, text.lastIndexOf('.'));
    try {
      Object claims =
          Json.parse(new String(Base64.getUrlDecoder().decode(payload), StandardCharsets.UTF_8));
      return claims instanceof Map<?, ?> map ? projectIn(map) : Optional.empty();
    } catch (IllegalArgumentException e) {
      // Not base64 or not JSON: there is no claimed project.
      return Optional.empty();
    }
  }

  private static Optional<ProjectId> projectIn(Map<?, ?> claims) {
    for (Map.Entry<?, ?> claim : claims.entrySet()) {
      String name = String.valueOf(claim.getKey()).toLowerCase(Locale.ROOT);
      if (name.contains("project")
          && claim.getValue() instanceof String value
          && ProjectId.isProjectId(value)) {
        return Optional.of(ProjectId.parse(value));
      }
    }
    return Optional.empty();
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
    return other instanceof JwtProjectToken that && secret.sameAs(that.secret);
  }

  @Override
  public int hashCode() {
    return secret.hash();
  }

  /** Returns a placeholder with the fingerprint, never the token. */
  @Override
  public String toString() {
    return "JwtProjectToken(" + secret + ")";
  }
}
