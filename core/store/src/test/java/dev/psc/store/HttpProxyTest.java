package dev.psc.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.grpc.HttpConnectProxiedSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpProxyTest {

  private static InetSocketAddress store(String host) {
    return InetSocketAddress.createUnresolved(host, 443);
  }

  @Test
  void obeysTheEnvironmentAsGoDoes() throws Exception {
    HttpProxy proxy =
        HttpProxy.fromEnvironment(
            Map.of(
                "https_proxy", "low:2",
                "HTTPS_PROXY", "127.0.0.1",
                "HTTP_PROXY", "http:3",
                "NO_PROXY", "example.com:443,[FD00:0::1]:443"));
    assertThat(proxy.address("store.com", 443)).hasToString("Optional[http://127.0.0.1:80]");
    assertThat(proxy.address("store.example.com", 443)).isEmpty();
    assertThat(proxy.proxyFor(store("example.com"))).isNull();
    assertThat(proxy.proxyFor(store("fd00::1"))).isNull();
    assertThat(proxy.proxyFor(store("localhost"))).isNull();
    assertThat(proxy.proxyFor(store("store.com")))
        .isInstanceOfSatisfying(
            HttpConnectProxiedSocketAddress.class,
            address ->
                assertThat(address.getProxyAddress())
                    .isEqualTo(new InetSocketAddress(InetAddress.getLoopbackAddress(), 80)));
    HttpProxy none = HttpProxy.fromEnvironment(Map.of("NO_PROXY", "x", "HTTP_PROXY", "p"));
    assertThat(none.proxyFor(store("h"))).isNull();
  }

  @Test
  void refusesProxiesOfOtherSchemesOnlyForStoresThatUseThem() {
    Map<String, String> socks = Map.of("HTTPS_PROXY", "socks5://s3cret@h:1", "NO_PROXY", "a.com");
    HttpProxy proxy = HttpProxy.fromEnvironment(socks);
    proxy.check(StoreEndpoint.parse("a.com:443"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreChannels.builder("b.com:443").proxyFromEnvironment(socks).build())
        .withMessageContaining("HTTPS_PROXY must be http://[user:password@]host:port")
        .withMessageNotContaining("s3cret");
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
