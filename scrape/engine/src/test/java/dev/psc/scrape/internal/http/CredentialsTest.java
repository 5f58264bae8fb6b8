package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The credentials of requests, and that no other server receives them. */
class CredentialsTest {

  @TempDir private Path dir;
  private final ClientsFixture http = new ClientsFixture();
  private TestServer server;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.start(call -> call.answer(200, "text/plain", "x"));
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    server.close();
  }

  private static SecretSource secret(String text) {
    return SecretSource.of(Secret.of(text));
  }

  private static HttpSettings with(Credentials credentials) {
    return HttpSettings.builder().credentials(credentials).build();
  }

  private String lastHead() {
    return server.heads().get(server.heads().size() - 1);
  }

  @Test
  void sendsAUserAndAPasswordAsBasic() throws Exception {
    HttpAnswer answer =
        http.get(server.url("/"), with(new Credentials.Basic(secret("me"), secret("pä:ss"))));
    String pair = Base64.getEncoder().encodeToString("me:pä:ss".getBytes(StandardCharsets.UTF_8));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(lastHead()).contains("\r\nAuthorization: Basic " + pair + "\r\n");
  }

  @Test
  void readsARotatedTokenAgainAndKeepsItWhileTheFileIsAway() throws Exception {
    Path file = dir.resolve("token");
    Files.writeString(file, "one\n");
    HttpSettings settings = with(new Credentials.Header("Bearer", SecretSource.file(file)));
    http.get(server.url("/"), settings);
    assertThat(lastHead()).contains("\r\nAuthorization: Bearer one\r\n");
    Files.delete(file);
    http.get(server.url("/"), settings);
    assertThat(lastHead()).contains("Bearer one");
    Files.writeString(file, "two\r\n");
    await()
        .atMost(RecordingSink.PATIENCE)
        .until(
            () -> {
              http.get(server.url("/"), settings);
              return lastHead().contains("\r\nAuthorization: Bearer two\r\n");
            });
  }

  @Test
  void sendsHeadersOfItsOwnToTheOriginAskedForOnly() throws Exception {
    Files.writeString(dir.resolve("tenant"), "acme");
    HttpSettings settings =
        HttpSettings.builder()
            .header("X-Team", List.of(secret("a"), secret("b")))
            .header("X-Tenant", List.of(SecretSource.file(dir.resolve("tenant"))))
            .build();
    try (TestServer other = TestServer.start(call -> call.answer(200, "text/plain", "y"))) {
      server.handler(call -> call.redirect(302, other.url("/")));
      http.get(server.url("/"), settings);
      assertThat(lastHead())
          .contains("X-Team: a\r\n")
          .contains("X-Team: b\r\n")
          .contains("X-Tenant: acme\r\n");
      assertThat(other.heads()).hasSize(1).noneMatch(head -> head.contains("X-T"));
    }
  }

  @Test
  void namesTheTargetAndTheFileThatCannotBeRead() throws Exception {
    Path missing = dir.resolve("none");
    for (HttpSettings settings :
        List.of(
            with(new Credentials.Header("Bearer", SecretSource.file(missing))),
            with(new Credentials.Basic(secret("me"), SecretSource.file(missing))),
            HttpSettings.builder().header("X-A", List.of(SecretSource.file(missing))).build())) {
      HttpFailure failure = http.failure(server.url("/p?token=hush"), settings);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.AUTH);
      assertThat(failure)
          .hasMessageStartingWith(server.url("/p") + ": ")
          .hasMessageContaining("cannot read " + missing)
          .hasMessageContaining("check that it exists")
          .hasMessageNotContaining("hush");
    }
    assertThat(server.heads()).as("nothing is sent without them").isEmpty();
  }

  @Test
  void refusesASecretThatIsNoHeaderWithoutShowingIt() throws Exception {
    HttpFailure failure =
        http.failure(
            server.url("/"), with(new Credentials.Header("Bearer", secret("hush\nX-Evil: 1"))));
    assertThat(failure)
        .hasMessageContaining("character at index 4")
        .hasMessageNotContaining("hush")
        .hasMessageNotContaining("Evil");
    assertThat(server.heads()).isEmpty();
  }

  @Test
  void printsNone() {
    HttpSettings settings =
        HttpSettings.builder()
            .credentials(new Credentials.Basic(secret("me"), secret("hush")))
            .header("X-Key", List.of(secret("hush")))
            .build();
    assertThat(settings.toString() + settings.credentials() + settings.headers())
        .doesNotContain("hush");
  }

  @Test
  void headersThatTheClientDecidesAboutAreRefused() {
    for (String name : List.of("Authorization", "host", "Content-Length", "Connection")) {
      assertThatThrownBy(() -> HttpSettings.builder().header(name, List.of(secret("x"))))
          .hasMessageContaining("cannot be configured");
    }
    assertThatThrownBy(() -> HttpSettings.builder().header("a b", List.of(secret("x"))))
        .hasMessageContaining("not a legal header name");
  }
}
