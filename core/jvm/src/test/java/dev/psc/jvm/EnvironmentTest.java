package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.profile.JvmProfile;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentTest {

  private static JvmProfiling.Builder apply(Map<String, String> values) {
    JvmProfiling.Builder builder = JvmProfiling.builder();
    new Environment(values::get).applyTo(builder);
    return builder;
  }

  @Test
  void profilesAreNamedAddedAndRemoved() {
    assertThat(apply(Map.of("PSC_PROFILES", "cpu, goroutine")).wantedProfiles())
        .containsExactlyInAnyOrder(JvmProfile.PROCESS_CPU, JvmProfile.GOROUTINE);
    assertThat(apply(Map.of("PSC_PROFILES", "+exceptions,-mutex")).wantedProfiles())
        .contains(JvmProfile.EXCEPTIONS, JvmProfile.PROCESS_CPU)
        .doesNotContain(JvmProfile.MUTEX);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PSC_PROFILES|cpuu|PSC_PROFILES is \"cpuu\"",
        "PSC_INTERVAL|10|PSC_INTERVAL is \"10\", not a duration",
        "PSC_INTERVAL|10ms|PSC_INTERVAL: interval must be at least 1 s",
        "PSC_LABELS|novalue|PSC_LABELS is \"novalue\"",
        "PSC_LABELS|a-b=c|PSC_LABELS: label name \"a-b\"",
        "PSC_PPROF_ADDRESS|localhost|PSC_PPROF_ADDRESS is \"localhost\", not host:port",
        "PSC_PPROF_ADDRESS|:99999|a port from 0 to 65535",
        "PSC_STACK_DEPTH|4096|PSC_STACK_DEPTH: stackDepth must be from 16 to 2048",
        "PSC_EXACT_ALLOCATIONS|yes|PSC_EXACT_ALLOCATIONS is \"yes\", not true or false",
        "PSC_ALLOCATIONS_PER_SECOND|many|not a whole number",
        "PSC_PPROF_TOKEN_FILE|/nonexistent/token|PSC_PPROF_TOKEN_FILE: /nonexistent/token",
      })
  void aWrongSettingNamesItself(String name, String value, String message) {
    assertThatThrownBy(() -> apply(Map.of(name, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aPortAloneIsForThisMachineOnly() {
    assertThat(Environment.address("X", ":6060").getAddress().isLoopbackAddress()).isTrue();
    assertThat(Environment.address("X", "[::1]:6060").getPort()).isEqualTo(6060);
  }

  @Test
  void everyNameIsListed() {
    assertThat(Environment.NAMES).doesNotHaveDuplicates().allMatch(n -> n.startsWith("PSC_"));
  }
}
