package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static dev.psc.testkit.DeliveryRig.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryState;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may stand where the store should: pages of load balancers, servers that leave politely. */
@Timeout(180)
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
      store.start();
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

  /** Servers that go away with GOAWAY while calls run, and come back, lose and double nothing. */
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
