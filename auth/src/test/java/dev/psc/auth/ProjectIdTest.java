package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProjectIdTest {

  private static final String LOWER = "6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6";

  @Test
  void keepsTheCaseAndIgnoresItInComparing() {
    ProjectId upper = ProjectId.parse(LOWER.toUpperCase(java.util.Locale.ROOT));
    assertThat(upper.value()).isEqualTo("6D1F3C0A-1B2C-4D5E-8F90-A1B2C3D4E5F6");
    assertThat(upper).isEqualTo(ProjectId.parse(LOWER)).hasSameHashCodeAs(ProjectId.parse(LOWER));
    assertThat(ProjectId.random()).isNotEqualTo(ProjectId.random());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "not-a-uuid|index 0",
        "'6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6 '|white space",
        "6d1f3c0a1b2c-4d5e-8f90-a1b2c3d4e5f6a|not a dash",
        "6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f|has 35",
        "6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f67|has 37",
        "6d1f3c0g-1b2c-4d5e-8f90-a1b2c3d4e5f6|index 7",
        "\"6d1f3c0a-1b2c-4d5e-8f90-a1b2c3d4e5f6\"|quotes",
        "psc_v1_0123|is a token"
      })
  void saysWhatIsWrong(String text, String words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProjectId.parse(text))
        .withMessageContaining(words);
  }

  @Test
  void refusesTheEmptyTextAndLineBreaks() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProjectId.parse(""))
        .withMessageContaining("is empty");
    assertThatIllegalArgumentException().isThrownBy(() -> ProjectId.parse(LOWER + "\n"));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2})
  void mutatedIdsParseExactlyWhenTheyAreUuids(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 3_000; i++) {
      StringBuilder text = new StringBuilder(LOWER);
      for (int change = random.nextInt(3); change > 0; change--) {
        text.setCharAt(random.nextInt(text.length()), (char) random.nextInt(0x80));
      }
      if (text.toString().matches("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")) {
        assertThat(ProjectId.parse(text.toString()).value()).isEqualTo(text.toString());
      } else {
        assertThatIllegalArgumentException().isThrownBy(() -> ProjectId.parse(text.toString()));
      }
    }
  }

  @Test
  void refusesOneQuoteAndControlCharacters() {
    for (String text : new String[] {"\"", "'", LOWER.replace('6', '\u0001'), LOWER + '\u00e9'}) {
      assertThatIllegalArgumentException().isThrownBy(() -> ProjectId.parse(text));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProjectId.parse("\""))
        .withMessageContaining("hex digit");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProjectId.parse("''"))
        .withMessageContaining("quotes");
    assertThat(ProjectId.parse(LOWER).hashCode())
        .isNotEqualTo(ProjectId.parse(LOWER.replace('6', '7')).hashCode());
  }
}
