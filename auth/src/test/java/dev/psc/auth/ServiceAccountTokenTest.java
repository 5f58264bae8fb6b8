package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.auth.TokenFormatException.Problem;
import java.io.Serializable;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ServiceAccountTokenTest {

  private static final String HEX =
      "0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789";
  private static final String TEXT = "psc_v1_" + HEX;

  @Test
  void keepsTheTextAsGivenInEitherCase() {
    assertThat(ServiceAccountToken.parse(TEXT).reveal()).isEqualTo(TEXT);
    assertThat(ServiceAccountToken.parse(TEXT).sha256()).hasSize(32);
  }

  static Stream<Arguments> faultyTexts() {
    return Stream.of(
        Arguments.of("", Problem.EMPTY, "empty"),
        Arguments.of(TEXT + "\n", Problem.LINE_BREAK, "index 71"),
        Arguments.of("psc_v1_" + "\r\n" + HEX, Problem.LINE_BREAK, "index 7"),
        Arguments.of('"' + TEXT + '"', Problem.QUOTED, "quotes"),
        Arguments.of("'" + TEXT + "'", Problem.QUOTED, "quotes"),
        Arguments.of("Bearer " + TEXT, Problem.BEARER_WORD, "alone"),
        Arguments.of("bearer " + TEXT, Problem.BEARER_WORD, "alone"),
        Arguments.of("Bearer ", Problem.BEARER_WORD, "alone"),
        Arguments.of("''", Problem.QUOTED, "quotes"),
        Arguments.of("'", Problem.PREFIX, "psc_v1_"),
        Arguments.of(" " + TEXT, Problem.WHITESPACE, "index 0"),
        Arguments.of(TEXT.substring(0, 30) + " " + TEXT.substring(30), Problem.WHITESPACE, "30"),
        Arguments.of("abc" + HEX, Problem.PREFIX, "psc_v1_"),
        Arguments.of("PSC_V1_" + HEX, Problem.PREFIX, "psc_v1_"),
        Arguments.of("psc_v2_" + HEX, Problem.PREFIX, "version"),
        Arguments.of("psc_v1_", Problem.LENGTH, "7 characters"),
        Arguments.of(TEXT.substring(0, 70), Problem.LENGTH, "70 characters, expected 71"),
        Arguments.of(TEXT + "0", Problem.LENGTH, "72 characters"),
        Arguments.of("psc_v1_" + "g" + HEX.substring(1), Problem.CHARACTER, "index 7"),
        Arguments.of(TEXT.substring(0, 70) + "\u0661", Problem.CHARACTER, "index 70"),
        Arguments.of(TEXT.substring(0, 40) + "\0" + TEXT.substring(41), Problem.CHARACTER, "40"));
  }

  @ParameterizedTest(name = "{1} {2}")
  @MethodSource("faultyTexts")
  void saysWhatIsWrongWithoutTheText(String text, Problem problem, String words) {
    TokenFormatException e =
        catchThrowableOfType(TokenFormatException.class, () -> ServiceAccountToken.parse(text));
    assertThat(e.problem()).isEqualTo(problem);
    assertThat(e).hasMessageContaining(words).hasNoCause();
    assertThat(e.getMessage()).doesNotContain("0123", "abcdef");
  }

  @Test
  void tellsHowToMigrateFromAProjectTokenAndWhichProjectItWas() {
    String jwt =
        JwtProjectTokenTest.jwt("{\"project_id\":\"" + JwtProjectTokenTest.PROJECT + "\"}");
    TokenFormatException e =
        catchThrowableOfType(TokenFormatException.class, () -> ServiceAccountToken.parse(jwt));
    assertThat(e.problem()).isEqualTo(Problem.PROJECT_TOKEN);
    assertThat(e)
        .hasMessageContaining("create a service account")
        .hasMessageContaining("Profile Writer")
        .hasMessageContaining(JwtProjectTokenTest.PROJECT);
    assertThat(e.getMessage()).doesNotContain("eyJ");
  }

  @Test
  void isEqualByTextAndNeverPrintsIt() {
    ServiceAccountToken token = ServiceAccountToken.parse(TEXT);
    assertThat(token)
        .isEqualTo(ServiceAccountToken.parse(TEXT))
        .hasSameHashCodeAs(ServiceAccountToken.parse(TEXT))
        .isNotEqualTo(ServiceAccountToken.parse(TEXT.replace('A', 'a')))
        .isNotEqualTo(ServiceAccountToken.parse(TEXT.substring(0, 70) + "0"))
        .hasToString("ServiceAccountToken(#" + token.fingerprint() + ")")
        .isNotInstanceOf(Serializable.class);
    assertThat(token.fingerprint()).hasSize(8).matches("[0-9a-f]+");
    assertThat(TEXT).doesNotContain(token.fingerprint());
  }

  @Test
  void generatesTokensThatParseAndDiffer() {
    SecureRandom random = new SecureRandom();
    ServiceAccountToken first = ServiceAccountToken.generate(random);
    assertThat(ServiceAccountToken.parse(first.reveal())).isEqualTo(first);
    assertThat(ServiceAccountToken.generate(random)).isNotEqualTo(first);
  }

  static LongStream seeds() {
    return LongStream.range(0, 8);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void mutatedTextsParseOrFailWithoutShowingThemselves(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 3_000; i++) {
      String text = mutated(random);
      try {
        assertThat(ServiceAccountToken.parse(text).reveal()).isEqualTo(text);
        assertThat(text).matches("psc_v1_[0-9a-fA-F]{64}");
      } catch (TokenFormatException e) {
        assertThat(text).doesNotMatch("psc_v1_[0-9a-fA-F]{64}");
        assertThat(sharesSecretWith(String.valueOf(e.getMessage()), text)).isFalse();
      }
    }
  }

  /** Returns whether a message contains eight consecutive digits of the secret. */
  private static boolean sharesSecretWith(String message, String text) {
    for (int i = 0; i + 8 <= text.length(); i++) {
      String part = text.substring(i, i + 8);
      if (part.matches("[0-9a-fA-F]{8}") && message.contains(part)) {
        return true;
      }
    }
    return false;
  }

  private static String mutated(SplittableRandom random) {
    StringBuilder text = new StringBuilder("psc_v1_");
    for (int i = 0; i < 64; i++) {
      text.append("0123456789abcdefABCDEF".charAt(random.nextInt(22)));
    }
    int changes = random.nextInt(4);
    for (int i = 0; i < changes && text.length() > 1; i++) {
      int at = random.nextInt(text.length());
      char c = (char) (random.nextInt(8) == 0 ? random.nextInt(0x10000) : random.nextInt(0x80));
      switch (random.nextInt(4)) {
        case 0 -> text.setCharAt(at, c);
        case 1 -> text.insert(at, c);
        case 2 -> text.deleteCharAt(at);
        default -> text.setLength(Math.max(1, at));
      }
    }
    return text.toString();
  }
}
