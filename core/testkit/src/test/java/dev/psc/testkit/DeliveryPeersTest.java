package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static dev.psc.testkit.DeliveryRig.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.ManagedChannel;
import io.grpc.NameResolverRegistry;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests other peers in place of the store: error pages of load balancers, GOAWAY. */
@Timeout(180)
@Isolated("counts the JVM's threads and files")
class DeliveryPeersTest {

  @ParameterizedTest
  @CsvSource({"502, BACKING_OFF", "503, BACKING_OFF", "429, BACKING_OFF", "403, BLOCKED"})
  void losesNothingToErrorPages(String status, DeliveryState state) throws Exception {
    EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
    int port = store.port();
    store.stop();
    HttpPageServer pages = new HttpPageServer(port, status);
    ManagedChannel channel = DeliveryRig.channel(store, "127.0.0.1:" + port);
    try (GrpcProfileSink sink = DeliveryRig.sink(channel);
        Delivery delivery = DeliveryRig.delivery(sink).build()) {
      for (int i = 0; i < 100; i++) {
        delivery.accept(profile("s" + i % 5, i));
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(pages.requests())
                      .as("%s", delivery.snapshot())
                      .isGreaterThanOrEqualTo(2));
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(delivery.snapshot())
                      .matches(snapshot -> snapshot.state() == state, state.toString()));
      assertThat(delivery.snapshot().lastError()).contains(status);
      pages.close();
      startOnItsPort(store);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> assertThat(store.profileCount()).as("%s", delivery.snapshot()).isEqualTo(100));
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(delivery.snapshot().droppedTotal()).isZero();
    } finally {
      channel.shutdownNow();
      store.close();
    }
  }

  /** The port may take a moment to be free again. */
  private static void startOnItsPort(EmbeddedProfileStore store) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              store.start();
              return true;
            });
  }

  /** A load balancer without HTTP/2. */
  @ParameterizedTest
  @ValueSource(strings = {"502 Bad Gateway", "403 Forbidden"})
  void losesNothingToPagesOfHttp1(String status) throws Exception {
    EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
    store.stop();
    HttpFrontDoor door = new HttpFrontDoor(store.port(), 0, status);
    losesNothing(
        store,
        DeliveryRig.channel(store, "127.0.0.1:" + store.port()),
        door,
        "does not respond in HTTP/2",
        () -> {
          door.close();
          startOnItsPort(store);
        });
  }

  /** A proxy that refuses the tunnel. */
  @ParameterizedTest
  @ValueSource(strings = {"502 Bad Gateway", "403 Forbidden", "407 Proxy Authentication Required"})
  void losesNothingToPagesOfAProxy(String status, @TempDir Path directory) throws Exception {
    EmbeddedProfileStore store = EmbeddedProfileStore.builder().start();
    HttpFrontDoor door = new HttpFrontDoor(0, store.port(), status);
    ManagedChannel channel =
        StoreChannels.builder("store.invalid:443")
            .serverName("localhost")
            .caFile(store.writeAuthority(directory.resolve("ca.pem")))
            .proxy("http://127.0.0.1:" + door.port())
            .interceptor(
                PscAuthInterceptor.create(TokenSource.fixed(store.token()), store.project()))
            .build();
    losesNothing(store, channel, door, status.substring(0, 3), door::openTunnels);
  }

  private interface Recovery {
    void run() throws IOException;
  }

  private static void losesNothing(
      EmbeddedProfileStore store,
      ManagedChannel channel,
      HttpFrontDoor door,
      String words,
      Recovery recovery)
      throws IOException {
    try (GrpcProfileSink sink = DeliveryRig.sink(channel);
        Delivery delivery = DeliveryRig.delivery(sink).build()) {
      for (int i = 0; i < 100; i++) {
        delivery.accept(profile("s" + i % 5, i));
      }
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(door.heads).hasSizeGreaterThanOrEqualTo(2);
                assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.BACKING_OFF);
              });
      assertThat(delivery.snapshot().stateMessage()).contains(words);
      recovery.run();
      assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
      assertThat(store.profileCount()).isEqualTo(100);
      assertThat(store.duplicateCount()).isZero();
      assertThat(delivery.snapshot().droppedTotal()).isZero();
    } finally {
      channel.shutdownNow();
      door.close();
      store.close();
    }
  }

  @Test
  void followsAStoreToItsNewAddress() {
    EmbeddedProfileStore before = EmbeddedProfileStore.builder().plaintext().start();
    EmbeddedProfileStore after =
        EmbeddedProfileStore.builder()
            .plaintext()
            .project(before.project())
            .token(before.token())
            .start();
    MovingStore name = new MovingStore(before.port());
    NameResolverRegistry.getDefaultRegistry().register(name);
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(MovingStore.TARGET)
            .usePlaintext()
            .intercept(
                PscAuthInterceptor.builder(TokenSource.fixed(before.token()), before.project())
                    .allowPlaintextToken()
                    .build())
            .build();
    try (GrpcProfileSink sink = DeliveryRig.sink(channel);
        Delivery delivery = DeliveryRig.delivery(sink).build()) {
      for (int i = 0; i < 50; i++) {
        delivery.accept(profile("a", i));
      }
      assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
      assertThat(DeliveryRig.ids(before, "a")).hasSize(50);
      name.moveTo(after.port());
      before.close();
      for (int i = 50; i < 100; i++) {
        delivery.accept(profile("a", i));
      }
      assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
      assertThat(DeliveryRig.ids(after, "a")).isEqualTo(IntStream.range(50, 100).boxed().toList());
      assertThat(name.lookUps).hasValueGreaterThan(1);
    } finally {
      channel.shutdownNow();
      NameResolverRegistry.getDefaultRegistry().deregister(name);
      before.close();
      after.close();
    }
  }

  /** A hundred deliveries leave no thread and no open file. */
  @Test
  void leavesNothingOpen() {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      SinkSettings settings =
          SinkSettings.builder("127.0.0.1:" + store.port())
              .plaintext(true)
              .token(store.token().reveal())
              .projectId(store.project().value())
              .build();
      Usage early = null;
      for (int i = 0; i < 110; i++) {
        try (Delivery delivery =
            DeliveryRig.delivery(SinkProvider.load().create(settings)).closeSink(true).build()) {
          delivery.accept(profile("a", i));
          assertThat(delivery.flush(PATIENCE)).isTrue();
        }
        if (i == 9) {
          early = Usage.now();
        }
      }
      assertThat(store.profileCount()).isEqualTo(110);
      Usage reference = Objects.requireNonNull(early);
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                Usage late = Usage.now();
                assertThat(late.threads()).isLessThanOrEqualTo(reference.threads() + 5);
                assertThat(late.files()).isLessThanOrEqualTo(reference.files() + 10);
              });
    }
  }

  /** GOAWAY during calls, and a restart of the server, neither lose nor duplicate profiles. */
  @Test
  void followsServersThatSayGoodbye() throws Exception {
    Set<String> seen = ConcurrentHashMap.newKeySet();
    AtomicInteger series = new AtomicInteger();
    ProfileStoreServiceGrpc.ProfileStoreServiceImplBase service =
        new ProfileStoreServiceGrpc.ProfileStoreServiceImplBase() {
          @Override
          public void writeRaw(WriteRawRequest request, StreamObserver<WriteRawResponse> answer) {
            request
                .getSeriesList()
                .forEach(
                    s -> {
                      seen.add(s.getLabels().toString());
                      series.incrementAndGet();
                    });
            answer.onNext(WriteRawResponse.getDefaultInstance());
            answer.onCompleted();
          }
        };
    Server server = server(0, service);
    int port = server.getPort();
    ManagedChannel channel = StoreChannels.builder("127.0.0.1:" + port).plaintext().build();
    try (GrpcProfileSink sink = DeliveryRig.sink(channel);
        Delivery delivery = DeliveryRig.delivery(sink).batchMaxBytes(1024).build()) {
      for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 50; i++) {
          delivery.accept(profile("s" + (round * 50 + i), i));
        }
        int before = series.get();
        await().atMost(PATIENCE).until(() -> series.get() > before);
        server.shutdown();
        assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
        server = server(port, service);
      }
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(seen).hasSize(500);
      assertThat(series.get()).isEqualTo(500);
      assertThat(IntStream.of((int) delivery.snapshot().droppedTotal()).sum()).isZero();
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  private static Server server(
      int port, ProfileStoreServiceGrpc.ProfileStoreServiceImplBase service) throws Exception {
    return NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .addService(service)
        .build()
        .start();
  }
}
