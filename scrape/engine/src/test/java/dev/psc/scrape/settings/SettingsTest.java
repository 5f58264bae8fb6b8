package dev.psc.scrape.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {

  @ParameterizedTest
  @CsvSource({
    "1m30s,90000",
    "1d,86400000",
    "1w2d,777600000",
    "1y,31536000000",
    "100ms,100",
    "0,0",
    "0s,0",
    "2h5ms,7200005",
    "1h30m15s7ms,5415007",
  })
  void durationsAreThoseOfPrometheus(String text, long millis) {
    Duration duration = Durations.parse(text);
    assertThat(duration).isEqualTo(Duration.ofMillis(millis));
    assertThat(Durations.parse(Durations.format(duration))).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "30s1m",
        "1.5h",
        "10",
        "",
        "-5s",
        "300y",
        "s",
        "1 m",
        "1m1m",
        "1H",
        "9999999999999999999s",
        "١s"
      })
  void whatIsNoneSaysSo(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("duration");
  }

  @Test
  void everyDurationIsPrintedSoThatItReadsTheSame() {
    long seed = 3;
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 5_000; i++) {
      Duration duration = Duration.ofMillis(random.nextLong(1L << random.nextInt(1, 42)));
      assertThat(Durations.parse(Durations.format(duration)))
          .as("seed %s", seed)
          .isEqualTo(duration);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "7,7",
    "10MB,10485760",
    "10MiB,10485760",
    "512KB,524288",
    "1GB,1073741824",
    "3 kb,3072",
    "5B,5",
  })
  void sizesCountInPowersOfTwo(String text, long bytes) {
    assertThat(Sizes.parse(text)).isEqualTo(bytes);
    assertThat(Sizes.parse(Sizes.format(bytes))).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MB", "-1", "1.5MB", "10X", "99999999999EB", "ten"})
  void whatIsNoSizeSaysSo(String text) {
    assertThatThrownBy(() -> Sizes.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("size");
  }

  @Test
  void findsTheNameThatWasMeant() {
    List<String> known = List.of("scrape_interval", "scrape_timeout", "scheme");
    assertThat(Nearest.of("scrape_intervall", known)).contains("scrape_interval");
    assertThat(Nearest.of("Scheme", known)).contains("scheme");
    assertThat(Nearest.of("unrelated_words", known)).isEmpty();
  }

  @Test
  void aSecretIsNeverPrintedAndComparesByContent() {
    Secret secret = Secret.of("hunter2");
    assertThat(secret).hasToString("<secret>").isEqualTo(Secret.of("hunter2"));
    assertThat(secret).isNotEqualTo(Secret.of("other"));
    assertThat(secret.reveal()).isEqualTo("hunter2");
  }
}
