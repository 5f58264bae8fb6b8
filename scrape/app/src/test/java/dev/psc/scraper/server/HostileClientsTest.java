package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scraper.server.HttpExchange.Answer;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scraper's port, with clients that want to bring it down. */
class HostileClientsTest {

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private final AtomicInteger handled = new AtomicInteger();
  private final CountDownLatch release = new CountDownLatch(1);
  private OnePortServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    server =
        OnePortServer.start(
            new InetSocketAddress(HERE, 0),
            this::handle,
            List.of(new HealthStatusManager().getHealthService()),
            TokenGuard.open());
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  @AfterEach
  void stop() {
    release.countDown();
    channel.shutdownNow();
    server.close();
  }

  private Answer handle(HttpExchange exchange) throws InterruptedException {
    handled.incrementAndGet();
    if (exchange.path().equals("/slow")) {
      release.await();
    }
    if (exchange.path().equals("/large")) {
      return Answer.text(200, "x".repeat(8 << 20));
    }
    return Answer.text(200, exchange.path());
  }

  private static HttpRequest.Builder request(int port, String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
        .version(HttpClient.Version.HTTP_1_1)
        .timeout(Duration.ofSeconds(30));
  }

  private int get(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(request(server.port(), path).build(), HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  private void assertHealthy() throws Exception {
    assertThat(get("/healthz")).isEqualTo(200);
    assertThat(
            HealthGrpc.newBlockingStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(HERE, server.port());
    socket.setSoTimeout(30_000);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String readAll(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  @Test
  void answersManyCallsAtTheSameTime() {
    List<CompletableFuture<ServingStatus>> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      CompletableFuture<ServingStatus> answer = new CompletableFuture<>();
      answers.add(answer);
      HealthGrpc.newStub(channel)
          .check(
              HealthCheckRequest.getDefaultInstance(),
              new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse value) {
                  answer.complete(value.getStatus());
                }

                @Override
                public void onError(Throwable failure) {
                  answer.completeExceptionally(failure);
                }

                @Override
                public void onCompleted() {}
              });
    }
    assertThat(answers)
        .allSatisfy(
            answer ->
                assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING));
  }

  @Test
  void cutsOffAClientThatOpensAndResetsCallsAndKeepsNoneOfThem() throws Exception {
    for (int connection = 0; connection < 20; connection++) {
      try (RawHttp2 client = new RawHttp2(server.port())) {
        client.socket.setSoTimeout(30_000);
        assertCutOff(client);
      }
    }
    await().untilAsserted(() -> assertThat(server.openCalls()).isZero());
    assertHealthy();
  }

  private static void assertCutOff(RawHttp2 client) throws IOException {
    try {
      for (int i = 0; i < 40; i++) {
        client.openAndReset(50);
      }
      client.socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException e) {
      return; // Reset or broken pipe: cut off while sending.
    }
  }

  @Test
  void limitsOpenCallsOfAllConnections() throws Exception {
    List<RawHttp2> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 5; i++) {
        RawHttp2 client = new RawHttp2(server.port());
        clients.add(client);
        client.open(100);
      }
      await()
          .untilAsserted(() -> assertThat(server.openCalls()).isEqualTo(OnePortServer.MAX_CALLS));
      assertThat(get("/healthz")).isEqualTo(200);
    } finally {
      for (RawHttp2 client : clients) {
        client.close();
      }
    }
    await().untilAsserted(() -> assertThat(server.openCalls()).isZero());
    assertHealthy();
  }

  @Test
  void endsCallsWhoseRequestDoesNotArriveWhileOthersWait() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.port())) {
      client.openIncomplete(2 * OnePortServer.MAX_REQUESTS_READ);
      await()
          .untilAsserted(
              () -> assertThat(server.openCalls()).isEqualTo(2 * OnePortServer.MAX_REQUESTS_READ));
      // The first ones make room for the others, which nothing waits for.
      await()
          .untilAsserted(
              () -> assertThat(server.openCalls()).isEqualTo(OnePortServer.MAX_REQUESTS_READ));
      assertHealthy();
    }
    await().untilAsserted(() -> assertThat(server.openCalls()).isZero());
  }

  @Test
  void readsNoMoreFromAClientThatDoesNotReadItsAnswers() throws Exception {
    try (RawHttp2 client = new RawHttp2(server.port())) {
      client.socket.setReceiveBufferSize(4 << 10);
      CompletableFuture<Void> flood =
          CompletableFuture.runAsync(
              () -> {
                try {
                  for (int i = 0; i < 100_000; i++) {
                    client.ping(1_000);
                  }
                } catch (IOException e) {
                  // Cut off, or closed at the end of the test.
                }
              });
      assertHealthy();
      assertThat(flood.isDone() && !flood.isCompletedExceptionally() && client.socket.isClosed())
          .isFalse();
    }
  }

  @Test
  void refusesBodiesWithoutReadingThem() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        Socket client = connect();
        clients.add(client);
        send(client, "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\nx");
      }
      for (Socket client : clients) {
        assertThat(readAll(client)).startsWith("HTTP/1.1 413 ").contains("connection: close");
      }
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
    assertThat(handled).hasValue(0);
    await().untilAsserted(() -> assertThat(server.openConnections()).isZero());
  }

  @Test
  void servesOthersWhileMoreClientsThanTheLimitSendNothing() throws Exception {
    List<Socket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < OnePortServer.MAX_CONNECTIONS + 50; i++) {
        Socket client = connect();
        clients.add(client);
        send(client, "G");
      }
      assertHealthy();
      assertThat(server.openConnections()).isLessThanOrEqualTo(OnePortServer.MAX_CONNECTIONS);
      assertThat(clients.get(0).getInputStream().read())
          .as("the first one is cut off")
          .isEqualTo(-1);
    } finally {
      for (Socket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void closesAConnectionWhoseRequestDoesNotArrive() throws Exception {
    try (Socket client = connect()) {
      send(client, "GET /a HTTP/1.1\r\nHost: x\r\n");
      assertThat(readAll(client)).isEmpty();
    }
    assertThat(handled).hasValue(0);
  }

  @Test
  void answersPipelinedRequestsInOrder() throws Exception {
    try (Socket client = connect()) {
      send(
          client,
          String.join(
              "\r\n",
              List.of(
                  "GET /slow HTTP/1.1",
                  "Host: x",
                  "",
                  "GET /b HTTP/1.1",
                  "Host: x",
                  "",
                  "HEAD /c HTTP/1.1",
                  "Host: x",
                  "",
                  "GET /d HTTP/1.1",
                  "Host: x",
                  "Connection: close",
                  "",
                  "")));
      await().untilAsserted(() -> assertThat(handled).hasValue(1));
      assertThat(client.getInputStream().available()).isZero();
      release.countDown();
      assertThat(readAll(client).lines().filter(line -> line.startsWith("/")))
          .containsExactly("/slowHTTP/1.1 200 OK", "/bHTTP/1.1 200 OK", "/d");
    }
  }

  @Test
  void boundsPipelinedRequests() throws Exception {
    try (Socket client = connect()) {
      send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n".repeat(400));
      readAll(client);
    } catch (java.net.SocketException e) {
      // Reset, because requests are left unread.
    }
    assertThat(handled.get()).isLessThanOrEqualTo(200);
    assertHealthy();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "POST /-/reload HTTP/1.1\r\nHost: x\r\nBad\u0001 Name: 1\r\n\r\n",
        "POST /-/reload\u0000 HTTP/9\r\n\r\n",
        "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
        "POST /-/reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      })
  void executesNoRequestThatItCannotDecode(String request) throws Exception {
    try (Socket client = connect()) {
      send(client, request + "POST /next HTTP/1.1\r\nHost: x\r\n\r\n");
      assertThat(readAll(client)).startsWith("HTTP/1.1 4").containsOnlyOnce("HTTP/1.1 ");
    }
    assertThat(handled).hasValue(0);
  }

  @Test
  void refusesAHeadThatIsTooLarge() throws Exception {
    try (Socket client = connect()) {
      send(client, "GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(9_000) + "\r\n\r\n");
      assertThat(readAll(client)).startsWith("HTTP/1.1 431 ");
    }
    assertThat(handled).hasValue(0);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1:7070, http://127.0.0.1:7070, same-origin, 200",
    "localhost:7070, http://localhost:7070, , 200",
    "psc-scraper.monitoring.svc:7070, http://psc-scraper.monitoring.svc:7070, same-origin, 200",
    "[::1]:7070, http://[::1]:7070, same-origin, 200",
    "scraper.example.com, , , 200",
    "127.0.0.1:7070, http://evil.example, cross-site, 403",
    "127.0.0.1:7070, http://127.0.0.1:8080, same-site, 403",
    "127.0.0.1:7070, null, , 403",
    "127.0.0.1:7070, , cross-site, 403",
    "evil.example:7070, http://evil.example:7070, same-origin, 403",
    "127.0.0.1.evil.example, http://127.0.0.1.evil.example, same-origin, 403",
  })
  void refusesPostsOfForeignPages(String host, String origin, String site, int status)
      throws Exception {
    try (Socket client = connect()) {
      send(
          client,
          "POST /-/reload HTTP/1.1\r\nConnection: close\r\nHost: "
              + host
              + (origin == null ? "" : "\r\nOrigin: " + origin)
              + (site == null ? "" : "\r\nSec-Fetch-Site: " + site)
              + "\r\n\r\n");
      assertThat(readAll(client)).startsWith("HTTP/1.1 " + status);
    }
    assertThat(handled).hasValue(status == 200 ? 1 : 0);
  }

  @Test
  void sendsHeadersThatConfineAPage() throws Exception {
    HttpResponse<String> page =
        HttpClient.newHttpClient()
            .send(request(server.port(), "/").build(), HttpResponse.BodyHandlers.ofString());
    assertThat(page.headers().firstValue("content-security-policy").orElseThrow())
        .contains("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'");
    assertThat(page.headers().firstValue("x-frame-options")).hasValue("DENY");
    assertThat(page.headers().firstValue("x-content-type-options")).hasValue("nosniff");
  }

  @Test
  void answersProbesWhileSlowActionsAndPagesOccupyAllOtherThreads() throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    List<CompletableFuture<Integer>> slow = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      for (String method : List.of("POST", "GET")) {
        slow.add(
            client
                .sendAsync(
                    request(server.port(), "/slow")
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                    HttpResponse.BodyHandlers.discarding())
                .thenApply(HttpResponse::statusCode));
      }
    }
    await().untilAsserted(() -> assertThat(handled).hasValue(24));
    assertHealthy();
    assertThat(get("/readyz")).isEqualTo(200);
    release.countDown();
    assertThat(slow.stream().map(CompletableFuture::join)).containsOnly(200, 503);
  }

  @Test
  void writesALargeResponseAtThePaceOfItsReader() throws Exception {
    try (Socket client = connect()) {
      send(client, "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      await().untilAsserted(() -> assertThat(handled).hasValue(1));
      assertHealthy();
      assertThat(client.getInputStream().readAllBytes().length).isGreaterThan(8 << 20);
    }
  }
}
