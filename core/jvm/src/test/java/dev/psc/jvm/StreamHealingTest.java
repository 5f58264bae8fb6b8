package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.jvm.internal.capture.JfrStream;
import dev.psc.jvm.internal.runtime.DiagnosticCommands;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import jdk.jfr.StackTrace;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
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
        JvmProfiling.builder()
            .profiles(JvmProfile.PROCESS_CPU, JvmProfile.MUTEX)
            .idleTimeout(Duration.ZERO)
            .start()) {
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
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .profiles(JvmProfile.PROCESS_CPU)
            .idleTimeout(Duration.ZERO)
            .start()) {
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
  void settingsOfAStreamAreReplacedTogetherAndItsMarksStayOn() {
    List<String> enabled = new CopyOnWriteArrayList<>();
    JfrStream stream = new JfrStream(OwnThreads.daemons(), events -> {}, () -> {}, enabled::add);
    stream.apply(
        Map.of("jdk.ThreadSleep", Map.of("threshold", "5 ms"), "jdk.ThreadPark", Map.of()));
    stream.start();
    try {
      await().atMost(Duration.ofSeconds(60)).until(StreamHealingTest::isRunning);
      assertThat(running().get(0).getSettings())
          .containsEntry("jdk.ThreadSleep#threshold", "5 ms")
          .containsEntry("jdk.ThreadPark#enabled", "true")
          .containsEntry("dev.psc.Window#enabled", "true");
      assertThat(enabled).containsExactlyInAnyOrder("jdk.ThreadSleep", "jdk.ThreadPark");
      stream.apply(Map.of("jdk.ThreadSleep", Map.of("threshold", "7 ms")));
      assertThat(running().get(0).getSettings())
          .containsEntry("jdk.ThreadSleep#threshold", "7 ms")
          .containsEntry("dev.psc.Window#enabled", "true")
          .doesNotContainKey("jdk.ThreadPark#enabled");
      assertThat(enabled).hasSize(2);
    } finally {
      stream.close();
    }
  }

  @Test
  void beingClosedBeforeItHasStartedIsNoFailure() {
    CompletableFuture<JfrStream> created = new CompletableFuture<>();
    CompletableFuture<Void> closing = new CompletableFuture<>();
    JfrStream stream =
        stream(
            events -> {
              JfrStream own = created.join();
              closing.completeAsync(
                  () -> {
                    own.close();
                    return null;
                  },
                  task -> new Thread(task, "closer").start());
              await().atMost(Duration.ofSeconds(60)).until(StreamHealingTest::nothingIsRecorded);
            });
    created.complete(stream);
    stream.start();
    closing.orTimeout(60, TimeUnit.SECONDS).join();
    assertThat(stream.lastError()).isNull();
    assertThat(stream.restarts()).isZero();
  }

  @Test
  void anEventThatCannotBeCountedIsToldAndTheNextOnesAreCounted() {
    AtomicInteger handled = new AtomicInteger();
    JfrStream stream =
        stream(
            events ->
                events.on(
                    "jdk.ThreadStart",
                    event -> {
                      if (handled.incrementAndGet() == 1) {
                        throw new IllegalStateException("out of labels");
                      }
                    }));
    stream.apply(Map.of("jdk.ThreadStart", Map.of()));
    stream.start();
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                new Thread(() -> {}).start();
                return handled.get() > 2;
              });
      assertThat(stream.lastError())
          .contains("failed to count an event jdk.ThreadStart", "out of labels");
      assertThat(stream.restarts()).isZero();
    } finally {
      stream.close();
    }
  }

  /** An event that fills files fast. */
  @Name("dev.psc.test.Large")
  @StackTrace(false)
  static final class LargeEvent extends Event {
    @Nullable String text;

    static void commit(String text) {
      LargeEvent event = new LargeEvent();
      event.text = text;
      event.commit();
    }
  }

  @Test
  @Tag("slow")
  void filesStayBoundedWhileAHandlerIsStuckAndItGoesOnAfterwards() throws Exception {
    CountDownLatch stuck = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Set<String> seen = ConcurrentHashMap.newKeySet();
    JfrStream stream =
        stream(
            events ->
                events.on(
                    LargeEvent.class,
                    event -> {
                      seen.add(event.getString("text").substring(0, 5));
                      stuck.countDown();
                      awaitQuietly(release);
                    }));
    stream.apply(Map.of("dev.psc.test.Large", Map.of()));
    stream.start();
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                LargeEvent.commit("first");
                return stuck.getCount() == 0;
              });
      Path repository = repository();
      for (int written = 0; written < 160; written++) {
        commitAMegabyte();
        TimeUnit.MILLISECONDS.sleep(10); // the JVM drops events that come faster than it writes
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> {
                commitAMegabyte(); // a busy machine has dropped many
                assertThat(bytes(repository)).isBetween(32L << 20, (64L << 20) + (16 << 20));
              });
      release.countDown();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () -> {
                LargeEvent.commit("after");
                return seen.contains("after");
              });
    } finally {
      release.countDown();
      stream.close();
    }
  }

  private static void commitAMegabyte() {
    for (int i = 0; i < 100; i++) {
      LargeEvent.commit("lost " + i + "x".repeat(10_000));
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Path repository() {
    return DiagnosticCommands.run("jfrConfigure")
        .lines()
        .filter(line -> line.startsWith("Repository path: "))
        .map(line -> Path.of(line.substring("Repository path: ".length())))
        .findFirst()
        .orElseThrow();
  }

  private static long bytes(Path directory) throws IOException {
    long bytes = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.jfr")) {
      for (Path file : files) {
        bytes += file.toFile().length(); // 0 of a file that was dropped just now
      }
    }
    return bytes;
  }

  private static JfrStream stream(Consumer<JfrStream.Registration> registrar) {
    return new JfrStream(OwnThreads.daemons(), registrar, () -> {}, event -> {});
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
