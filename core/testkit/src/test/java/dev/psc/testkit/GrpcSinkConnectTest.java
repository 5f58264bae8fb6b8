package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ServiceAccountToken;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.delivery.status.CloseReport;
import dev.psc.store.GrpcProfileSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests that a connected sink owns its channel and its token source. */
@Isolated("counts the threads that watch token files")
@Timeout(120)
class GrpcSinkConnectTest {

  @TempDir private Path directory;

  private SinkSettings settings(EmbeddedProfileStore store, FaultProxy proxy) throws IOException {
    return builder(store, proxy).build();
  }

  private SinkSettings.Builder builder(EmbeddedProfileStore store, FaultProxy proxy)
      throws IOException {
    return SinkSettings.builder(proxy.address())
        .plaintext(true)
        .tokenFile(Files.writeString(directory.resolve("token"), store.token().reveal()))
        .projectId(store.project().value());
  }

  private static long watchers() {
    return threads("psc-token-file");
  }

  private static long threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith(prefix))
        .count();
  }

  @Test
  void sendsFromOneDaemonThreadThatEndsWithTheSink() throws IOException {
    long before = threads("psc-store-io");
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
        FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      GrpcProfileSink sink = GrpcProfileSink.connect(settings(store, proxy));
      assertThat(threads("psc-store-io")).isEqualTo(before);
      for (int i = 0; i < 3; i++) {
        assertThat(sink.send(List.of(DeliveryRig.profile("a", i))).toCompletableFuture().join())
            .isInstanceOf(SendOutcome.Accepted.class);
      }
      assertThat(threads("psc-store-io")).isEqualTo(before + 1);
      await().atMost(PATIENCE).until(() -> threads("psc-store-dns") == 0);
      sink.close();
      await().atMost(PATIENCE).until(() -> threads("psc-store-io") == before);
    }
  }

  @Test
  void answersWithinTheCallTimeoutWhenTheNetworkIsSilent() throws IOException {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
        FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      GrpcProfileSink sink =
          GrpcProfileSink.connect(builder(store, proxy).callTimeout(Duration.ofSeconds(1)).build());
      proxy.blackHole();
      SendOutcome outcome =
          sink.send(List.of(DeliveryRig.profile("a", 1))).toCompletableFuture().join();
      assertThat(outcome)
          .isInstanceOfSatisfying(
              SendOutcome.Retry.class,
              retry -> assertThat(retry.reason()).isEqualTo("deadline_exceeded"));
      sink.close();
    }
  }

  @Test
  void closesTheChannelAndTheTokenSource() throws IOException {
    long before = watchers();
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
        FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      GrpcProfileSink sink = GrpcProfileSink.connect(settings(store, proxy));
      assertThat(sink.send(List.of(DeliveryRig.profile("a", 1))).toCompletableFuture().join())
          .isInstanceOf(SendOutcome.Accepted.class);
      assertThat(watchers()).isEqualTo(before + 1);
      assertThat(proxy.openCount()).isEqualTo(1);
      sink.close();
      sink.close();
      await().atMost(PATIENCE).until(() -> watchers() == before && proxy.openCount() == 0);
      assertThat(sink.send(List.of(DeliveryRig.profile("a", 2))).toCompletableFuture().join())
          .isInstanceOf(SendOutcome.Retry.class);
    }
  }

  @Test
  void sendsWhatIsQueuedBeforeItCloses() throws IOException {
    long before = watchers();
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start();
        FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      Delivery delivery =
          Delivery.builder(GrpcProfileSink.connect(settings(store, proxy))).closeSink(true).build();
      for (int i = 0; i < 100; i++) {
        delivery.accept(DeliveryRig.profile("a", i));
      }
      CloseReport report = delivery.close(PATIENCE);
      assertThat(report).isEqualTo(new CloseReport(100, 0, 0));
      assertThat(store.profileCount()).isEqualTo(100);
      delivery.close();
      await().atMost(PATIENCE).until(() -> watchers() == before && proxy.openCount() == 0);
    }
  }

  @Test
  void leavesNothingOpenWhenASettingIsInvalid() throws IOException {
    long before = watchers();
    Path token =
        Files.writeString(
            directory.resolve("token"), ServiceAccountToken.generate(new SecureRandom()).reveal());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                GrpcProfileSink.connect(
                    SinkSettings.builder("store:443").tokenFile(token).projectId("x").build()))
        .withMessageContaining("project");
    await().atMost(PATIENCE).until(() -> watchers() == before);
  }
}
