package dev.psc.examples.interceptor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.auth.ProjectId;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.TestProfiles;
import io.grpc.Grpc;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SendOneProfileTest {

  @TempDir Path directory;
  private EmbeddedProfileStore store;
  private Path tokenFile;
  private Path pprof;

  @BeforeEach
  void start() throws IOException {
    store = EmbeddedProfileStore.builder().start();
    tokenFile = Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
    pprof = Files.write(directory.resolve("cpu.pprof"), TestProfiles.cpu("main"));
  }

  @AfterEach
  void stop() {
    store.close();
  }

  private ManagedChannelBuilder<?> ownChannel() throws IOException {
    return Grpc.newChannelBuilder(
        store.address(),
        TlsChannelCredentials.newBuilder()
            .trustManager(store.writeAuthority(directory.resolve("ca.pem")).toFile())
            .build());
  }

  @Test
  void storesTheProfile() throws IOException {
    assertThat(SendOneProfile.send(ownChannel(), tokenFile, store.project().value(), pprof))
        .isZero();
    assertThat(store.profiles(store.project())).hasSize(1);
  }

  @Test
  void failsForAProjectThatTheTokenMayNotWriteTo() throws IOException {
    assertThat(SendOneProfile.send(ownChannel(), tokenFile, ProjectId.random().value(), pprof))
        .isOne();
    assertThat(store.profileCount()).isZero();
  }

  @Test
  void sendsNoTokenInPlaintext() {
    ManagedChannelBuilder<?> plaintext =
        ManagedChannelBuilder.forTarget(store.address()).usePlaintext();
    assertThat(SendOneProfile.send(plaintext, tokenFile, store.project().value(), pprof)).isOne();
  }

  @Test
  void failsWithoutAToken() throws IOException {
    Path absent = directory.resolve("absent");
    assertThat(SendOneProfile.send(ownChannel(), absent, store.project().value(), pprof)).isOne();
  }
}
