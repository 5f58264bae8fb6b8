package dev.psc.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StoreEndpointTest {

  @ParameterizedTest
  @CsvSource({
    "grpc.polarsignals.com:443,https://grpc.polarsignals.com:443",
    "https://grpc.polarsignals.com,https://grpc.polarsignals.com:443",
    "HTTPS://h:7070/,https://h:7070",
    "http://h,http://h:80",
    "dns:///h:7070,https://h:7070",
    "dns:h:7070,https://h:7070",
    "DNS:[::1]:7070,https://[::1]:7070",
    "dns:443,https://dns:443",
    "[::1]:7070,https://[::1]:7070",
    "https://[::1],https://[::1]:443",
    " h:1 ,https://h:1",
    "grpc.polarsignals.com,https://grpc.polarsignals.com:443",
    "dns:///h,https://h:443",
    "[::1],https://[::1]:443"
  })
  void readsWhatPeopleWrite(String text, String meaning) {
    assertThat(StoreEndpoint.parse(text)).hasToString(meaning);
    assertThat(StoreEndpoint.parse(meaning)).isEqualTo(StoreEndpoint.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "psc_v1_abc.secret-pw,looks like a token",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJwdyIsImlhdCI6MTUxNjIzOTAyMiwieCI6InB3cHdwd3B3cHcifQ.pw,looks like a token",
    ":7070,no host",
    "'',no host",
    "h:0,between 1 and 65535",
    "h:65536,between 1 and 65535",
    "h:x,not a number",
    "h:123456,not a number",
    "ftp://h:1,scheme",
    "https://h/path,path",
    "https://user:pw@h,password",
    "::1,brackets",
    "[::1,[address]:port",
    "a b:1,white space"
  })
  void saysWhatIsWrongWithoutTheText(String text, String words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreEndpoint.parse(text))
        .withMessageContaining(words)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("pw"));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2})
  void generatedTextsParseOrFailAsDocumented(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 5_000; i++) {
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "https://" : "");
      for (int n = random.nextInt(12); n > 0; n--) {
        text.append("ab.:[]/@?#019 -\u00e9".charAt(random.nextInt(16)));
      }
      try {
        StoreEndpoint endpoint = StoreEndpoint.parse(text.toString());
        assertThat(StoreEndpoint.parse(endpoint.toString())).isEqualTo(endpoint);
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }
}
