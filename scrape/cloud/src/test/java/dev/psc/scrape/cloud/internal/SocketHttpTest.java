package dev.psc.scrape.cloud.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SocketHttpTest {

  private DiscoveryFixture fixture;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    fixture = new DiscoveryFixture();
    server = TestServer.start(call -> call.answer(200, "text/plain", "ok"));
  }

  @AfterEach
  void shut() throws IOException {
    fixture.close();
    server.close();
  }

  private SocketHttp.Answer get(Duration timeout, long limit)
      throws IOException, InterruptedException {
    return SocketHttp.exchange(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()),
        new SocketHttp.Request("GET", "h", "/p?q=1", Map.of("X-One", "1")),
        timeout,
        limit,
        fixture.context().scheduler());
  }

  private void answers(String text) {
    server.handler(
        call -> {
          call.write(text);
          call.close();
        });
  }

  private String body() throws IOException, InterruptedException {
    return new String(get(Duration.ofSeconds(20), 1000).body(), StandardCharsets.UTF_8);
  }

  @Test
  void sendsARequestAndReadsABodyWithALength() throws Exception {
    assertThat(body()).isEqualTo("ok");
    assertThat(server.heads().get(0))
        .startsWith("GET /p?q=1 HTTP/1.1\r\nHost: h\r\n")
        .contains("Connection: close\r\n", "X-One: 1\r\n");
  }

  @Test
  void readsChunksABodyUntilTheEndAndNone() throws Exception {
    answers(
        String.join(
            "\r\n",
            List.of(
                "HTTP/1.1 200 OK",
                "Transfer-Encoding: chunked",
                "",
                "3;x=y",
                "abc",
                "A",
                "0123456789",
                "0",
                "Trailer: t",
                "",
                "")));
    assertThat(body()).isEqualTo("abc0123456789");
    answers("HTTP/1.0 200 OK\r\n\r\nuntil the end");
    assertThat(body()).isEqualTo("until the end");
    answers("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
    assertThat(get(Duration.ofSeconds(20), 1000).status()).isEqualTo(204);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SSH-2.0-x\\n | not HTTP/1.1",
        "HTTP/1.1 xyz no\\r\\n\\r\\n | not HTTP/1.1",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nab | ended before the end",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 5x\\r\\n\\r\\nab | Content-Length is not a number",
        "HTTP/1.1 200 OK\\r\\nContent-Length: 9999999999999\\r\\n\\r\\n | larger than 1000 bytes",
        "HTTP/1.1 200 OK\\r\\nContent-Encoding: gzip\\r\\n\\r\\n | content encoding",
        "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n | chunks",
        "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nfffffff\\r\\n | larger than",
        "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n5\\r\\nab | ended before",
        "HTTP/1.1 200 OK | ended before",
      })
  void namesWhatIsWrongWithAnAnswer(String answer, String message) {
    answers(answer.replace("\\r", "\r").replace("\\n", "\n"));
    assertThatThrownBy(() -> get(Duration.ofSeconds(20), 1000))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(message);
  }

  @Test
  void limitsBodiesAndHeadsWithoutALength() {
    answers("HTTP/1.1 200 OK\r\n\r\n" + "x".repeat(5000));
    assertThatThrownBy(() -> get(Duration.ofSeconds(20), 1000))
        .hasMessageContaining("larger than 1000 bytes");
    answers("HTTP/1.1 200 OK\r\nA: " + "x".repeat(70_000) + "\r\n\r\n");
    assertThatThrownBy(() -> get(Duration.ofSeconds(20), 1000))
        .hasMessageContaining("head is larger");
  }

  @Test
  void endsAtTheDeadlineHoweverSlowlyTheServerSends() {
    server.handler(
        call -> {
          call.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
          while (true) {
            call.write("x");
            Thread.sleep(20);
          }
        });
    assertThatThrownBy(() -> get(Duration.ofMillis(300), 1000))
        .isInstanceOf(IOException.class)
        .hasMessage("no complete response within 300 ms");
  }

  @Test
  void endsWhenTheThreadIsInterrupted() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    server.handler(
        call -> {
          asked.countDown();
          Thread.sleep(60_000);
        });
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                get(Duration.ofMinutes(1), 1000);
              } catch (IOException | InterruptedException e) {
                thrown.set(e);
              }
            });
    thread.start();
    asked.await();
    thread.interrupt();
    thread.join(30_000);
    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a b", "/a\r\nX: y", "/é"})
  void sendsNoRequestLineThatIsNotOne(String target) {
    assertThatThrownBy(() -> new SocketHttp.Request("GET", "h", target, Map.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void doesNotShowAHeaderThatCannotBeSent() {
    assertThatThrownBy(
            () -> new SocketHttp.Request("GET", "h", "/", Map.of("Authorization", "hush\n")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Authorization")
        .hasMessageNotContaining("hush");
  }

  /** Whatever an answer is mutated to, only an IOException escapes, within the limit. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void survivesMutatedAnswers(long seed) throws InterruptedException {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] answer =
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0"
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    for (int i = 0; i < 4; i++) {
      answer[random.nextInt(answer.length)] = (byte) random.nextInt(256);
    }
    server.handler(
        call -> {
          call.write(answer);
          call.close();
        });
    try {
      assertThat(get(Duration.ofSeconds(20), 1000).body().length).isLessThanOrEqualTo(1000);
    } catch (IOException e) {
      assertThat(e.getMessage()).as("seed " + seed).isNotEmpty();
    }
  }
}
