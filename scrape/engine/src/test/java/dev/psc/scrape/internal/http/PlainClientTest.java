package dev.psc.scrape.internal.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.testing.TestServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainClientTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static String body(HttpAnswer answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private static HttpGet request(String url) {
    return new HttpGet(
        URI.create(url), HttpSettings.DEFAULT, Map.of(), Duration.ofSeconds(30), 1 << 26);
  }

  private static boolean awaited(CountDownLatch latch) {
    try {
      return latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void usesAConnectionAgain() throws Exception {
    try (TestServer server = TestServer.start(call -> call.answer(200, "text/plain", call.path()));
        ClientsFixture fixture = new ClientsFixture()) {
      for (int i = 0; i < 20; i++) {
        assertThat(body(fixture.get(server.url("/p" + i + "?a=b"), HttpSettings.DEFAULT)))
            .isEqualTo("/p" + i + "?a=b");
      }
      assertThat(server.connections()).isEqualTo(1);
      assertThat(server.heads())
          .allMatch(head -> head.contains("\r\nHost: 127.0.0.1:"))
          .allMatch(head -> head.contains("\r\nUser-Agent: psc-test\r\n"));
    }
  }

  @Test
  void sendsLettersOfOtherAlphabetsEncoded() throws Exception {
    try (TestServer server = TestServer.start(call -> call.answer(200, "text/plain", call.path()));
        ClientsFixture fixture = new ClientsFixture()) {
      assertThat(body(fixture.get(server.url("/caf\u00e9?\u00fc=%20"), HttpSettings.DEFAULT)))
          .isEqualTo("/caf%C3%A9?%C3%BC=%20");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 x\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 forged\r\n"
      })
  void opensANewConnectionWhereTheOldOneCannotBeUsedAgain(String response) throws Exception {
    try (TestServer server = TestServer.start(call -> call.write(response));
        ClientsFixture fixture = new ClientsFixture()) {
      for (int i = 0; i < 3; i++) {
        assertThat(body(fixture.get(server.url("/"), HttpSettings.DEFAULT))).isEqualTo("ok");
      }
      assertThat(server.connections()).isEqualTo(3);
    }
  }

  @Test
  void surplusBytesBehindAFullBufferAreNoResponse() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch written = new CountDownLatch(1);
    int length = (64 << 10) - "HTTP/1.1 200 x\r\nContent-Length: 12345\r\n\r\n".length();
    try (TestServer server =
            TestServer.start(
                call -> {
                  if (call.path().equals("/surplus")) {
                    asked.countDown();
                    held.await();
                    call.write(
                        "HTTP/1.1 200 x\r\nContent-Length: "
                            + length
                            + "\r\n\r\n"
                            + "x".repeat(length)
                            + "HTTP/1.1 200 x\r\nContent-Length: 6\r\n\r\nforged");
                    written.countDown();
                  } else {
                    asked.await();
                    call.answer(200, "text/plain", call.path());
                  }
                });
        ClientsFixture fixture = new ClientsFixture()) {
      // Everything waits in the socket before the client's thread reads it.
      CompletableFuture<?> holding =
          fixture
              .clients
              .send(request(server.url("/holding")))
              .thenAccept(
                  answer -> {
                    held.countDown();
                    assertThat(awaited(written)).isTrue();
                  });
      CompletableFuture<HttpAnswer> next =
          fixture
              .clients
              .send(request(server.url("/surplus")))
              .thenCompose(answer -> fixture.clients.send(request(server.url("/next"))));
      assertThat(body(next.get(30, TimeUnit.SECONDS))).isEqualTo("/next");
      holding.get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void sendsAgainWhereTheServerHadClosedTheIdleConnection() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (TestServer server =
            TestServer.start(
                call -> {
                  // Each second request finds its connection closed.
                  if (requests.getAndIncrement() % 2 == 0) {
                    call.answer(200, "text/plain", "ok");
                  } else {
                    call.close();
                  }
                });
        ClientsFixture fixture = new ClientsFixture()) {
      assertThat(body(fixture.get(server.url("/"), HttpSettings.DEFAULT))).isEqualTo("ok");
      assertThat(body(fixture.get(server.url("/"), HttpSettings.DEFAULT))).isEqualTo("ok");
      assertThat(requests).hasValue(3);
    }
  }

  @Test
  void losesNoRequestWhereTheServerClosesWithoutSayingSo() throws Exception {
    try (TestServer server =
            TestServer.start(
                call -> {
                  call.answer(200, "text/plain", call.path());
                  call.close();
                });
        ClientsFixture fixture = new ClientsFixture()) {
      for (int round = 0; round < 300; round++) {
        List<CompletableFuture<HttpAnswer>> answers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          answers.add(fixture.clients.send(request(server.url("/" + i))));
        }
        for (int i = 0; i < 8; i++) {
          assertThat(body(answers.get(i).get(5, TimeUnit.SECONDS))).isEqualTo("/" + i);
        }
      }
    }
  }

  @Test
  void aCallThatStartsWhileItsIdleConnectionIsClosedIsSentAgain() throws Exception {
    PlainClient client;
    try (TestServer server = TestServer.start(call -> call.answer(200, "text/plain", call.path()));
        ClientsFixture fixture = new ClientsFixture()) {
      client = fixture.clients.plain();
      URI uri = URI.create(server.url("/again"));
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
      BodyReader reader = fixture.clients.reader(uri, 100, false, 0);
      PlainCall call =
          new PlainCall(
              "GET /again HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII), info -> reader);
      PlainConnection idle = client.open(address);
      assertThat(call.proceed(idle, /* reused= */ true)).isTrue();
      assertThat(idle.start(call)).isFalse();

      idle.closeIdle();

      assertThat(reader.getBody().toCompletableFuture().get(5, TimeUnit.SECONDS))
          .asString(US_ASCII)
          .isEqualTo("/again");
    }
    await().atMost(PATIENCE).until(() -> !client.isRunning());
  }

  @Test
  void aCallThatStartsWhileItsConnectionIsClosedIsNotLost() throws Exception {
    PlainClient client;
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ClientsFixture fixture = new ClientsFixture()) {
      client = fixture.clients.plain();
      URI uri = URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/");
      BodyReader reader = fixture.clients.reader(uri, 100, false, 0);
      AtomicReference<PlainConnection> idle = new AtomicReference<>();
      AtomicInteger closed = new AtomicInteger();
      int rounds = 3_000;
      Thread closing =
          new Thread(
              () -> {
                while (closed.get() < rounds) {
                  PlainConnection next = idle.getAndSet(null);
                  if (next != null) {
                    next.closeIdle();
                    closed.incrementAndGet();
                  }
                }
              });
      closing.start();
      int lost = 0;
      for (int round = 1; round <= rounds; round++) {
        PlainCall call = new PlainCall("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII), info -> reader);
        PlainConnection connection =
            client.open((InetSocketAddress) silent.getLocalSocketAddress());
        assertThat(call.proceed(connection, /* reused= */ false)).isTrue();
        idle.set(connection);
        for (int spin = round % 64; spin > 0; spin--) {
          Thread.onSpinWait(); // so that both meet at all moments
        }
        try {
          connection.start(call);
        } catch (IOException e) {
          connection.fail(e);
        }
        while (closed.get() < round) {
          Thread.onSpinWait();
        }
        lost += call.isDone() ? 0 : 1;
      }
      closing.join();
      assertThat(lost).isZero();
    }
    await().atMost(PATIENCE).until(() -> !client.isRunning());
  }

  @Test
  void doesNotSendAgainWhatTheServerHasBegunToAnswer() throws Exception {
    AtomicInteger requests = new AtomicInteger();
    try (TestServer server =
            TestServer.start(
                call -> {
                  if (requests.getAndIncrement() == 0) {
                    call.answer(200, "text/plain", "ok");
                  } else {
                    call.write("HTTP/1.1 200 x\r\nContent-Length: 9\r\n\r\nabc");
                    call.close();
                  }
                });
        ClientsFixture fixture = new ClientsFixture()) {
      fixture.get(server.url("/"), HttpSettings.DEFAULT);
      HttpFailure failure = fixture.failure(server.url("/"), HttpSettings.DEFAULT);
      assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.TRUNCATED);
      assertThat(requests).hasValue(2);
    }
  }

  @Test
  void sendsARequestThatDoesNotFitIntoTheSocket() throws Exception {
    String query = "x".repeat(16 << 20);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ClientsFixture fixture = new ClientsFixture()) {
      CompletableFuture<HttpAnswer> answer =
          fixture.clients.send(request("http://127.0.0.1:" + server.getLocalPort() + "/?" + query));
      try (Socket socket = server.accept()) {
        BufferedReader in =
            new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
        assertThat(in.readLine()).hasSize("GET /? HTTP/1.1".length() + query.length());
        while (!in.readLine().isEmpty()) {
          // the rest of the head
        }
        socket
            .getOutputStream()
            .write("HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nok".getBytes(US_ASCII));
        assertThat(body(answer.get(30, TimeUnit.SECONDS))).isEqualTo("ok");
      }
    }
  }

  @Test
  void manyRequestsAtOnceEachHaveTheirResponse() throws Exception {
    try (TestServer server =
            TestServer.start(
                call -> call.answer(200, "text/plain", call.path() + "-".repeat(100_000)));
        ClientsFixture fixture = new ClientsFixture()) {
      for (int round = 0; round < 3; round++) {
        List<CompletableFuture<HttpAnswer>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          answers.add(fixture.clients.send(request(server.url("/" + i + "/"))));
        }
        for (int i = 0; i < 100; i++) {
          assertThat(body(answers.get(i).get(30, TimeUnit.SECONDS)))
              .startsWith("/" + i + "/-")
              .hasSizeGreaterThan(100_000);
        }
      }
      assertThat(server.connections()).isLessThanOrEqualTo(100);
    }
  }

  @Test
  void cancellingEndsTheConnectionAndHarmsNoOtherRequest() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (TestServer server =
            TestServer.start(
                call -> {
                  if (call.path().equals("/silent")) {
                    try (call) {
                      if (call.socket().getInputStream().read() < 0) {
                        closed.countDown();
                      }
                    }
                  } else {
                    call.answer(200, "text/plain", "ok");
                  }
                });
        ClientsFixture fixture = new ClientsFixture()) {
      CompletableFuture<HttpAnswer> silent = fixture.clients.send(request(server.url("/silent")));
      await().atMost(PATIENCE).until(() -> server.heads().size() == 1);
      silent.cancel(true);
      assertThat(closed.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(body(fixture.get(server.url("/"), HttpSettings.DEFAULT))).isEqualTo("ok");
    }
  }

  @Test
  void aCallThatIsCancelledBeforeItIsSentHoldsNoConnection() throws Exception {
    PlainClient client;
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ClientsFixture fixture = new ClientsFixture()) {
      client = fixture.clients.plain();
      URI uri = URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/");
      BodyReader reader = fixture.clients.reader(uri, 100, false, 0);
      PlainCall call = new PlainCall("GET / HTTP/1.1\r\n\r\n".getBytes(US_ASCII), info -> reader);
      PlainConnection connection = client.open((InetSocketAddress) silent.getLocalSocketAddress());
      assertThat(call.proceed(connection, /* reused= */ false)).isTrue();
      call.cancel(true);

      assertThatThrownBy(() -> connection.start(call)).hasMessageContaining("cancelled");
      connection.fail(new IOException("as the client does"));
    }
    await().atMost(PATIENCE).until(() -> !client.isRunning());
  }

  @Test
  void aResponseThatThereIsNoMemoryForFailsNoOtherRequest() throws Exception {
    CountDownLatch failed = new CountDownLatch(1);
    try (TestServer server =
            TestServer.start(
                call -> {
                  if (call.path().equals("/other")) {
                    failed.await();
                  }
                  call.answer(200, "text/plain", "ok");
                });
        ClientsFixture fixture = new ClientsFixture()) {
      CompletableFuture<HttpAnswer> other = fixture.clients.send(request(server.url("/other")));
      PlainCall large =
          fixture
              .clients
              .plain()
              .send(
                  HttpRequest.newBuilder(URI.create(server.url("/large"))).build(),
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()),
                  info -> {
                    throw new OutOfMemoryError("simulated");
                  });
      assertThat(large)
          .failsWithin(PATIENCE)
          .withThrowableThat()
          .withRootCauseInstanceOf(OutOfMemoryError.class);
      failed.countDown();
      assertThat(body(other.get(30, TimeUnit.SECONDS))).isEqualTo("ok");
    }
  }

  @Test
  void failsAtOnceWhereNoThreadCanBeStartedAndRecovers() throws Exception {
    AtomicBoolean exhausted = new AtomicBoolean(true);
    try (TestServer server = TestServer.start(call -> call.answer(200, "text/plain", "ok"));
        ClientsFixture fixture = new ClientsFixture();
        PlainClient client =
            new PlainClient(
                fixture.clients.deadlines(),
                task -> {
                  if (exhausted.get()) {
                    throw new OutOfMemoryError("unable to create native thread (simulated)");
                  }
                  return new Thread(task, "psc-test-http");
                })) {
      URI uri = URI.create(server.url("/"));
      HttpRequest request = HttpRequest.newBuilder(uri).build();
      InetSocketAddress address =
          new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port());
      PlainCall failing =
          client.send(request, address, info -> fixture.clients.reader(uri, 100, false, 2));
      assertThat(failing)
          .failsWithin(PATIENCE)
          .withThrowableThat()
          .withMessageContaining("no thread can be started: unable to create native thread");
      assertThat(client.isRunning()).isFalse();

      exhausted.set(false);
      PlainCall next =
          client.send(request, address, info -> fixture.clients.reader(uri, 100, false, 2));
      assertThat(next).succeedsWithin(PATIENCE);
    }
  }

  @Test
  void aCallbackThatInterruptsTheThreadDoesNotKeepItFromWaiting() throws Exception {
    AtomicBoolean interrupted = new AtomicBoolean();
    CountDownLatch asked = new CountDownLatch(1);
    try (TestServer server =
            TestServer.start(
                call -> {
                  asked.await();
                  call.answer(200, "text/plain", "ok");
                });
        ClientsFixture fixture = new ClientsFixture()) {
      CompletableFuture<?> interrupting =
          fixture
              .clients
              .send(request(server.url("/")))
              .thenAccept(answer -> Thread.currentThread().interrupt());
      asked.countDown();
      interrupting.get(30, TimeUnit.SECONDS);
      PlainCall next =
          fixture
              .clients
              .plain()
              .send(
                  HttpRequest.newBuilder(URI.create(server.url("/"))).build(),
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()),
                  info -> {
                    interrupted.set(Thread.currentThread().isInterrupted());
                    return fixture.clients.reader(URI.create(server.url("/")), 100, false, 2);
                  });
      assertThat(next).succeedsWithin(PATIENCE);
      assertThat(interrupted).as("a selector never waits in an interrupted thread").isFalse();
    }
  }

  @Test
  void closingEndsTheThreadAndTheIdleConnections() throws Exception {
    try (TestServer server = TestServer.start(call -> call.answer(200, "text/plain", "ok"))) {
      PlainClient client;
      try (ClientsFixture fixture = new ClientsFixture()) {
        client = fixture.clients.plain();
        assertThat(client.isRunning()).isFalse();
        fixture.get(server.url("/"), HttpSettings.DEFAULT);
        assertThat(client.isRunning()).isTrue();
      }
      await().atMost(PATIENCE).until(() -> !client.isRunning());
      await().atMost(PATIENCE).until(() -> server.openConnections() == 0);
    }
  }
}
