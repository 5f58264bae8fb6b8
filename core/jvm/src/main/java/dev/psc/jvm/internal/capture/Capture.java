package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * A running capture of this JVM's events. Windows begin and end at marks in the event stream, which
 * arrive within about a second. An event is counted in exactly one of two consecutive windows.
 * Thread-safe.
 */
public interface Capture {

  /**
   * Opens a window and enables the events that its profiles need.
   *
   * @param whenBegun called when the window begins, up to a second before the stream confirms it;
   *     may be called more than once
   */
  CompletableFuture<Window> open(Set<JvmProfile> profiles, Runnable whenBegun);

  /** Opens a window. */
  default CompletableFuture<Window> open(Set<JvmProfile> profiles) {
    return open(profiles, () -> {});
  }

  /** Opens a window of running totals, whose samples have no trace ids. */
  CompletableFuture<Window> openTotals(Set<JvmProfile> profiles);

  /** Ends a window that {@link #open} returned, and returns one snapshot per profile of it. */
  CompletableFuture<List<Snapshot>> close(CompletableFuture<Window> window);

  /** Ends a window and begins another at the same mark. */
  CompletableFuture<Roll> roll(CompletableFuture<Window> window, Set<JvmProfile> next);

  /** Returns the current sums of one profile of a window. */
  Snapshot peek(Window window, JvmProfile profile);

  /** Changes the profiles of a window; sums of profiles that stay are kept. */
  void count(Window window, Set<JvmProfile> profiles);

  /**
   * Returns sampled long-lived objects; the first call starts sampling.
   *
   * @param paths whether to search for what holds them, which stops the application meanwhile
   * @throws IOException if the recording cannot be written
   */
  Snapshot leakSuspects(boolean paths) throws IOException;

  /** Returns why this capture cannot have a profile, if it cannot. */
  default Optional<String> unavailable(JvmProfile profile) {
    return Optional.empty();
  }

  /** Returns the status: active profiles, cost and losses. */
  CaptureStatus status();

  /** Ends the capture and removes its files within two seconds. Idempotent. */
  void shutdown();

  /**
   * A change of windows.
   *
   * @param next the window that was opened
   * @param snapshots the snapshots of the window that was closed
   */
  record Roll(Window next, List<Snapshot> snapshots) {}
}
