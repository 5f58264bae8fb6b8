package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class PushTest {

  private final List<RawProfile> received = new CopyOnWriteArrayList<>();

  private Acceptance take(RawProfile profile) {
    received.add(profile);
    return new Acceptance.Accepted();
  }

  private List<RawProfile> cpu() {
    return received.stream().filter(p -> p.name().equals("process_cpu")).toList();
  }

  @Test
  void windowsFollowEachOtherWithoutAGap() {
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .interval(Duration.ofSeconds(1))
            .profiles(JvmProfile.PROCESS_CPU, JvmProfile.GOROUTINE, JvmProfile.HEAP)
            .labels(LabelSet.of("job", "test"))
            .receiver(this::take)
            .start()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                TruthProgram.burnShort(50_000_000);
                return cpu().size() >= 2;
              });
      assertThat(profiling.status().push().orElseThrow().pushed()).isPositive();
    }
    List<RawProfile> cpu = cpu();
    for (int i = 1; i < cpu.size(); i++) {
      assertThat(cpu.get(i).timeNanos())
          .isEqualTo(cpu.get(i - 1).timeNanos() + cpu.get(i - 1).durationNanos());
    }
    assertThat(cpu.get(0).labels().get("job")).isEqualTo("test");
    assertThat(received).anyMatch(p -> p.name().equals("goroutine") && p.durationNanos() == 0);
    assertThat(received).noneMatch(p -> p.name().equals("heap"));
  }

  @Test
  void closingPushesWhatIsLeftAndIsIdempotent() {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .interval(Duration.ofMinutes(10))
            .profiles(JvmProfile.PROCESS_CPU)
            .receiver(this::take)
            .start();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                profiling
                    .status()
                    .capture()
                    .map(capture -> capture.profiles().contains(JvmProfile.PROCESS_CPU))
                    .orElse(false));
    TruthProgram.burnShort(300_000_000);
    profiling.close();
    profiling.close();
    assertThat(cpu()).hasSize(1);
  }

  @Test
  void profilesAreChangedWhileItRuns() {
    try (JvmProfiling profiling =
        JvmProfiling.builder().profiles(JvmProfile.MUTEX).idleTimeout(Duration.ZERO).start()) {
      profiling.reconfigure(Set.of(JvmProfile.MEMORY));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  profiling
                      .status()
                      .capture()
                      .map(capture -> capture.profiles().equals(Set.of(JvmProfile.MEMORY)))
                      .orElse(false));
    }
  }

  @Test
  void aSourceIsNotStartedAfterItIsClosed() {
    ProfileSource source = JvmProfiling.builder().source();
    source.close();
    assertThatThrownBy(() -> source.start(this::take)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aStoreThatCannotBeMadeLeavesNothingRunning() {
    assertThatThrownBy(
            () -> JvmProfiling.builder().store(SinkSettings.builder("x:1").build()).start())
        .hasMessageContaining("psc-store");
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("psc-jvm")));
  }

  @Test
  void tellsWhatBecameOfWhatItPushed() {
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .interval(Duration.ofSeconds(1))
            .profiles(JvmProfile.GOROUTINE)
            .sink(new DeadSink())
            .start()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  profiling
                      .status()
                      .delivery()
                      .orElseThrow()
                      .lastError()
                      .contains("the store is down"));
    }
  }

  @Test
  void onePlaceToPushToIsEnough() {
    assertThatThrownBy(
            () ->
                JvmProfiling.builder()
                    .receiver(this::take)
                    .store(SinkSettings.builder("x:1").build())
                    .start())
        .hasMessageContaining("receiver, sink and store are mutually exclusive");
  }
}
