package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.net.UrlHost;
import dev.psc.scrape.http.Credentials;
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
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SeveralAddressesTest {

  private static final byte[] IPV6_LOOPBACK = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

  private static final String DEAD = "127.0.0.9";
  private static final String ALIVE = "127.0.0.1";

  private final Map<String, List<String>> names = new ConcurrentHashMap<>();
  private final ClientsFixture http = new ClientsFixture(this::resolve);

  @AfterEach
  void close() {
    http.close();
  }

  private InetAddress[] resolve(String host) throws UnknownHostException {
    List<String> literals = names.get(host);
    if (literals == null) {
      throw new UnknownHostException(host);
    }
    InetAddress[] addresses = new InetAddress[literals.size()];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = InetAddress.getByName(literals.get(i));
    }
    return addresses;
  }

  private static TestServer server() throws IOException {
    return TestServer.start(call -> call.answer(200, "text/plain", "served"));
  }

  private String body(String url, HttpSettings settings) throws Exception {
    return new String(http.get(url, settings).body(), StandardCharsets.UTF_8);
  }

  @Test
  void triesTheNextAddressWhenOneRefuses() throws Exception {
    names.put("multi", List.of(DEAD, ALIVE));
    try (TestServer server = server()) {
      String url = "http://multi:" + server.port() + "/debug/pprof/heap?x=1";
      assertThat(body(url, HttpSettings.DEFAULT)).isEqualTo("served");
      assertThat(server.heads()).hasSize(1);
      assertThat(server.heads().get(0))
          .startsWith("GET /debug/pprof/heap?x=1 HTTP/1.1")
          .containsIgnoringCase("\r\nHost: multi:" + server.port() + "\r\n");
    }
  }

  @Test
  void triesBothFamilies() throws Exception {
    names.put("both", List.of("::1", ALIVE));
    try (TestServer server = server()) {
      assertThat(body("http://both:" + server.port() + "/", HttpSettings.DEFAULT))
          .isEqualTo("served");
    }
  }

  @Test
  void reachesAnIpv6Address() throws Exception {
    names.put("six", List.of(DEAD, "::1"));
    try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getByAddress(IPV6_LOOPBACK))) {
      Thread server = new Thread(() -> answerOnce(socket));
      server.setDaemon(true);
      server.start();
      assertThat(body("http://six:" + socket.getLocalPort() + "/", HttpSettings.DEFAULT))
          .isEqualTo("six");
    }
  }

  /** Answers the first connection that asks for something; a probe closes without asking. */
  private static void answerOnce(ServerSocket socket) {
    while (!socket.isClosed()) {
      try (Socket connection = socket.accept()) {
        if (connection.getInputStream().read() < 0) {
          continue;
        }
        connection
            .getOutputStream()
            .write(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nsix"
                    .getBytes(StandardCharsets.US_ASCII));
        connection.getOutputStream().flush();
        // The client closes the connection.
        connection.getInputStream().transferTo(OutputStream.nullOutputStream());
      } catch (IOException closed) {
        return;
      }
    }
  }

  @Test
  void prefersTheAddressThatWorked() throws Exception {
    names.put("multi", List.of(DEAD, ALIVE));
    try (TestServer server = server()) {
      String url = "http://multi:" + server.port() + "/";
      body(url, HttpSettings.DEFAULT);
      assertThat(server.silentConnections()).as("the race").isEqualTo(1);
      body(url, HttpSettings.DEFAULT);
      body(url, HttpSettings.DEFAULT);
      // The JDK's client may connect again: it hands over a body before it keeps the connection.
      assertThat(server.silentConnections()).as("no further race").isEqualTo(1);
    }
  }

  @Test
  void goesToAnotherAddressWhenThePreferredOneGoesAway() throws Exception {
    names.put("multi", List.of(DEAD, ALIVE));
    int port;
    String url;
    try (TestServer server = server()) {
      port = server.port();
      url = "http://multi:" + port + "/";
      body(url, HttpSettings.DEFAULT);
    }
    try (ServerSocket socket = new ServerSocket(port, 10, InetAddress.getByName(DEAD))) {
      Thread server = new Thread(() -> answerOnce(socket));
      server.setDaemon(true);
      server.start();
      // The name itself is only known to this test, so the second address is the one to move to.
      names.put("multi", List.of("127.0.0.8", ALIVE, DEAD));
      assertThat(body(url, HttpSettings.DEFAULT)).isEqualTo("six");
    }
  }

  @Test
  void namesTheFailureWhenNoAddressAnswers() throws Exception {
    names.put("two_dead", List.of(DEAD, "127.0.0.8"));
    HttpFailure failure = http.failure("http://two_dead:9/", HttpSettings.DEFAULT);
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.REFUSED);
    assertThat(failure).hasMessageContaining("http://two_dead:9/: connection refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999999999", "1.2.3.4.5", "256.1.1.1"})
  void looksUpWhatIsNoAddressThoughItHasOnlyDigits(String host) throws Exception {
    names.put(host, List.of(ALIVE));
    try (TestServer server = server()) {
      assertThat(body("http://" + host + ":" + server.port() + "/", HttpSettings.DEFAULT))
          .isEqualTo("served");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true",
    "255.249.199.9, true",
    "::1, true",
    "256.0.0.1, false",
    "1.2.3, false",
    "1.2.3.4., false",
    "1.2.3.4.5, false",
    "..., false",
    "a.2.3.4, false"
  })
  void doesNotLookUpAddresses(String host, boolean literal) {
    assertThat(HostAddresses.isLiteral(host)).isEqualTo(literal);
  }

  @ParameterizedTest
  @CsvSource({
    "http://[fe80::1%eth0]:8080/, [fe80::1]:8080",
    "http://[fe80::1]/, [fe80::1]",
    "http://user:word@shop:80/, shop",
    "http://a_b:81/, a_b:81"
  })
  void namesTheHostAsTheServerKnowsIt(String url, String header) {
    assertThat(RoutePlanner.header(URI.create(url))).isEqualTo(header);
  }

  @Test
  void scrapesNamesWithAnUnderscore() throws Exception {
    names.put("my_svc", List.of(ALIVE));
    try (TestServer server = server()) {
      assertThat(UrlHost.of(URI.create("http://my_svc:1/"))).contains("my_svc");
      assertThat(body("http://my_svc:" + server.port() + "/", HttpSettings.DEFAULT))
          .isEqualTo("served");
      assertThat(server.heads().get(0))
          .containsIgnoringCase("\r\nHost: my_svc:" + server.port() + "\r\n");
    }
  }

  @Test
  void saysThatANameWithAnUnderscoreHasNoAddress() throws Exception {
    HttpFailure failure = http.failure("http://no_such:9/", HttpSettings.DEFAULT);
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.DNS);
    assertThat(failure)
        .hasMessageStartingWith("http://no_such:9/: the host name cannot be resolved");
  }

  @Test
  void followsARelativeRedirectOfANameWithAnUnderscore() throws Exception {
    names.put("my_svc", List.of(ALIVE));
    try (TestServer server =
        TestServer.start(
            call -> {
              if (call.path().equals("/from")) {
                call.redirect(302, "/to");
              } else {
                call.answer(200, "text/plain", call.path() + " " + call.header("Authorization"));
              }
            })) {
      HttpSettings settings =
          HttpSettings.builder()
              .credentials(new Credentials.Header("Bearer", SecretSource.of(Secret.of("token"))))
              .build();
      assertThat(body("http://my_svc:" + server.port() + "/from", settings))
          .isEqualTo("/to Bearer token");
    }
  }

  private HttpSettings trusting(TestCertificates certificates) {
    return HttpSettings.builder()
        .tls(
            new TlsSettings(
                Optional.of(SecretSource.of(Secret.of(certificates.authorityPem()))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty()))
        .build();
  }

  @Test
  void verifiesTheCertificateAgainstTheNameAtAnyAddress() throws Exception {
    TestCertificates certificates = TestCertificates.generate(List.of("inner.example"), List.of());
    names.put("inner.example", List.of(DEAD, ALIVE));
    names.put("other.example", List.of(DEAD, ALIVE));
    try (TestServer server =
        TestServer.start(
            TlsFixture.socket(certificates, certificates),
            call -> call.answer(200, "text/plain", "over TLS"))) {
      HttpSettings settings = trusting(certificates);
      assertThat(body("https://inner.example:" + server.port() + "/", settings))
          .isEqualTo("over TLS");
      assertThat(server.heads().get(0))
          .containsIgnoringCase("\r\nHost: inner.example:" + server.port() + "\r\n");
      // Not over the open connection to the same address, which was verified for another name.
      HttpFailure failure = http.failure("https://other.example:" + server.port() + "/", settings);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.TLS);
      assertThat(failure).hasMessageContaining("the certificate is for another name");
      assertThat(body("https://inner.example:" + server.port() + "/", settings))
          .isEqualTo("over TLS");
    }
  }

  @Test
  void triesEachAddressOfAProxy() throws Exception {
    names.put("proxy_host", List.of(DEAD, ALIVE));
    try (TestServer proxy = server()) {
      HttpSettings settings =
          HttpSettings.builder()
              .proxy(
                  new ProxySettings(
                      Optional.of(URI.create("http://proxy_host:" + proxy.port())),
                      List.of(),
                      false,
                      Map.of()))
              .build();
      assertThat(body("http://shop.example/x", settings)).isEqualTo("served");
      assertThat(proxy.heads().get(0)).startsWith("GET http://shop.example/x HTTP/1.1");
    }
  }

  @Test
  void interleavesTheFamiliesBeginningWithTheFirst() throws Exception {
    InetAddress[] resolved = {
      InetAddress.getByName("10.0.0.1"),
      InetAddress.getByName("10.0.0.2"),
      InetAddress.getByName("10.0.0.1"),
      InetAddress.getByName("fd00::1"),
      InetAddress.getByName("fd00::2"),
      InetAddress.getByName("fd00::3"),
    };
    assertThat(HostAddresses.interleaved(resolved))
        .extracting(InetAddress::getHostAddress)
        .containsExactly(
            "10.0.0.1",
            "fd00:0:0:0:0:0:0:1",
            "10.0.0.2",
            "fd00:0:0:0:0:0:0:2",
            "fd00:0:0:0:0:0:0:3");
  }
}
