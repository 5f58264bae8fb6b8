package dev.psc.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.HttpConnectProxiedSocketAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpProxyTest {

  private static InetSocketAddress store(String host) {
    return InetSocketAddress.createUnresolved(host, 443);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "store.example.com|''|true",
        "store.example.com|other.com|true",
        "store.example.com|example.com|false",
        "store.example.com|.example.com|false",
        "store.example.com|*.example.com|false",
        "example.com|.example.com|true",
        "notexample.com|example.com|true",
        "STORE.example.com|store.EXAMPLE.com|false",
        "store.example.com|a, store.example.com:443|false",
        "store.example.com|store.example.com:444|true",
        "store.example.com|*|false",
        "10.1.2.3|10.0.0.0/8|false",
        "11.1.2.3|10.0.0.0/8|true",
        "10.1.2.3|10.0.0.0/x|true",
        "10.1.2.3|10.1.2.3|false",
        "2001:db8::1|2001:db8::/32|false",
        "localhost|''|false",
        "127.0.0.1|''|false",
        "::1|''|false"
      })
  void obeysTheExemptions(String host, String exempt, boolean proxied) {
    HttpProxy proxy =
        HttpProxy.fromEnvironment(Map.of("HTTPS_PROXY", "http://p:1", "NO_PROXY", exempt));
    assertThat(proxy.serves(store(host))).isEqualTo(proxied);
  }

  @Test
  void lowerCaseVariablesWinAndNoneMeansNoProxy() throws Exception {
    assertThat(HttpProxy.fromEnvironment(Map.of("https_proxy", "low:1", "HTTPS_PROXY", "up:2")))
        .hasToString("low:1");
    HttpProxy none = HttpProxy.fromEnvironment(Map.of("NO_PROXY", "x"));
    assertThat(none.proxyFor(store("h"))).isNull();
  }

  @Test
  void handsUserAndPasswordToTheTransportAndToNobodyElse() throws Exception {
    HttpProxy proxy = HttpProxy.of("http://me:s%33cret@127.0.0.1:3128");
    assertThat(proxy.proxyFor(store("h")))
        .isInstanceOfSatisfying(
            HttpConnectProxiedSocketAddress.class,
            address -> {
              assertThat(address.getUsername()).isEqualTo("me");
              assertThat(address.getPassword()).isEqualTo("s3cret");
              assertThat(address.getTargetAddress()).isEqualTo(store("h"));
            });
    assertThat(proxy.toString()).doesNotContain("cret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://s3cret@h:1", "socks5://s3cret@h:1", "http://s3c ret@h", "http://"})
  void refusesOtherUrlsWithoutRepeatingThem(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HttpProxy.of(url))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3c"));
  }
}
