package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.testing.TlsFixture;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.TestCertificates;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static TestCertificates here;
  private static TestCertificates elsewhere;
  private static TestCertificates ours;

  private final ClientsFixture http = new ClientsFixture();
  private final Queue<String> names = new ConcurrentLinkedQueue<>();

  @BeforeAll
  static void makeCertificates() {
    here = TestCertificates.generate();
    elsewhere = TestCertificates.generate(List.of("inner.example"), List.of());
    ours = TestCertificates.generate();
  }

  @AfterEach
  void closeClients() {
    http.close();
  }

  private TestServer server(SSLServerSocket socket) {
    return TestServer.start(
        socket,
        call -> {
          ExtendedSSLSession session =
              (ExtendedSSLSession) ((SSLSocket) call.socket()).getSession();
          for (SNIServerName name : session.getRequestedServerNames()) {
            names.add(new String(name.getEncoded(), StandardCharsets.US_ASCII));
          }
          call.answer(200, "text/plain", "hello");
        });
  }

  private static final class Tls {
    private Optional<SecretSource> ca = Optional.empty();
    private Optional<SecretSource> certificate = Optional.empty();
    private Optional<SecretSource> key = Optional.empty();
    private Optional<String> serverName = Optional.empty();
    private boolean insecureSkipVerify;
    private Optional<String> min = Optional.empty();
    private Optional<String> max = Optional.empty();

    Tls ca(String pem) {
      ca = Optional.of(SecretSource.of(Secret.of(pem)));
      return this;
    }

    Tls caFile(Path file) {
      ca = Optional.of(SecretSource.file(file));
      return this;
    }

    Tls client(String certificatePem, String keyPem) {
      certificate = Optional.of(SecretSource.of(Secret.of(certificatePem)));
      key = Optional.of(SecretSource.of(Secret.of(keyPem)));
      return this;
    }

    Tls clientFiles(Path certificateFile, Path keyFile) {
      certificate = Optional.of(SecretSource.file(certificateFile));
      key = Optional.of(SecretSource.file(keyFile));
      return this;
    }

    Tls serverName(String name) {
      serverName = Optional.of(name);
      return this;
    }

    Tls insecureSkipVerify() {
      insecureSkipVerify = true;
      return this;
    }

    Tls versions(String oldest, String newest) {
      min = Optional.of(oldest);
      max = Optional.of(newest);
      return this;
    }

    HttpSettings settings() {
      return HttpSettings.builder()
          .tls(new TlsSettings(ca, certificate, key, serverName, insecureSkipVerify, min, max))
          .build();
    }
  }

  @Test
  void trustsNobodyUnlessTold() throws Exception {
    try (TestServer server = server(TlsFixture.socket(here, ours))) {
      HttpFailure failure = http.failure(server.url("/"), HttpSettings.DEFAULT);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.TLS);
      assertThat(failure).hasMessageContaining(server.url("/")).hasMessageContaining("ca_file");
      HttpSettings wrong = new Tls().ca(elsewhere.authorityPem()).settings();
      assertThat(http.failure(server.url("/"), wrong)).hasMessageContaining("not trusted");
      HttpSettings right =
          new Tls().ca(elsewhere.authorityPem() + "\n# both\n" + here.authorityPem()).settings();
      assertThat(http.get(server.url("/"), right).status()).isEqualTo(200);
    }
  }

  @Test
  void anyCertificateWillDoWhereVerificationIsSkipped() throws Exception {
    try (TestServer server = server(TlsFixture.socket(elsewhere, ours))) {
      HttpSettings settings = new Tls().insecureSkipVerify().settings();
      assertThat(http.get(server.url("/"), settings).status()).isEqualTo(200);
    }
  }

  @Test
  void expectsAndAsksForTheNameThatIsSet() throws Exception {
    try (TestServer server = server(TlsFixture.socket(elsewhere, ours))) {
      String byName = "https://localhost:" + server.port() + "/";
      HttpSettings plain = new Tls().ca(elsewhere.authorityPem()).settings();
      assertThat(http.failure(byName, plain))
          .hasMessageContaining("another name")
          .hasMessageContaining("server_name");
      names.clear();
      HttpSettings named =
          new Tls().ca(elsewhere.authorityPem()).serverName("inner.example").settings();
      assertThat(http.get(byName, named).status()).isEqualTo(200);
      assertThat(http.get(server.url("/"), named).status()).isEqualTo(200);
      assertThat(names).isNotEmpty().containsOnly("inner.example");
    }
  }

  @Test
  void theUrlsOwnNameIsNoLongerGoodEnoughThen() throws Exception {
    try (TestServer server = server(TlsFixture.socket(here, ours))) {
      HttpSettings named = new Tls().ca(here.authorityPem()).serverName("inner.example").settings();
      String byName = "https://localhost:" + server.port() + "/";
      assertThat(http.failure(byName, named)).hasMessageContaining("another name");
      HttpSettings address = new Tls().ca(here.authorityPem()).serverName("127.0.0.1").settings();
      assertThat(http.get(byName, address).status()).isEqualTo(200);
      assertThat(names).isEmpty();
    }
  }

  @Test
  void speaksHttp2WithAnotherName() throws Exception {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().certificates(elsewhere).start()) {
      HttpSettings named =
          new Tls().ca(elsewhere.authorityPem()).serverName("inner.example").settings();
      // A gRPC server speaks nothing but HTTP/2; what it says to a GET does not matter.
      HttpAnswer answer = http.get("https://" + store.address() + "/", named);
      assertThat(answer.status()).isGreaterThanOrEqualTo(200);
    }
  }

  @Test
  void showsItsOwnCertificate() throws Exception {
    SSLServerSocket socket = TlsFixture.socket(here, ours);
    socket.setNeedClientAuth(true);
    try (TestServer server = server(socket)) {
      HttpSettings without = new Tls().ca(here.authorityPem()).settings();
      HttpFailure failure = http.failure(server.url("/"), without);
      assertThat(failure.outcome()).isIn(ScrapeOutcome.TLS, ScrapeOutcome.BROKEN);
      HttpSettings with =
          new Tls()
              .ca(here.authorityPem())
              .client(ours.serverPem(), ours.serverKeyPem())
              .settings();
      assertThat(http.get(server.url("/"), with).status()).isEqualTo(200);
    }
  }

  @Test
  void noticesARotatedAuthority(@TempDir Path dir) throws Exception {
    Path ca = Files.writeString(dir.resolve("ca.crt"), here.authorityPem());
    HttpSettings settings = new Tls().caFile(ca).settings();
    TestCertificates next = TestCertificates.generate();
    try (TestServer before = server(TlsFixture.socket(here, ours));
        TestServer after = server(TlsFixture.socket(next, ours))) {
      assertThat(http.get(before.url("/"), settings).status()).isEqualTo(200);
      assertThat(http.failure(after.url("/"), settings).outcome()).isEqualTo(ScrapeOutcome.TLS);
      Files.writeString(ca, next.authorityPem());
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> http.get(after.url("/"), settings).status() == 200);
      assertThat(http.clients.size()).isEqualTo(1);
      Files.delete(ca);
      assertThat(http.get(after.url("/"), settings).status()).isEqualTo(200);
    }
  }

  @Test
  void keepsItsCertificateUntilTheOtherHalfIsThere(@TempDir Path dir) throws Exception {
    SSLServerSocket socket = TlsFixture.socket(here, ours);
    socket.setNeedClientAuth(true);
    Path certificate = Files.writeString(dir.resolve("tls.crt"), ours.serverPem());
    Path key = Files.writeString(dir.resolve("tls.key"), ours.serverKeyPem());
    HttpSettings settings =
        new Tls().ca(here.authorityPem()).clientFiles(certificate, key).settings();
    try (TestServer server = server(socket)) {
      assertThat(http.get(server.url("/"), settings).status()).isEqualTo(200);
      Files.writeString(certificate, "half of a cert");
      // Longer than files are taken for fresh.
      await().pollDelay(Duration.ofMillis(1200)).until(() -> true);
      assertThat(http.get(server.url("/"), settings).status()).isEqualTo(200);
    }
  }

  @Test
  void saysWhichFileIsUnusable(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("ca.crt");
    HttpFailure missing = http.failure("https://127.0.0.1:1/", new Tls().caFile(file).settings());
    assertThat(missing.outcome()).isEqualTo(ScrapeOutcome.TLS);
    assertThat(missing).hasMessageContaining("tls_config.ca").hasMessageContaining("ca.crt");
    Files.writeString(file, "hello");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(http.failure("https://127.0.0.1:1/", new Tls().caFile(file).settings()))
                    .hasMessageContaining("ca_file " + file)
                    .hasMessageContaining("contains no certificate"));
    String key = ours.serverKeyPem().replace("BEGIN PRIVATE", "BEGIN ENCRYPTED PRIVATE");
    HttpFailure locked =
        http.failure(
            "https://127.0.0.1:1/",
            new Tls()
                .client(ours.serverPem(), key.replace("END PRIVATE", "END ENCRYPTED PRIVATE"))
                .settings());
    assertThat(locked).hasMessageContaining("tls_config.key").hasMessageContaining("openssl");
    HttpFailure mixedUp =
        http.failure(
            "https://127.0.0.1:1/",
            new Tls().client(ours.serverPem(), here.serverKeyPem()).settings());
    assertThat(mixedUp)
        .hasMessageEndingWith("tls_config.key: the private key does not belong to the certificate");
  }

  @Test
  void speaksOnlyTheVersionsThatAreSet() throws Exception {
    SSLServerSocket socket = TlsFixture.socket(here, ours);
    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
    try (TestServer server = server(socket)) {
      HttpSettings newer = new Tls().ca(here.authorityPem()).versions("TLS13", "TLS13").settings();
      assertThat(http.failure(server.url("/"), newer)).hasMessageContaining("min_version");
      HttpSettings older = new Tls().ca(here.authorityPem()).versions("TLS12", "TLS12").settings();
      assertThat(http.get(server.url("/"), older).status()).isEqualTo(200);
    }
    assertThatThrownBy(() -> new Tls().versions("TLS13", "TLS12").settings())
        .hasMessageContaining("no TLS version is left");
    assertThatThrownBy(() -> new Tls().versions("SSL3", "TLS12").settings())
        .hasMessageContaining("min_version must be one of");
    assertThatThrownBy(() -> new Tls().serverName("a..b").settings())
        .hasMessageContaining("server_name \"a..b\"");
  }

  @Test
  void sharesClientsAndLetsGoOfThoseThatNobodyUses() throws Exception {
    try (ClientsFixture brief = new ClientsFixture(Map.of(), Duration.ofMillis(300), 1 << 26);
        TestServer server = server(TlsFixture.socket(here, ours))) {
      for (int i = 0; i < 5; i++) {
        HttpSettings settings = new Tls().ca(here.authorityPem()).settings();
        assertThat(brief.get(server.url("/"), settings).status()).isEqualTo(200);
      }
      assertThat(brief.clients.size()).isEqualTo(1);
      assertThat(brief.get(server.url("/"), new Tls().insecureSkipVerify().settings()).status())
          .isEqualTo(200);
      assertThat(brief.clients.size()).isLessThanOrEqualTo(2);
      await().atMost(PATIENCE).until(() -> brief.clients.size() == 0);
    }
  }

  @Test
  void saysThatTheTargetDoesNotSpeakTls() throws Exception {
    try (TestServer server = TestServer.start(call -> call.answer(400, "text/plain", "plain"))) {
      HttpFailure failure = http.failure("https://" + server.address() + "/", HttpSettings.DEFAULT);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.TLS);
      assertThat(failure).hasMessageContaining("set scheme: http");
    }
    try (TestServer server = server(TlsFixture.socket(here, ours))) {
      HttpFailure failure = http.failure("http://" + server.address() + "/", HttpSettings.DEFAULT);
      assertThat(failure.outcome()).isIn(ScrapeOutcome.PROTOCOL, ScrapeOutcome.BROKEN);
    }
  }
}
