package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The running capture of this JVM's events. Windows begin and end at marks in the order of events,
 * which arrive within about a second; an event is counted in exactly one of two windows that follow
 * each other. Thread-safe.
 */
public interface Capture {

  /**
   * Begins a window; from then on the events that its profiles need are on.
   *
   * @param whenBegun called when the window begins, up to a second before that is known to have
   *     come through the stream; perhaps more than once
   */
  CompletableFuture<Window> open(Set<JvmProfile> profiles, Runnable whenBegun);

  /** Begins a window of which only the result matters. */
  default CompletableFuture<Window> open(Set<JvmProfile> profiles) {
    return open(profiles, () -> {});
  }

  /** Ends a window that {@link #open} returned, and returns one snapshot per profile of it. */
  CompletableFuture<List<Snapshot>> close(CompletableFuture<Window> window);

  /** Ends a window and begins another at the same mark. */
  CompletableFuture<Roll> roll(CompletableFuture<Window> window, Set<JvmProfile> next);

  /** Returns what a window has at this moment. */
  Snapshot peek(Window window, JvmProfile profile);

  /** Changes what a window counts, from now on; sums of profiles that stay go on. */
  void count(Window window, Set<JvmProfile> profiles);

  /**
   * Returns sampled objects that have lived long; the first call begins to sample.
   *
   * @throws IOException when the recording cannot be written
   */
  Snapshot leakSuspects() throws IOException;

  /** Returns what runs, what it costs and what was lost. */
  CaptureStatus status();

  /** Ends capture within two seconds and removes its files; idempotent. */
  void shutdown();

  /**
   * A change of windows.
   *
   * @param next the window that has begun
   * @param snapshots what the one that ended has
   */
  record Roll(Window next, List<Snapshot> snapshots) {}
}
