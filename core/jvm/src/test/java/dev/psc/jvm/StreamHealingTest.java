package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.pprof.Profile;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import org.junit.jupiter.api.Test;

/** What others do to our recording. */
class StreamHealingTest {

  private static List<Recording> running() {
    return FlightRecorder.getFlightRecorder().getRecordings().stream()
        .filter(recording -> recording.getState() == RecordingState.RUNNING)
        .toList();
  }

  @Test
  void aStreamThatDiesIsStartedAgainAndItsFilesAreBounded() {
    try (JvmProfiling profiling =
        JvmProfiling.builder().profiles(JvmProfile.PROCESS_CPU, JvmProfile.MUTEX).start()) {
      await().atMost(Duration.ofSeconds(60)).until(() -> events(profiling) >= 0 && isRunning());
      assertThat(running()).allMatch(recording -> recording.getMaxSize() > 0);
      // A window that passed says that the stream is under way, not only about to be.
      assertThat(oneSecond(profiling).status()).isEqualTo(200);
      running().forEach(Recording::close);
      await().atMost(Duration.ofSeconds(60)).until(() -> restarts(profiling) > 0 && isRunning());
      PprofResponse response = oneSecond(profiling);
      assertThat(response.status()).isEqualTo(200);
      assertThat(new String(response.body(), java.nio.charset.StandardCharsets.UTF_8))
          .contains("profile profile");
    }
  }

  @Test
  void aRequestRightAfterTheStartCoversItsSeconds() throws Exception {
    try (JvmProfiling profiling = JvmProfiling.builder().profiles(JvmProfile.PROCESS_CPU).start()) {
      PprofResponse response =
          profiling
              .handler()
              .handle(
                  new PprofRequest(
                      "GET", "/debug/pprof/profile", Map.of("seconds", "1"), Map.of()));
      assertThat(response.status()).isEqualTo(200);
      assertThat(Profile.parse(response.body()).durationNanos())
          .isGreaterThanOrEqualTo(1_000_000_000L);
    }
  }

  @Test
  void beingClosedBeforeItHasStartedIsNoFailure() {
    CompletableFuture<JfrStream> created = new CompletableFuture<>();
    CompletableFuture<Void> closing = new CompletableFuture<>();
    JfrStream stream =
        new JfrStream(
            OwnThreads.daemons(),
            events -> {
              JfrStream own = created.join();
              closing.completeAsync(
                  () -> {
                    own.close();
                    return null;
                  },
                  task -> new Thread(task, "closer").start());
              await().atMost(Duration.ofSeconds(60)).until(StreamHealingTest::nothingIsRecorded);
            },
            () -> {});
    created.complete(stream);
    stream.start();
    closing.orTimeout(60, TimeUnit.SECONDS).join();
    assertThat(stream.lastError()).isNull();
    assertThat(stream.restarts()).isZero();
  }

  private static boolean nothingIsRecorded() {
    return FlightRecorder.getFlightRecorder().getRecordings().isEmpty();
  }

  private static PprofResponse oneSecond(JvmProfiling profiling) {
    return profiling
        .handler()
        .handle(
            new PprofRequest(
                "GET", "/debug/pprof/profile", Map.of("seconds", "1", "debug", "1"), Map.of()));
  }

  private static boolean isRunning() {
    return !running().isEmpty();
  }

  private static long events(JvmProfiling profiling) {
    return profiling.status().capture().map(CaptureStatus::events).orElse(-1L);
  }

  private static long restarts(JvmProfiling profiling) {
    return profiling.status().capture().map(CaptureStatus::restarts).orElse(0L);
  }
}
