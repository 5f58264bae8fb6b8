package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OAuth2Test {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long SECOND = 1_000_000_000L;

  private final ClientsFixture http = new ClientsFixture();
  private final Queue<String> forms = new ConcurrentLinkedQueue<>();
  private final Queue<String> authorizations = new ConcurrentLinkedQueue<>();
  private final AtomicInteger issued = new AtomicInteger();
  private TestServer endpoint;
  private TestServer target;

  @BeforeEach
  void startServers() throws IOException {
    endpoint = TestServer.start(this::issue);
    target =
        TestServer.start(
            call -> {
              authorizations.add(call.header("Authorization"));
              call.answer(200, "text/plain", "hello");
            });
  }

  @AfterEach
  void close() throws IOException {
    http.close();
    endpoint.close();
    target.close();
  }

  private void issue(TestServer.Call call) throws IOException {
    forms.add(call.body());
    call.answer(
        200,
        "application/json",
        "{\"access_token\": \"token-"
            + issued.incrementAndGet()
            + "\", \"token_type\":\"bearer\", \"expires_in\": 3600, \"more\": {\"a\":[1,{}]}}");
  }

  private HttpSettings settings() {
    return settings(SecretSource.of(Secret.of("s3cr+t/ä")));
  }

  private HttpSettings settings(SecretSource secret) {
    return HttpSettings.builder()
        .credentials(
            new Credentials.OAuth2(
                "me",
                secret,
                URI.create(endpoint.url("/token")),
                List.of("read", "write"),
                Map.of("audience", "a b"),
                TlsSettings.DEFAULT,
                ProxySettings.NONE))
        .build();
  }

  private void scrape() throws Exception {
    assertThat(http.get(target.url("/"), settings()).status()).isEqualTo(200);
  }

  @Test
  void fetchesOneTokenForAll() throws Exception {
    List<CompletableFuture<HttpAnswer>> answers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      answers.add(
          http.clients.send(
              new HttpGet(
                  URI.create(target.url("/")),
                  settings(),
                  Map.of(),
                  Duration.ofSeconds(20),
                  1000)));
    }
    for (CompletableFuture<HttpAnswer> answer : answers) {
      assertThat(answer.get().status()).isEqualTo(200);
    }
    assertThat(issued).hasValue(1);
    assertThat(authorizations).hasSize(50).containsOnly("Bearer token-1");
    assertThat(forms.peek())
        .contains("grant_type=client_credentials", "scope=read+write", "audience=a+b")
        .doesNotContain("client_secret");
    String basic =
        Base64.getEncoder().encodeToString("me:s3cr%2Bt%2F%C3%A4".getBytes(StandardCharsets.UTF_8));
    assertThat(endpoint.heads().get(0)).startsWith("POST /token ").contains("Basic " + basic);
  }

  @Test
  void refreshesAheadWhileTheOldTokenIsInUse() throws Exception {
    scrape();
    http.nanos.addAndGet(3545 * SECOND);
    endpoint.handler(
        call -> {
          String unused = call.body();
          call.answer(503, "text/plain", "later");
        });
    scrape();
    await().atMost(PATIENCE).until(() -> endpoint.heads().size() == 2);
    endpoint.handler(this::issue);
    scrape();
    assertThat(authorizations).containsOnly("Bearer token-1");
    // The failed attempt is not repeated immediately.
    http.nanos.addAndGet(5 * SECOND);
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              scrape();
              return authorizations.contains("Bearer token-2");
            });
    assertThat(issued).hasValue(2);
  }

  @Test
  void anExpiredTokenIsNotSent() throws Exception {
    scrape();
    http.nanos.addAndGet(3599 * SECOND);
    scrape();
    assertThat(authorizations).containsExactly("Bearer token-1", "Bearer token-2");
  }

  @Test
  void aTokenThatTheTargetRefusesIsReplaced() throws Exception {
    target.handler(call -> call.answer(401, "text/plain", "no"));
    assertThat(http.get(target.url("/"), settings()).status()).isEqualTo(401);
    assertThat(http.get(target.url("/"), settings()).status()).isEqualTo(401);
    assertThat(issued).hasValue(1);
    http.nanos.addAndGet(11 * SECOND);
    assertThat(http.get(target.url("/"), settings()).status()).isEqualTo(401);
    assertThat(http.get(target.url("/"), settings()).status()).isEqualTo(401);
    assertThat(issued).hasValue(2);
  }

  @Test
  void putsTheSecretIntoTheBodyForServersThatWantItThere() throws Exception {
    endpoint.handler(
        call -> {
          String form = call.body();
          if (call.header("Authorization").isEmpty() && form.contains("client_id=me")) {
            forms.add(form);
            call.answer(
                200,
                "application/json",
                "{\"access_token\":\"t" + issued.incrementAndGet() + "\",\"expires_in\":\"100\"}");
          } else {
            call.answer(401, "application/json", "{\"error\":\"invalid_client\"}");
          }
        });
    scrape();
    assertThat(forms.peek()).contains("client_secret=s3cr%2Bt%2F%C3%A4");
    http.nanos.addAndGet(100 * SECOND);
    scrape();
    assertThat(issued).hasValue(2);
    // What it wants is remembered.
    assertThat(endpoint.heads()).hasSize(3);
  }

  @Test
  void saysWhyThereIsNoTokenAndAsksNotAgainAtOnce() throws Exception {
    endpoint.handler(
        call -> {
          String unused = call.body();
          call.answer(
              400,
              "application/json",
              "{\"error\":\"invalid_scope\",\"error_description\":\"no \\u0022write\\u0022\\n\"}");
        });
    HttpFailure failure = http.failure(target.url("/"), settings());
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.AUTH);
    assertThat(failure)
        .hasMessageContaining("/token returned 400 \"invalid_scope: no \"write\"\"")
        .hasMessageContaining("client_secret and scopes");
    assertThat(failure.toString()).doesNotContain("s3cr");
    int asked = endpoint.heads().size();
    assertThat(http.failure(target.url("/"), settings())).hasMessage(failure.getMessage());
    assertThat(endpoint.heads()).hasSize(asked);
    assertThat(target.heads()).isEmpty();
    endpoint.handler(this::issue);
    http.nanos.addAndGet(2 * SECOND);
    scrape();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "<html>",
        "{\"access_token\":",
        "{\"access_token\":\"\"}",
        "{\"access_token\":\"a\\nb\"}",
        "{\"access_token\":{\"a\":1}}"
      })
  void anAnswerWithoutATokenIsAFailure(String answer) throws Exception {
    endpoint.handler(
        call -> {
          String unused = call.body();
          call.answer(200, "application/json", answer);
        });
    assertThat(http.failure(target.url("/"), settings()))
        .hasMessageContaining("without a usable access_token");
  }

  @Test
  void aTokenEndpointThatIsDownIsNamed() throws Exception {
    endpoint.close();
    HttpFailure failure = http.failure(target.url("/"), settings());
    assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.AUTH);
    assertThat(failure)
        .hasMessageContaining("cannot fetch a token")
        .hasMessageContaining(endpoint.url("/token"))
        .hasMessageContaining("refused");
  }

  @Test
  void theSecretIsNotSentWhereverARedirectPoints() throws Exception {
    endpoint.handler(
        call -> {
          String unused = call.body();
          call.redirect(307, target.url("/steal"));
        });
    assertThat(http.failure(target.url("/"), settings())).hasMessageContaining("returned 307");
    assertThat(target.heads()).isEmpty();
  }

  @Test
  void readsTheSecretFromAFileWhenItIsNeeded(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("secret");
    HttpSettings settings = settings(SecretSource.file(file));
    assertThat(http.failure(target.url("/"), settings)).hasMessageContaining("cannot read " + file);
    Files.writeString(file, "from-file\n");
    http.nanos.addAndGet(2 * SECOND);
    assertThat(http.get(target.url("/"), settings).status()).isEqualTo(200);
    String basic =
        Base64.getEncoder().encodeToString("me:from-file".getBytes(StandardCharsets.UTF_8));
    assertThat(endpoint.heads().get(0)).contains("Basic " + basic);
  }
}
