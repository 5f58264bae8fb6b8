package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.testing.TlsFixture;
import dev.psc.testkit.TestCertificates;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProxyTest {

  private final ClientsFixture http = new ClientsFixture();
  private TestServer proxy;

  @BeforeEach
  void startProxy() throws IOException {
    proxy =
        TestServer.start(
            call -> {
              if (call.line().startsWith("CONNECT ")) {
                tunnel(call);
              } else {
                call.answer(200, "text/plain", "through the proxy");
              }
            });
  }

  @AfterEach
  void close() throws IOException {
    http.close();
    proxy.close();
  }

  /** Connects to the port that is asked for, on this machine. */
  private static void tunnel(TestServer.Call call) throws IOException {
    int port = Integer.parseInt(call.path().substring(call.path().lastIndexOf(':') + 1));
    try (Socket there = new Socket(InetAddress.getLoopbackAddress(), port)) {
      call.write("HTTP/1.1 200 Connection established\r\n\r\n");
      Thread back =
          new Thread(
              () -> {
                try {
                  copy(there.getInputStream(), call.socket().getOutputStream());
                } catch (IOException ended) {
                  return;
                }
              });
      back.setDaemon(true);
      back.start();
      copy(call.socket().getInputStream(), there.getOutputStream());
    }
    throw new IOException("the tunnel is closed");
  }

  private static void copy(InputStream in, OutputStream out) throws IOException {
    byte[] buffer = new byte[4096];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      out.write(buffer, 0, n);
      out.flush();
    }
  }

  private HttpSettings settings(String userInfo, List<String> noProxy) {
    return HttpSettings.builder()
        .proxy(
            new ProxySettings(
                Optional.of(URI.create("http://" + userInfo + proxy.address())),
                noProxy,
                false,
                Map.of()))
        .build();
  }

  private static HttpSettings withHeader(String proxyUrl, String name, String value, String ca) {
    return HttpSettings.builder()
        .proxy(
            new ProxySettings(
                Optional.of(URI.create(proxyUrl)),
                List.of(),
                false,
                Map.of(name, List.of(SecretSource.of(Secret.of(value))))))
        .tls(
            new TlsSettings(
                Optional.of(SecretSource.of(Secret.of(ca))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty()))
        .build();
  }

  @Test
  void asksTheProxyForHttpUrlsByTheirWholeUrl() throws Exception {
    HttpAnswer answer =
        http.get("http://nowhere.invalid:6060/debug?a=b", settings("me:p%40ss@", List.of()));
    assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo("through the proxy");
    assertThat(proxy.heads().get(0))
        .startsWith("GET http://nowhere.invalid:6060/debug?a=b HTTP/1.1\r\n")
        .contains(
            "Proxy-Authorization: Basic "
                + Base64.getEncoder().encodeToString("me:p@ss".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void opensATunnelForHttpsUrls() throws Exception {
    TestCertificates certificates = TestCertificates.generate();
    try (TestServer target =
        TestServer.start(
            TlsFixture.socket(certificates, certificates),
            call -> call.answer(200, "text/plain", "secret"))) {
      HttpSettings settings =
          withHeader(
              "http://" + proxy.address(),
              "Proxy-Authorization",
              "Bearer abc",
              certificates.authorityPem());
      assertThat(http.get(target.url("/x"), settings).status()).isEqualTo(200);
      assertThat(proxy.heads().get(0))
          .startsWith("CONNECT " + target.address() + " ")
          .contains("Proxy-Authorization: Bearer abc");
      assertThat(target.heads().get(0))
          .startsWith("GET /x ")
          .doesNotContainIgnoringCase("proxy-authorization");
    }
  }

  @Test
  void saysThatJavaSendsNoPasswordThroughATunnel() throws Exception {
    HttpFailure failure = http.failure("https://127.0.0.1:1/", settings("me:p4ssw0rd@", List.of()));
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.PROXY);
    assertThat(failure).hasMessageContaining("-Djdk.http.auth.tunneling.disabledSchemes=");
    assertThat(failure.toString()).doesNotContain("p4ss");
    assertThat(proxy.heads()).isEmpty();
  }

  @Test
  void namesTheProxyThatFails() throws Exception {
    proxy.handler(call -> call.write("HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n"));
    HttpFailure closed = http.failure("https://nowhere.invalid/", settings("", List.of()));
    assertThat(closed.outcome()).isEqualTo(ScrapeOutcome.PROXY);
    assertThat(closed).hasMessageContaining("the proxy http://" + proxy.address());
    proxy.handler(
        call ->
            call.write(
                "HTTP/1.1 407 no\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"));
    URI url = URI.create("http://nowhere.invalid/");
    HttpAnswer answer = http.get(url.toString(), settings("", List.of()));
    assertThatThrownBy(() -> ProfileResponses.profile(answer, url))
        .isInstanceOfSatisfying(
            HttpFailure.class,
            failure -> assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.PROXY))
        .hasMessageContaining("proxy_connect_header");
    proxy.close();
    HttpFailure down = http.failure("http://nowhere.invalid/", settings("a:b@", List.of()));
    assertThat(down.outcome()).isEqualTo(ScrapeOutcome.PROXY);
    assertThat(down)
        .hasMessageContaining("the proxy http://" + proxy.address() + " cannot be reached")
        .hasMessageNotContaining("a:b");
  }

  @Test
  void reachesExemptHostsDirectly() throws Exception {
    try (TestServer target = TestServer.start(call -> call.answer(200, "text/plain", "direct"))) {
      HttpSettings settings = settings("me:secret@", List.of("127.0.0.0/8"));
      assertThat(http.get(target.url("/"), settings).status()).isEqualTo(200);
      assertThat(proxy.heads()).isEmpty();
      assertThat(target.heads().get(0)).doesNotContainIgnoringCase("proxy-");
    }
  }

  @Test
  void readsTheEnvironmentWhereItIsTold() throws Exception {
    Map<String, String> environment =
        Map.of("http_proxy", proxy.address(), "HTTPS_PROXY", "socks5://h:1", "NO_PROXY", ".inner");
    HttpSettings settings =
        HttpSettings.builder()
            .proxy(new ProxySettings(Optional.empty(), List.of(), true, Map.of()))
            .build();
    try (ClientsFixture told = new ClientsFixture(environment, Duration.ofMinutes(1), 1 << 20)) {
      assertThat(told.failure("https://nowhere.invalid/", settings))
          .hasMessageContaining("the proxy socks5://h:1 cannot be used")
          .hasMessageContaining("neither TLS nor SOCKS");
      assertThat(told.get("http://nowhere.invalid/", settings).status()).isEqualTo(200);
    }
    environment = Map.of("http_proxy", proxy.address(), "NO_PROXY", ".inner, other");
    try (ClientsFixture told = new ClientsFixture(environment, Duration.ofMinutes(1), 1 << 20)) {
      assertThat(told.get("http://nowhere.invalid/", settings).status()).isEqualTo(200);
      assertThat(told.failure("http://nowhere.invalid/", HttpSettings.DEFAULT).outcome())
          .isEqualTo(ScrapeOutcome.DNS);
      ProxyRoute route = new ProxyRoute(settings.proxy(), environment);
      assertThat(route.proxy(URI.create("http://a.inner/"))).isEmpty();
      assertThat(route.proxy(URI.create("http://other:6060/"))).isEmpty();
      assertThat(route.proxy(URI.create("http://127.0.0.1/"))).isEmpty();
      assertThat(route.proxy(URI.create("https://x/"))).isEmpty();
      assertThat(route.proxy(URI.create("http://x/"))).isPresent();
    }
  }

  @Test
  void refusesHttpProxiesInACgiEnvironment() throws Exception {
    HttpSettings settings =
        HttpSettings.builder()
            .proxy(new ProxySettings(Optional.empty(), List.of(), true, Map.of()))
            .build();
    Map<String, String> environment =
        Map.of("HTTP_PROXY", proxy.address(), "REQUEST_METHOD", "GET");
    try (ClientsFixture told = new ClientsFixture(environment, Duration.ofMinutes(1), 1 << 20)) {
      HttpFailure failure = told.failure("http://nowhere.invalid/", settings);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.PROXY);
      assertThat(failure).hasMessageContaining("REQUEST_METHOD");
      assertThat(proxy.heads()).isEmpty();
    }
  }

  @Test
  void exemptsTheEntriesOfNoProxyAndThisMachine() throws Exception {
    ProxyRoute route =
        new ProxyRoute(
            settings("", List.of("a.com:443", "[FD00:0::1]:81", "10.0.0.0/8")).proxy(), Map.of());
    assertThat(route.proxy(URI.create("https://b.a.com/"))).isEmpty();
    assertThat(route.proxy(URI.create("http://a.com/"))).isPresent();
    assertThat(route.proxy(URI.create("http://[fd00::1]:81/"))).isEmpty();
    assertThat(route.proxy(URI.create("http://10.1.2.3:6060/"))).isEmpty();
    assertThat(route.proxy(URI.create("http://localhost/"))).isEmpty();
    ProxyRoute all = new ProxyRoute(settings("", List.of()).proxy(), Map.of());
    assertThat(all.proxy(URI.create("http://localhost/"))).isPresent();
  }

  @Test
  void settingsRefuseWhatCannotBeDone() {
    assertThatThrownBy(() -> withHeader("http://p:1", "X-Tenant", "a", "x"))
        .hasMessageContaining("proxy_connect_header X-Tenant")
        .hasMessageContaining("begins with Proxy-");
    ProxySettings secret =
        new ProxySettings(Optional.of(URI.create("http://me:pw@p:1")), List.of(), false, Map.of());
    assertThat(secret.toString()).doesNotContain("pw").contains("p:1");
    assertThat(HttpSettings.builder().proxy(secret).build().toString()).doesNotContain("pw");
  }
}
