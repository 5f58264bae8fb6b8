package dev.psc.scrape.config.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpDiscoveryTest {

  private record Reply(int status, String type, String body) {}

  private static final String GOOD =
      "[{\"targets\": [\"a:1\", \"b:2\"], \"labels\": {\"team\": \"x\"}}, {\"targets\": [\"c:3\"]}]";

  private HttpServer server;
  private DiscoveryFixture fixture;
  private volatile Reply reply = new Reply(200, "application/json; charset=utf-8", GOOD);
  private final List<String> intervals = new CopyOnWriteArrayList<>();
  private final List<String> authorizations = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    fixture = new DiscoveryFixture();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/targets",
        exchange -> {
          intervals.add(
              exchange.getRequestHeaders().getFirst("X-Prometheus-Refresh-Interval-Seconds"));
          authorizations.add(
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          Reply current = reply;
          byte[] body = current.body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", current.type);
          exchange.sendResponseHeaders(current.status, body.length == 0 ? -1 : body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    fixture.close();
    server.stop(0);
  }

  private URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/targets");
  }

  private RecordingSink discover(HttpSettings http) {
    return fixture.start(
        new HttpDiscovery(url(), Duration.ofMillis(50), http).create(fixture.context()));
  }

  @Test
  void groupsHaveTheirLabelsAndTheUrl() {
    RecordingSink sink = discover(HttpSettings.DEFAULT);
    sink.awaitAddresses("a:1", "b:2", "c:3");
    assertThat(sink.sources()).containsExactly(url() + ":0", url() + ":1");
    assertThat(sink.targets().get(0).valueOf("team")).isEqualTo("x");
    assertThat(sink.targets()).allMatch(t -> t.valueOf("__meta_url").equals(url().toString()));
    assertThat(intervals.get(0)).isEqualTo("1");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '|',
      value = {
        "500, text/plain, |boom|, |returned 500, not 200: boom|",
        "204, application/json, ||, |returned 204|",
        "200, text/html, |<html>login</html>|, |content type \"text/html\"|",
        "200, application/json, |[{\"targets\": [\"a:1\"]|, |not valid JSON|",
        "200, application/json, |[null]|, |[0]: expected a group|",
        "200, application/json, |{\"targets\": []}|, |expected a list of groups|",
        "200, application/json, |[{\"target\": [\"a:1\"]}]|, |unknown key \"target\"; did you mean"
            + " \"targets\"?|",
        "200, application/json, |[{\"targets\": [null]}]|, |expected an address|",
        "200, application/json, |[{\"targets\": [\"a:1\"], \"labels\": {\"a-b\": \"x\"}}]|, |label"
            + " name \"a-b\"|",
        "200, application/json, |[] []|, |not valid JSON|",
        "200, application/json, |[{\"targets\": \"a:1\"}]|, |[0].targets: expected a list|",
      })
  void whateverElseItAnswersTheLastGoodTargetsStay(
      int status, String type, String body, String message) {
    RecordingSink sink = discover(HttpSettings.DEFAULT);
    sink.awaitAddresses("a:1", "b:2", "c:3");
    reply = new Reply(status, type, body == null ? "" : body);
    sink.awaitFailure(failure -> failure.contains(message));
    assertThat(sink.failure()).contains(url().toString());
    assertThat(sink.addresses()).containsExactly("a:1", "b:2", "c:3");
    reply = new Reply(200, "application/json", "[{\"targets\": [\"d:4\"]}]");
    sink.awaitAddresses("d:4");
    assertThat(sink.failure()).isEmpty();
  }

  @Test
  void anEmptyListClearsAndVanishedGroupsGo() {
    RecordingSink sink = discover(HttpSettings.DEFAULT);
    sink.awaitAddresses("a:1", "b:2", "c:3");
    reply = new Reply(200, "Application/JSON", "[{\"targets\": [\"a:1\"]}]");
    sink.awaitAddresses("a:1");
    reply = new Reply(200, "application/json", "[]");
    sink.awaitAddresses();
    assertThat(sink.failure()).isEmpty();
  }

  @Test
  void aServerThatIsDownAtFirstIsFoundLater() throws IOException {
    int port = server.getAddress().getPort();
    server.stop(0);
    RecordingSink sink =
        fixture.start(
            new HttpDiscovery(url(port), Duration.ofMillis(50), HttpSettings.DEFAULT)
                .create(fixture.context()));
    sink.awaitFailure(failure -> failure.contains("refused"));
    assertThat(sink.replacements()).isZero();
    start(port);
    sink.awaitAddresses("a:1", "b:2", "c:3");
  }

  private static URI url(int port) {
    return URI.create("http://127.0.0.1:" + port + "/targets");
  }

  private void start(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/targets",
        exchange -> {
          byte[] body = GOOD.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  @Test
  void credentialsAreSentAndNotShown() {
    HttpSettings http =
        HttpSettings.builder()
            .credentials(new Credentials.Header("Bearer", SecretSource.of(Secret.of("hush-hush"))))
            .build();
    reply = new Reply(401, "text/plain", "no");
    RecordingSink sink = discover(http);
    sink.awaitFailure(failure -> failure.contains("401"));
    assertThat(authorizations).contains("Bearer hush-hush");
    HttpDiscovery settings = new HttpDiscovery(url(), Duration.ofSeconds(1), http);
    assertThat(sink.failure() + settings + settings.settings()).doesNotContain("hush-hush");
  }

  @Test
  void aPasswordInTheUrlIsNotShown() {
    HttpDiscovery settings = HttpDiscovery.of(URI.create("http://u:hush-hush@h/x"));
    assertThat(settings + " " + settings.settings()).doesNotContain("hush-hush");
  }

  @Test
  void onlyWebUrlsAreTaken() {
    assertThatThrownBy(() -> HttpDiscovery.of(URI.create("ftp://h/x")))
        .hasMessageContaining("http");
    assertThatThrownBy(() -> HttpDiscovery.of(URI.create("/x"))).hasMessageContaining("http");
  }

  @Test
  void stopsAskingWhenClosed() {
    discover(HttpSettings.DEFAULT);
    await().atMost(RecordingSink.PATIENCE).until(() -> intervals.size() > 2);
    fixture.close();
    await().atMost(RecordingSink.PATIENCE).until(() -> fixture.livingThreads() == 0);
  }
}
