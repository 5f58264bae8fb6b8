package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JwtProjectTokenTest {

  static final String PROJECT = "6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6";

  static String jwt(String claims) {
    Base64.Encoder base64 = Base64.getUrlEncoder().withoutPadding();
    return base64.encodeToString("{\"alg\":\"HS256\"}".getBytes(StandardCharsets.UTF_8))
        + "."
        + base64.encodeToString(claims.getBytes(StandardCharsets.UTF_8))
        + ".c2lnbmF0dXJl";
  }

  @Test
  void readsTheProjectThatItClaims() {
    assertThat(JwtProjectToken.parse(jwt("{\"projectID\":\"" + PROJECT + "\"}")).claimedProject())
        .contains(ProjectId.parse(PROJECT));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "not json",
        "{\"project_id\":5}",
        "{\"project_id\":\"x\"}",
        "{\"project_id\":\"6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6",
        "null"
      })
  void claimsNoProjectWhereThereIsNone(String claims) {
    assertThat(JwtProjectToken.parse(jwt(claims)).claimedProject()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a.b", "a.b.c.d", "a..c", ".b.c", "a.b.", "a.b+.c", "a.b.c=", "é.b.c"})
  void refusesWhatIsNotThreePartsInBase64Url(String text) {
    assertThatExceptionOfType(TokenFormatException.class)
        .isThrownBy(() -> JwtProjectToken.parse(text));
  }

  @Test
  void refusesATokenThatFitsNoHeader() {
    assertThatExceptionOfType(TokenFormatException.class)
        .isThrownBy(() -> JwtProjectToken.parse("a." + "b".repeat(9_000) + ".c"))
        .withMessageContaining("9004");
  }

  @Test
  void neverPrintsItself() {
    JwtProjectToken token = JwtProjectToken.parse(jwt("{}"));
    assertThat(token)
        .hasToString("JwtProjectToken(#" + token.fingerprint() + ")")
        .isEqualTo(JwtProjectToken.parse(jwt("{}")))
        .isNotEqualTo(JwtProjectToken.parse(jwt("{ }")))
        .isNotInstanceOf(Serializable.class);
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2, 3})
  void mutatedTokensParseOrFailAsDocumented(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 3_000; i++) {
      StringBuilder text = new StringBuilder(jwt("{\"project\":\"" + PROJECT + "\"}"));
      for (int change = random.nextInt(5); change > 0; change--) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, (char) random.nextInt(0x80));
      }
      try {
        assertThat(JwtProjectToken.parse(text.toString()).claimedProject()).isNotNull();
      } catch (TokenFormatException e) {
        assertThat(e.getMessage()).doesNotContain(text.substring(0, 12));
      }
    }
  }

  @Test
  void isEqualByItsText() {
    JwtProjectToken token = JwtProjectToken.parse(jwt("{}"));
    assertThat(token)
        .isEqualTo(JwtProjectToken.parse(jwt("{}")))
        .hasSameHashCodeAs(JwtProjectToken.parse(jwt("{}")))
        .isNotEqualTo(JwtProjectToken.parse(jwt("{\"a\":1}")));
    assertThat(token.hashCode()).isNotZero();
  }

  @Test
  void takesATokenOfExactlyTheLargestSize() {
    String text = jwt("{}");
    String largest = text + "a".repeat(8_192 - text.length());
    assertThat(JwtProjectToken.parse(largest).reveal()).hasSize(8_192);
    assertThatExceptionOfType(TokenFormatException.class)
        .isThrownBy(() -> JwtProjectToken.parse(largest + "a"))
        .withMessageContaining("8192");
  }
}
