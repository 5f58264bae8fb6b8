package dev.psc.jvm.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AsyncCaptureTest {

  @TempDir private Path directory;

  private final FakeProfiler profiler = new FakeProfiler();
  private final AtomicInteger closings = new AtomicInteger();

  private Capture open() {
    return open(directory);
  }

  private Capture open(Path repository) {
    return AsyncCapture.open(
        profiler,
        CaptureSettings.builder().repository(repository).build(),
        OwnThreads.daemons(),
        closings::incrementAndGet);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  @Test
  void theProfilerRunsOnlyWhileAWindowNeedsIt() throws Exception {
    Capture capture = open();
    try {
      assertThat(profiler.isRunning()).isFalse();
      CompletableFuture<Window> window = capture.open(Set.of(JvmProfile.PROCESS_CPU));
      get(window);
      assertThat(profiler.isRunning()).isTrue();
      List<Snapshot> snapshots = get(capture.close(window));
      assertThat(snapshots).extracting(Snapshot::profile).containsExactly(JvmProfile.PROCESS_CPU);
      await().until(() -> !profiler.isRunning());
    } finally {
      capture.shutdown();
    }
    assertThat(closings).hasValue(1);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void eachWindowAddsItsEventsAndTakesThemAway() throws Exception {
    Capture capture = open();
    try {
      get(capture.openTotals(Set.of(JvmProfile.MEMORY, JvmProfile.BLOCK)));
      CompletableFuture<Window> window = capture.open(Set.of(JvmProfile.WALL));
      get(window);
      get(capture.close(window));
      await().until(() -> profiler.commands().size() >= 7);
      String stop = AsyncCommands.stop(Path.of("")).replaceFirst(",file=.*", "");
      assertThat(profiler.commands().subList(2, 7))
          .satisfiesExactly(
              start -> assertThat(start).contains(",alloc=524288").doesNotContain("event="),
              stopped -> assertThat(stopped).isEqualTo(stop),
              start -> assertThat(start).contains(",event=cpu,", ",wall=50000000,", ",alloc="),
              read -> assertThat(read).startsWith("dump,"),
              stopped -> assertThat(stopped).isEqualTo(stop));
    } finally {
      capture.shutdown();
    }
  }

  @Test
  void anEventThatIsRefusedIsReplaced() throws Exception {
    profiler.refuse("event=cpu");
    Capture capture = open();
    try {
      get(capture.open(Set.of(JvmProfile.PROCESS_CPU)));
      assertThat(profiler.commands())
          .last()
          .satisfies(start -> assertThat(start).contains("event=ctimer"));
    } finally {
      capture.shutdown();
    }
  }

  @Test
  void aProfilerThatNeverStartsIsUnavailableAndLeavesNothing() {
    profiler.refuse("start");
    assertThatThrownBy(this::open)
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessage("refused: start");
    profiler.failToLoad(new IllegalStateException("no library for this system"));
    assertThatThrownBy(this::open).hasMessage("no library for this system");
    assertThat(directory).isEmptyDirectory();
    assertThat(closings).hasValue(0);
  }

  @Test
  void aDirectoryThatACommandCannotNameIsRefused() throws Exception {
    Path strange = Files.createDirectory(directory.resolve("a,b"));
    assertThatThrownBy(() -> open(strange))
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessageContaining("set repository");
  }

  @Test
  void aProfilerThatSomeoneStoppedIsStartedAgain() throws Exception {
    Capture capture = open();
    try {
      get(capture.openTotals(Set.of(JvmProfile.MEMORY)));
      profiler.refuse("dump");
      await().atMost(Duration.ofSeconds(20)).until(() -> capture.status().restarts() > 0);
      assertThat(capture.status().lastError())
          .hasValueSatisfying(error -> assertThat(error).contains("refused: dump"));
      profiler.refuse(null);
      await().atMost(Duration.ofSeconds(20)).until(profiler::isRunning);
    } finally {
      capture.shutdown();
    }
  }

  @Test
  void whatItDoesNotRecordHasAReason() {
    Capture capture = open();
    try {
      assertThat(capture.unavailable(JvmProfile.EXCEPTIONS))
          .hasValueSatisfying(reason -> assertThat(reason).contains("engine jfr"));
      assertThat(capture.unavailable(JvmProfile.PROCESS_CPU)).isEmpty();
      assertThat(capture.status().engine()).isEqualTo("async-profiler 0.0");
    } finally {
      capture.shutdown();
    }
  }

  @Test
  void requestsAfterTheEndFail() {
    Capture capture = open();
    capture.shutdown();
    capture.shutdown();
    assertThat(capture.open(Set.of(JvmProfile.MEMORY))).isCompletedExceptionally();
    assertThat(closings).hasValue(1);
  }
}
