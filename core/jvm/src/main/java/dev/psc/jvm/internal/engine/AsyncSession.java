package dev.psc.jvm.internal.engine;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.recording.GrowingRecording;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.NativeProfiler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The runs of the profiler, one after the other, and the file of each. Two names take turns, so
 * that a file that is left is found and removed. For one thread.
 */
final class AsyncSession {

  private final NativeProfiler profiler;
  private final AsyncCommands commands;
  private final Path directory;
  private Set<JvmProfile> recorded = Set.of();
  private int starts;
  private @Nullable Path file;
  private @Nullable GrowingRecording recording;

  AsyncSession(NativeProfiler profiler, AsyncCommands commands, Path directory) {
    this.profiler = profiler;
    this.commands = commands;
    this.directory = directory;
  }

  /** Returns the profiles that are recorded now; none if the profiler is not running. */
  Set<JvmProfile> recorded() {
    return recorded;
  }

  /**
   * Starts the profiler.
   *
   * @throws IOException if the file cannot be written
   * @throws IllegalStateException if the profiler does not start, with the profiler's reason
   */
  void start(Set<JvmProfile> profiles) throws IOException {
    Path next = directory.resolve(starts++ % 2 == 0 ? "async-0.jfr" : "async-1.jfr");
    Files.deleteIfExists(next);
    Files.createFile(next);
    next.toFile().deleteOnExit();
    boolean started = false;
    try {
      String unused = profiler.execute(commands.start(profiles, next));
      started = true;
    } finally {
      if (!started) {
        Files.deleteIfExists(next);
      }
    }
    file = next;
    recording = new GrowingRecording(next);
    recorded = Set.copyOf(profiles);
  }

  /** Reads the events until now. */
  void read(Aggregator aggregator, JfrThreads threads, Map<String, Consumer<JfrEvent>> handlers)
      throws IOException {
    if (file != null && recording != null) {
      String unused = profiler.execute(AsyncCommands.dump(file));
      synchronized (aggregator) {
        recording.read(aggregator, threads, handlers);
      }
    }
  }

  /** Stops the profiler and reads the rest. Without effect if it is not running. */
  void stop(Aggregator aggregator, JfrThreads threads, Map<String, Consumer<JfrEvent>> handlers)
      throws IOException {
    Path written = file;
    GrowingRecording read = recording;
    file = null;
    recording = null;
    recorded = Set.of();
    if (written == null || read == null) {
      return;
    }
    try (read) {
      String unused = profiler.execute(AsyncCommands.stop(written));
      synchronized (aggregator) {
        read.read(aggregator, threads, handlers);
      }
    } finally {
      Files.deleteIfExists(written);
    }
  }

  /** Returns the bytes of the file so far. */
  long bytes() throws IOException {
    return recording == null ? 0 : recording.bytes();
  }
}
