package dev.psc.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  private static final String SAMPLE =
      "{\"a\": [1, -2, 3.5e1, true, false, null, \"x\\n\\u00e9\\\\\"], \"b\": {}, \"c\": []}";

  @ParameterizedTest
  @ValueSource(strings = {"[", "{\"a\":", "[{\"a\":["})
  void refusesDeepNestingOfAnyLength(String opening) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(opening.repeat(1_000_000)))
        .withMessageContaining("nested more than 32 deep");
  }

  @Test
  @Timeout(30)
  void readsLongTextsInLinearTime() {
    int length = 4_000_000;
    assertThat((String) Json.parse('"' + "x".repeat(length) + '"')).hasSize(length);
    assertThat((List<?>) Json.parse('[' + "1,".repeat(length / 2) + "1]")).hasSize(length / 2 + 1);
    assertThat(Json.parse("1" + "0".repeat(100_000))).isEqualTo(Double.POSITIVE_INFINITY);
    assertThatIllegalArgumentException().isThrownBy(() -> Json.parse("-".repeat(length)));
  }

  @Test
  void readsWhatItWrites() {
    Object value = Json.parse(SAMPLE);
    assertThat(value).hasToString("{a=[1, -2, 35.0, true, false, null, x\né\\], b={}, c=[]}");
    assertThat(Json.parse(Json.write(value))).isEqualTo(value);
    assertThat(Json.parse(Json.writeIndented(value))).isEqualTo(value);
    assertThat(Json.parse(Json.write("\u0001\t\r\"ü"))).isEqualTo("\u0001\t\r\"ü");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "{a:1}",
        "\"x",
        "tru",
        "1 2",
        "01x",
        "-",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "\"\\x\"",
        "\"\\u00g0\"",
        "{\"a\":1,}",
        "\"\n\""
      })
  void refusesFaultyTextsWithTheIndexAndWithoutTheText(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse(text))
        .withMessageStartingWith("not JSON: ")
        .withMessageContaining("index");
  }

  @Test
  void refusesDeepNesting() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse("[".repeat(100_000)))
        .withMessageContaining("deep");
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2, 3})
  void mutatedTextsParseOrFailAsDocumented(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 5_000; i++) {
      StringBuilder text = new StringBuilder(SAMPLE);
      for (int change = random.nextInt(5); change >= 0; change--) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, "{}[]\":,\\u09-eE.tfn x\u00e9".charAt(random.nextInt(21)));
      }
      try {
        Object value = Json.parse(text.toString());
        assertThat(Json.parse(Json.write(value))).isEqualTo(value);
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageStartingWith("not JSON: ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 9, 10, 1234567890, -90, Long.MAX_VALUE, Long.MIN_VALUE})
  void readsWholeNumbersAsSuch(long number) {
    assertThat(Json.parse(Long.toString(number))).isEqualTo(number);
    assertThat(Json.parse("5e-1")).isEqualTo(0.5);
    assertThat(Json.parse("5e+1")).isEqualTo(50.0);
  }

  @Test
  void whiteSpaceMayStandBetweenAnyTwoParts() {
    String spaced = "_{_\"a\"_:_[_1_,_[_]_,_{_}_]_,_\"b\"_:_true_}_".replace("_", " \t\r\n");
    assertThat(Json.parse(spaced)).isEqualTo(Json.parse(spaced.replaceAll("\\s", "")));
    assertThat(Json.parse(spaced)).hasToString("{a=[1, [], {}], b=true}");
  }

  @Test
  void readsToTheDepthThatItStatesAndWhatFollows() {
    assertThat(Json.parse("[".repeat(32) + "]".repeat(32))).isInstanceOf(java.util.List.class);
    assertThat(Json.parse("[".repeat(32) + "7" + "]".repeat(32)).toString()).contains("7");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse("[".repeat(33) + "7" + "]".repeat(33)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Json.parse("{\"a\":".repeat(33) + "7" + "}".repeat(33)));
  }

  @Test
  void readsWholeNumbersBeyondLongAsDoubles() {
    assertThat(Json.parse("99999999999999999999")).isEqualTo(1e20);
    assertThat(Json.parse("-9223372036854775809")).isEqualTo(-0x1p63);
  }

  @Test
  void writesOnlyControlCharactersAndLineSeparatorsAsNumbers() {
    assertThat(Json.write(" \u001f~\u007f</script>\u2028é"))
        .isEqualTo("\" \\u001f~\\u007f</script>\\u2028é\"");
  }

  @Test
  void writesOnOneLineOrIndented() {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("a", Arrays.asList(1, null, true, Double.NaN, 0.5, List.of()));
    value.put("b", Map.of());
    value.put("c", Map.of("d", new StringBuilder("e")));
    assertThat(Json.write(value))
        .isEqualTo("{\"a\":[1,null,true,null,0.5,[]],\"b\":{},\"c\":{\"d\":\"e\"}}");
    assertThat(Json.writeIndented(value))
        .isEqualTo(
            """
            {
              "a": [
                1,
                null,
                true,
                null,
                0.5,
                []
              ],
              "b": {},
              "c": {
                "d": "e"
              }
            }
            """);
  }
}
