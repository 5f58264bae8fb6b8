package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FaultProxyTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private EmbeddedProfileStore store;
  private FaultProxy proxy;
  private ManagedChannel channel;
  private GrpcProfileSink sink;
  private int number;

  @BeforeEach
  void start(@TempDir Path directory) {
    store = EmbeddedProfileStore.builder().start();
    proxy = FaultProxy.start("127.0.0.1", store.port());
    channel =
        StoreChannels.builder(proxy.address())
            .caFile(store.writeAuthority(directory.resolve("ca.pem")))
            .interceptor(
                PscAuthInterceptor.create(TokenSource.fixed(store.token()), store.project()))
            .build();
    sink = GrpcProfileSink.builder(channel).callTimeout(Duration.ofSeconds(20)).build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    proxy.close();
    store.close();
  }

  @Test
  void passesEverythingOnUntilItIsTold() throws Exception {
    assertThat(send()).isInstanceOf(SendOutcome.Accepted.class);

    assertThat(store.profileCount()).isEqualTo(1);
    assertThat(proxy.acceptedCount()).isEqualTo(1);
    assertThat(proxy.openCount()).isEqualTo(1);
  }

  @Test
  void failsACallWhoseConnectionIsReset() throws Exception {
    failsACallUnderWay(proxy::reset);
  }

  @Test
  void failsACallWhoseConnectionIsCut() throws Exception {
    failsACallUnderWay(proxy::cut);
  }

  @Test
  void failsACallWhoseConnectionIsHalfClosed() throws Exception {
    failsACallUnderWay(proxy::halfCloseToClient);
  }

  private void failsACallUnderWay(Runnable fault) throws Exception {
    assertThat(send()).isInstanceOf(SendOutcome.Accepted.class);
    store.faults().hangNext(1);
    CompletableFuture<SendOutcome> underWay = sendLater();
    await().atMost(PATIENCE).until(() -> store.requestCount() == 2);

    fault.run();

    assertThat(underWay.get(30, TimeUnit.SECONDS))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.reason()).isNotEqualTo("deadline_exceeded"));
    awaitDelivery();
  }

  @Test
  void refusesConnectionsUntilCleared() throws Exception {
    proxy.refuse().cut();

    assertThat(send())
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.message()).containsIgnoringCase("refused"));
    proxy.clear();

    awaitDelivery();
  }

  @Test
  void refusesAtOnce() throws Exception {
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port());
    for (int i = 0; i < 300; i++) {
      proxy.refuse();
      try (Socket socket = new Socket()) {
        assertThatThrownBy(() -> socket.connect(address)).isInstanceOf(ConnectException.class);
      }
      proxy.clear();
    }
  }

  @Test
  void answersNothingFromABlackHoleUntilCleared() throws Exception {
    assertThat(send()).isInstanceOf(SendOutcome.Accepted.class);
    GrpcProfileSink impatient =
        GrpcProfileSink.builder(channel).callTimeout(Duration.ofMillis(300)).build();

    proxy.blackHole();

    assertThat(impatient.send(List.of(profile())).toCompletableFuture().get(30, TimeUnit.SECONDS))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.reason()).isEqualTo("deadline_exceeded"));
    proxy.clear();
    awaitDelivery();
  }

  @Test
  void delaysEveryPiece() throws Exception {
    assertThat(send()).isInstanceOf(SendOutcome.Accepted.class);
    proxy.delay(Duration.ofMillis(100));
    long start = System.nanoTime();

    assertThat(send()).isInstanceOf(SendOutcome.Accepted.class);

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(200));
  }

  @Test
  void throttlesToARate() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        FaultProxy slow = FaultProxy.start("127.0.0.1", server.getLocalPort());
        Socket client = new Socket(InetAddress.getLoopbackAddress(), slow.port());
        Socket accepted = server.accept()) {
      slow.throttle(20_000);
      long start = System.nanoTime();
      client.getOutputStream().write(new byte[10_000]);
      client.shutdownOutput();

      assertThat(accepted.getInputStream().readAllBytes()).hasSize(10_000);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThanOrEqualTo(Duration.ofMillis(400));
    }
  }

  @Test
  void resetsAfterSomeBytes() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        FaultProxy flaky = FaultProxy.start("127.0.0.1", server.getLocalPort());
        Socket client = new Socket(InetAddress.getLoopbackAddress(), flaky.port());
        Socket accepted = server.accept()) {
      flaky.resetAfter(100);
      client.getOutputStream().write(new byte[100]);

      assertThatThrownBy(() -> accepted.getInputStream().readAllBytes())
          .isInstanceOf(SocketException.class)
          .hasMessageContaining("reset");
    }
  }

  @Test
  void endsTheInputOfTheTargetOnly() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        FaultProxy half = FaultProxy.start("127.0.0.1", server.getLocalPort());
        Socket client = new Socket(InetAddress.getLoopbackAddress(), half.port());
        Socket accepted = server.accept()) {
      await().atMost(PATIENCE).until(() -> half.openCount() == 1);
      half.halfCloseToTarget();

      assertThat(accepted.getInputStream().read()).isEqualTo(-1);
      accepted.getOutputStream().write(7);
      assertThat(client.getInputStream().read()).isEqualTo(7);
    }
  }

  @Test
  void resetsTheClientWhenTheTargetIsNotThere() throws Exception {
    int free;
    try (ServerSocket unused = new ServerSocket(0)) {
      free = unused.getLocalPort();
    }
    try (FaultProxy lost = FaultProxy.start("127.0.0.1", free);
        Socket client = new Socket(InetAddress.getLoopbackAddress(), lost.port())) {
      assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(IOException.class);
    }
  }

  private void awaitDelivery() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(send()).isInstanceOf(SendOutcome.Accepted.class));
  }

  private SendOutcome send() throws Exception {
    return sendLater().get(40, TimeUnit.SECONDS);
  }

  private CompletableFuture<SendOutcome> sendLater() {
    return sink.send(List.of(profile())).toCompletableFuture();
  }

  private RawProfile profile() {
    return RawProfile.of(LabelSet.of("__name__", "process_cpu"), TinyPprof.numbered(number++));
  }
}
