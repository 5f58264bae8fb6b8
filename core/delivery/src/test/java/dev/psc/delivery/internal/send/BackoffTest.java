package dev.psc.delivery.internal.send;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackoffTest {

  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration MAX = Duration.ofSeconds(30);

  private static Backoff backoff(double random) {
    return new Backoff(FIRST, MAX, () -> random);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 500",
    "2, 1000",
    "3, 2000",
    "4, 4000",
    "6, 16000",
    "7, 30000",
    "63, 30000",
    "2147483647, 30000"
  })
  void doublesWithEachFailureUpToItsLimit(int failures, long millis) {
    assertThat(backoff(1).nanos(failures)).isEqualTo(millis * 1_000_000);
    assertThat(backoff(0.5).nanos(failures)).isEqualTo(millis * 500_000);
    assertThat(backoff(0).nanos(failures)).isZero();
  }

  @Test
  void staysAtItsLimitAfterAnyNumberOfFailures() {
    Backoff slow = new Backoff(Duration.ofDays(365), Duration.ofDays(36_500), () -> 1.0);
    assertThat(slow.nanos(1)).isEqualTo(Duration.ofDays(365).toNanos());
    assertThat(slow.nanos(Integer.MAX_VALUE)).isEqualTo(Duration.ofDays(36_500).toNanos());
  }

  @Test
  void restsAsLongAsAskedAndUpToATenthMore() {
    Duration asked = Duration.ofSeconds(20);
    assertThat(backoff(0).nanos(1, asked)).isEqualTo(asked.toNanos());
    assertThat(backoff(0.5).nanos(1, asked)).isEqualTo(Duration.ofSeconds(21).toNanos());
    assertThat(backoff(1).nanos(1, asked)).isEqualTo(Duration.ofSeconds(22).toNanos());
  }

  @Test
  void restsLongerThanAskedWhereItsOwnRestIsLonger() {
    assertThat(backoff(1).nanos(4, Duration.ofSeconds(1)))
        .isEqualTo(Duration.ofSeconds(4).toNanos());
    assertThat(backoff(1).nanos(4, Duration.ZERO)).isEqualTo(Duration.ofSeconds(4).toNanos());
    assertThat(backoff(0).nanos(4, Duration.ofSeconds(-5))).isZero();
  }
}
