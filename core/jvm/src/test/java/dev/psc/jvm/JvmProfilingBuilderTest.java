package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.JvmProfiles;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JvmProfilingBuilderTest {

  /** A sink that is unavailable until it is allowed to accept. */
  private static final class SwitchedSink implements ProfileSink {
    private final CountDownLatch attempted = new CountDownLatch(1);
    private final CountDownLatch accepted = new CountDownLatch(1);
    private final boolean available;

    SwitchedSink(boolean available) {
      this.available = available;
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      attempted.countDown();
      if (available) {
        accepted.countDown();
        return CompletableFuture.completedFuture(new SendOutcome.Accepted());
      }
      return CompletableFuture.completedFuture(
          new SendOutcome.Retry("unavailable", "down", Optional.empty()));
    }

    @Override
    public String name() {
      return "switched";
    }

    @Override
    public void close() {}
  }

  @Test
  void profilesAreAddedToTheDefaultsAndRemoved() {
    JvmProfiles profiles =
        JvmProfile.defaults().plus(JvmProfile.WALL).minus(JvmProfile.HEAP, JvmProfile.BLOCK);
    assertThat(JvmProfiling.builder().profiles(profiles).settings().profiles)
        .containsExactlyInAnyOrder(
            JvmProfile.PROCESS_CPU,
            JvmProfile.MEMORY,
            JvmProfile.MUTEX,
            JvmProfile.GOROUTINE,
            JvmProfile.THREADCREATE,
            JvmProfile.WALL);
    assertThat(JvmProfile.defaults()).hasSize(7).doesNotContain(JvmProfile.WALL);
    assertThatThrownBy(() -> profiles.add(JvmProfile.HEAP))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void profilesSurviveARestartInTheSpool(@TempDir Path spool) throws Exception {
    SwitchedSink down = new SwitchedSink(false);
    try (JvmProfiling profiling = spooling(down, spool).start()) {
      assertThat(profiling.status().delivery()).isPresent();
      assertThat(down.attempted.await(30, TimeUnit.SECONDS)).isTrue();
    }
    SwitchedSink up = new SwitchedSink(true);
    // No interval ends before the spooled profiles are sent.
    try (JvmProfiling profiling = spooling(up, spool).interval(Duration.ofHours(1)).start()) {
      assertThat(profiling.status().delivery()).isPresent();
      assertThat(up.accepted.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static JvmProfiling.Builder spooling(ProfileSink sink, Path spool) {
    return JvmProfiling.builder()
        .profiles(JvmProfile.GOROUTINE)
        .interval(Duration.ofSeconds(1))
        .sink(sink)
        .spool(spool)
        .spoolMaxBytes(4 << 20)
        .queueMaxBytes(1 << 20);
  }

  @Test
  void aReceiverReplacesTheStoreOfTheEnvironment() {
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .receiver(profile -> new Acceptance.Accepted())
            .environment(Map.of("PSC_STORE_ADDRESS", "store.invalid:443"))
            .start()) {
      assertThat(profiling.status().push()).isPresent();
      assertThat(profiling.status().delivery()).isEmpty();
    }
  }

  @Test
  void aTokenFileOfTheEndpointMayAppearLater(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("token");
    Map<String, String> settings = Map.of("PSC_PPROF_TOKEN_FILE", file.toString());
    PprofRequest request =
        new PprofRequest(
            "GET", "/goroutine", Map.of("debug", "1"), Map.of("authorization", "Bearer secret"));
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .environment(settings)
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .start()) {
      assertThat(profiling.handler().handle(request).status()).isEqualTo(503);
      assertThat(profiling.status().problems())
          .singleElement()
          .asString()
          .contains(file.toString());
      Files.writeString(file, "secret\n");
      assertThat(profiling.handler().handle(request).status()).isEqualTo(200);
      assertThat(profiling.status().problems()).isEmpty();
      Files.writeString(file, "rotated\n");
      assertThat(profiling.handler().handle(request).status()).isEqualTo(401);
    }
  }

  @Test
  @SuppressWarnings("try") // the port gets free in between
  void anAddressInUseIsRetriedUnlessStrict() throws Exception {
    ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    InetSocketAddress address = (InetSocketAddress) taken.getLocalSocketAddress();
    JvmProfiling.Builder builder = JvmProfiling.builder().pprofAddress(address);
    try (JvmProfiling profiling = builder.start()) {
      assertThat(profiling.pprofAddress()).isEmpty();
      assertThat(profiling.status().problems()).hasSize(1);
      assertThatThrownBy(() -> JvmProfiling.builder().pprofAddress(address).strict(true).start())
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("Address already in use");
      taken.close();
      await()
          .atMost(Duration.ofMinutes(1))
          .until(() -> profiling.pprofAddress().equals(Optional.of(address)));
    } finally {
      taken.close();
    }
  }

  @Test
  void rejectsSettingsThatExcludeEachOther() {
    assertThatThrownBy(
            () ->
                JvmProfiling.builder()
                    .receiver(profile -> new Acceptance.Accepted())
                    .sink(new SwitchedSink(true))
                    .start())
        .hasMessage("receiver, sink and store are mutually exclusive: set one of them");
    assertThatThrownBy(
            () ->
                JvmProfiling.builder()
                    .receiver(profile -> new Acceptance.Accepted())
                    .queueMaxBytes(1 << 20)
                    .start())
        .hasMessageContaining("a receiver has its own queue");
  }
}
