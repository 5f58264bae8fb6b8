package dev.psc.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UrlHostTest {

  @ParameterizedTest
  @CsvSource({
    "http://shop:6060/x, shop, 6060",
    "http://my_svc:24161/x, my_svc, 24161",
    "https://proj_web_1/x, proj_web_1, -1",
    "http://replica.1:80, replica.1, 80",
    "http://user:pw@a_b:1/?q=@z, a_b, 1",
    "http://[fd00::1]:6060/, [fd00::1], 6060",
    "http://10.0.0.1/, 10.0.0.1, -1",
    "http://a_b:/, a_b, -1",
  })
  void readsHostAndPort(String url, String host, int port) {
    assertThat(UrlHost.of(URI.create(url))).contains(host);
    assertThat(UrlHost.port(URI.create(url))).isEqualTo(port);
  }

  @Test
  void hasNoHostWhereTheUrlHasNone() {
    assertThat(UrlHost.of(URI.create("mailto:a@b_c"))).isEmpty();
    assertThat(UrlHost.of(URI.create("http:///path"))).isEmpty();
    assertThat(UrlHost.of(URI.create("http://a_b:port/"))).isEmpty();
    assertThat(UrlHost.of(URI.create("http://fd00::1:6060/"))).isEmpty();
  }
}
