package dev.psc.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyRulesTest {

  @ParameterizedTest
  @MethodSource("dev.psc.net.ProxyCases#all")
  void answersAsGo(ProxyCases.Case proxyCase) {
    assertThat(proxyCase.answer()).isEqualTo(proxyCase.expected());
  }

  @Test
  void saysWhichVariablesAreIgnored() {
    ProxyRules rules =
        ProxyRules.fromEnvironment(
            Map.of("HTTP_PROXY", " http://a", "https_proxy", "http://p/%zz", "NO_PROXY", "!"));
    assertThat(rules.ignoredVariables()).containsExactly("HTTP_PROXY", "HTTPS_PROXY");
    assertThat(ProxyRules.fromEnvironment(Map.of("HTTP_PROXY", "p")).ignoredVariables()).isEmpty();
  }

  @Test
  void namesTheVariablesOfACgiEnvironment() {
    ProxyRules rules =
        ProxyRules.fromEnvironment(Map.of("HTTP_PROXY", "p", "REQUEST_METHOD", "GET"));
    assertThatThrownBy(() -> rules.proxy("http", "a.com", 80))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("HTTP_PROXY")
        .hasMessageContaining("REQUEST_METHOD");
  }

  @Test
  void aGivenProxyHoldsForEveryHostUnlessThereAreExemptions() {
    ProxyRules always = ProxyRules.of("http://p:1", List.of());
    assertThat(always.proxy("http", "localhost", 80)).hasToString("Optional[http://p:1]");
    assertThat(always.httpsProxy("127.0.0.1", 443)).hasToString("Optional[http://p:1]");
    ProxyRules some = ProxyRules.of("p:1", List.of("a.com"));
    assertThat(some.httpsProxy("b.a.com", 443)).isEmpty();
    assertThat(some.httpsProxy("localhost", 443)).isEmpty();
    assertThat(some.proxy("http", "c.com", 80)).hasToString("Optional[http://p:1]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "http://", "http://s3cret@", "s3c ret", "http://s3cret@p:x", "/s3c"})
  void refusesAGivenProxyThatIsNoUrlWithoutShowingIt(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ProxyRules.of(url, List.of()))
        .withMessageContaining("must be http://[user:password@]host:port")
        .withMessageNotContaining("s3c");
  }

  @Test
  void showsCredentialsToTheProxyAlone() {
    ProxyAddress proxy =
        ProxyRules.of("http://me:s%33cr%3Aet@p:1", List.of()).httpsProxy("a", 1).orElseThrow();
    assertThat(proxy.user()).contains("me");
    assertThat(proxy.password()).isEqualTo("s3cr:et");
    assertThat(proxy.basicAuthorization()).contains("Basic bWU6czNjcjpldA==");
    assertThat(proxy).hasToString("http://p:1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://p", "socks5://p", "http://p:0", "http://p:65536", "http://p:9999999999"})
  void onlyHttpProxiesAtALegalPortArePlainHttp(String url) {
    assertThat(ProxyAddress.parse(url).orElseThrow().isPlainHttp()).isFalse();
    assertThat(ProxyAddress.parse("http://p:65535").orElseThrow().isPlainHttp()).isTrue();
  }
}
