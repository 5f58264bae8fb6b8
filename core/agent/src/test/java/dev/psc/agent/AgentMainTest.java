package dev.psc.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgentMainTest {

  @Test
  void optionsAreSettingsOfTheEnvironment() {
    assertThat(AgentMain.settings("pprof-address=:6060, labels=job=shop;zone=a,interval=15s"))
        .containsEntry("PSC_PPROF_ADDRESS", ":6060")
        .containsEntry("PSC_LABELS", "job=shop,zone=a")
        .containsEntry("PSC_INTERVAL", "15s")
        .hasSize(3);
    assertThat(AgentMain.settings("grpc-headers=a=b;c=d"))
        .containsEntry("PSC_GRPC_HEADERS", "a=b;c=d");
    assertThat(AgentMain.settings("")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pprof-address | is not name=value",
        "=x | is not name=value",
        "interval=1s,interval=2s | is given twice",
        "nonsense=1 | unknown setting PSC_NONSENSE; known settings: PSC_STORE_ADDRESS",
        "store-adress=x:1 | unknown setting PSC_STORE_ADRESS: did you mean PSC_STORE_ADDRESS?",
        "strict=true,store-address=127.0.0.1:1,bearer-token-file=/no/such/file | /no/such/file",
        "pprof-address=nowhere | PSC_PPROF_ADDRESS must be host:port",
        "pprof-address=:6060,interval=soon | a duration such as 10ms",
        "log-level=loud | log-level",
        "labels=job=shop | nothing to do",
      })
  void saysWhatIsWrongWithAnOption(String options, String message) {
    assertThatThrownBy(() -> AgentMain.start(options))
        .isInstanceOfAny(IllegalArgumentException.class, IllegalStateException.class)
        .hasMessageContaining(message);
  }
}
