package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ServiceAccountToken;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.store.GrpcSinkProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the sink of settings without gRPC types. */
@Timeout(120)
class GrpcSinkProviderTest {

  @TempDir private Path directory;

  private static SendOutcome send(ProfileSink sink) throws Exception {
    return sink.send(List.of(DeliveryRig.profile("a", 1)))
        .toCompletableFuture()
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  @Test
  void isFoundByTheServiceLoader() {
    assertThat(SinkProvider.load()).isInstanceOf(GrpcSinkProvider.class);
  }

  @Test
  void sendsOverTlsWithTheTokenOfAFile() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
      SinkSettings settings =
          SinkSettings.builder(store.address())
              .tokenFile(token)
              .projectId(store.project().value())
              .caFile(store.writeAuthority(directory.resolve("ca.pem")))
              .build();
      try (ProfileSink sink = SinkProvider.load().create(settings)) {
        assertThat(send(sink)).isInstanceOf(SendOutcome.Accepted.class);
      }
      assertThat(store.profileCount()).isEqualTo(1);
    }
  }

  @Test
  void takesTheProjectFromTheHeadersToo() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      SinkSettings settings =
          SinkSettings.builder("127.0.0.1:" + store.port())
              .plaintext(true)
              .token(store.token().reveal())
              .header("projectID", store.project().value())
              .header("x-scope", "tests")
              .build();
      try (ProfileSink sink = SinkProvider.load().create(settings)) {
        assertThat(send(sink)).isInstanceOf(SendOutcome.Accepted.class);
      }
    }
  }

  @Test
  void keepsEverythingAndSaysWhatToDoWithoutAProject() {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      SinkSettings settings =
          SinkSettings.builder("127.0.0.1:" + store.port())
              .plaintext(true)
              .token(store.token().reveal())
              .build();
      try (ProfileSink sink = SinkProvider.load().create(settings);
          Delivery delivery = DeliveryRig.delivery(sink).closeTimeout(Duration.ZERO).build()) {
        for (int i = 0; i < 100; i++) {
          delivery.accept(DeliveryRig.profile("s" + i % 5, i));
        }
        await().atMost(PATIENCE).until(() -> delivery.snapshot().state() == DeliveryState.BLOCKED);
        assertThat(delivery.snapshot().stateMessage())
            .contains("invalid_project", "projectID is missing", "check the project id");
        assertThat(delivery.snapshot().queued()).isEqualTo(100);
      }
    }
  }

  @Test
  void saysWhatIsWrongWithTheSettings() {
    SinkProvider provider = SinkProvider.load();
    String token = ServiceAccountToken.generate(new SecureRandom()).reveal();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> provider.create(SinkSettings.builder("store:0").build()))
        .withMessageContaining("port");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> provider.create(SinkSettings.builder("store:1").token("psc_v1_short").build()))
        .withMessageNotContaining("psc_v1_short");
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                provider.create(
                    SinkSettings.builder("store:1")
                        .tokenFile(directory.resolve("no-such-file"))
                        .build()))
        .withMessageContaining("no-such-file");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> provider.create(SinkSettings.builder("store:1").projectId("not-a-uuid").build()))
        .withMessageContaining("project id");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                provider.create(
                    SinkSettings.builder("store:1").plaintext(true).token(token).build()))
        .withMessageContaining("allowPlaintextToken")
        .withMessageNotContaining(token);
  }
}
