package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JvmAgeTest {

  @ParameterizedTest
  @CsvSource({
    "17, 600000, 5000, true",
    "22, 31000, 2001, true",
    "17, 10000, 8000, false", // a slow machine that is still starting
    "17, 600000, 500, false", // an idle application
    "23, 600000, 5000, false" // keeps its compiled code
  })
  void isLateOnceThereIsCompiledCodeToLose(
      int feature, long uptimeMillis, long compiledMillis, boolean late) {
    assertThat(JvmAge.isLate(feature, uptimeMillis, compiledMillis)).isEqualTo(late);
  }
}
