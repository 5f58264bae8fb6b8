package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OnePortServerTest {

  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static OnePortServer start(HttpExchange.Handler handler) throws IOException {
    HealthStatusManager health = new HealthStatusManager();
    return OnePortServer.start(
        ANY_PORT, handler, List.of(health.getHealthService()), TokenGuard.open());
  }

  private static HttpResponse<String> get(OnePortServer server, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void answersHttpAndGrpcOnOnePort() throws Exception {
    try (OnePortServer server =
        start(exchange -> HttpExchange.Answer.text(200, exchange.path() + exchange.query()))) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
      try {
        for (int i = 0; i < 20; i++) {
          assertThat(
                  HealthGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(20, TimeUnit.SECONDS)
                      .check(HealthCheckRequest.getDefaultInstance())
                      .getStatus())
              .isEqualTo(ServingStatus.SERVING);
          assertThat(get(server, "/a%20b?x=1&x=2").body()).isEqualTo("/a b{x=[1, 2]}");
        }
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void answersInternalErrorWhenAHandlerThrows() throws Exception {
    try (OnePortServer server =
        start(
            exchange -> {
              throw new IllegalStateException("secret detail");
            })) {
      HttpResponse<String> response = get(server, "/");
      assertThat(response.statusCode()).isEqualTo(500);
      assertThat(response.body()).doesNotContain("secret detail");
    }
  }

  @Test
  void answersUnavailableRatherThanQueueingWithoutBound() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (OnePortServer server =
        start(
            exchange -> {
              release.await();
              return HttpExchange.Answer.text(200, "ok");
            })) {
      HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/")).build();
      List<CompletableFuture<Integer>> answers =
          IntStream.range(0, 17)
              .mapToObj(
                  i ->
                      client
                          .sendAsync(request, HttpResponse.BodyHandlers.discarding())
                          .thenApply(HttpResponse::statusCode))
              .toList();
      assertThat(CompletableFuture.anyOf(answers.toArray(CompletableFuture[]::new)).get())
          .isEqualTo(503);
      release.countDown();
      assertThat(answers.stream().map(CompletableFuture::join).filter(s -> s == 200).count())
          .isEqualTo(16);
    }
  }

  @Test
  void anAnswerAfterTheServerClosedFailsNoThread() throws Exception {
    CompletableFuture<Thread> worker = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    OnePortServer server =
        start(
            exchange -> {
              Thread.currentThread().setUncaughtExceptionHandler((t, e) -> failure.set(e));
              worker.complete(Thread.currentThread());
              awaitUninterruptibly(closed);
              return HttpExchange.Answer.text(200, "late");
            });
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/")).build();
    CompletableFuture<?> answer =
        HttpClient.newHttpClient().sendAsync(request, HttpResponse.BodyHandlers.discarding());
    Thread working = worker.get(20, TimeUnit.SECONDS);
    server.close();
    closed.countDown();
    working.join(20_000);
    assertThat(working.isAlive()).isFalse();
    assertThat(failure.get()).isNull();
    assertThatThrownBy(() -> answer.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(IOException.class);
  }

  /** Waits as a handler does that ignores interrupts. */
  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void saysWhichAddressIsTaken() throws Exception {
    try (OnePortServer server = start(exchange -> HttpExchange.Answer.text(200, ""))) {
      assertThatThrownBy(
              () ->
                  OnePortServer.start(
                      new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()),
                      exchange -> HttpExchange.Answer.text(200, ""),
                      List.of(),
                      TokenGuard.open()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("--http-address")
          .hasMessageContaining(String.valueOf(server.port()));
    }
  }
}
