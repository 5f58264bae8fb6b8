package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.FileDescriptors;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.jspecify.annotations.Nullable;

/**
 * A recording of old objects, separate from the stream because the JDK writes them only when a
 * recording is dumped. It samples at most 256 objects, with a bias towards large ones. Thread-safe.
 */
final class JfrLeaks implements AutoCloseable {

  static final String NAME = "psc leak suspects";
  private static final String EVENT = "jdk.OldObjectSample";

  /** The age from which on an object is a suspect. */
  static final Duration LEAST_AGE = Duration.ofSeconds(10);

  private static final String NO_PATHS = "0 ns";

  /** How long the JDK may search for paths, while the application is stopped. */
  private static final String PATHS = "1 s";

  private final Path directory;
  private final Duration leastAge;
  private @Nullable Recording recording;

  /**
   * @param directory the directory of temporary dumps
   * @param leastAge the age of the youngest objects
   */
  JfrLeaks(Path directory, Duration leastAge) {
    this.directory = directory;
    this.leastAge = leastAge;
  }

  /** Starts sampling; earlier allocations are not sampled. */
  synchronized void start() {
    if (recording == null) {
      FileDescriptors.requireForRecording();
      Recording fresh = new Recording();
      fresh.setName(NAME);
      fresh.setToDisk(false);
      fresh.enable(EVENT).with("cutoff", NO_PATHS).withStackTrace();
      fresh.start();
      recording = fresh;
    }
  }

  /**
   * Returns the sampled objects of at least the configured age, by allocation stack.
   *
   * @param paths whether the JDK searches for what holds them, which stops the application for at
   *     most about a second
   */
  synchronized Snapshot take(boolean paths) throws IOException {
    start();
    Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
    long now = Clocks.epochNanos();
    Recording running = recording;
    Path file = Files.createTempFile(directory, "old-objects", ".jfr");
    try {
      if (running != null) {
        FileDescriptors.requireForRecording();
        dump(running, file, paths);
      }
      synchronized (aggregator) {
        Window window = aggregator.open(Set.of(JvmProfile.LEAK_SUSPECTS), now);
        RecordedEvents view = new RecordedEvents(aggregator, id -> false, false);
        try (RecordingFile events = new RecordingFile(file)) {
          while (events.hasMoreEvents()) {
            RecordedEvent event = events.readEvent();
            if (event.getEventType().getName().equals(EVENT)
                && event.getDuration("objectAge").compareTo(leastAge) >= 0) {
              EventCounter.oldObject(aggregator, view.of(event));
            }
          }
        }
        return aggregator.snapshot(window, JvmProfile.LEAK_SUSPECTS, now);
      }
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static void dump(Recording running, Path file, boolean paths) throws IOException {
    if (!paths) {
      running.dump(file);
      return;
    }
    running.enable(EVENT).with("cutoff", PATHS).withStackTrace();
    try {
      running.dump(file);
    } finally {
      running.enable(EVENT).with("cutoff", NO_PATHS).withStackTrace();
    }
  }

  @Override
  public synchronized void close() {
    if (recording != null) {
      recording.close();
      recording = null;
    }
  }
}
