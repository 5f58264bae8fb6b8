package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The source of profiles for the endpoint: running totals, spans of time and moments. Thread-safe.
 */
final class Profiler {

  /** The maximum number of concurrent spans. */
  static final int MAX_WINDOWS = 8;

  private static final long START_TIMEOUT_SECONDS = 10;
  private static final long MARK_TIMEOUT_SECONDS = 15;

  /** The time that a first total covers if its request starts the capture. */
  private static final long FIRST_TOTAL_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final CaptureSettings settings;
  private final OnDemandCapture captures;
  private final Semaphore windows = new Semaphore(MAX_WINDOWS);
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile Set<JvmProfile> profiles;

  Profiler(
      CaptureSettings settings,
      Duration idleTimeout,
      Set<JvmProfile> profiles,
      ThreadFactory threads) {
    this.settings = settings;
    this.profiles = Set.copyOf(profiles);
    this.captures = new OnDemandCapture(settings, idleTimeout, threads, this::cumulative);
  }

  /** Thrown if a profile is not available; the message has the reason. */
  static final class UnavailableException extends Exception {

    private static final long serialVersionUID = 1;

    private final boolean busy;

    UnavailableException(String message, boolean busy) {
      super(message);
      this.busy = busy;
    }

    /** Returns whether a later request may succeed. */
    boolean busy() {
      return busy;
    }
  }

  /**
   * Starts.
   *
   * @param pushed whether profiles are pushed, for which events are captured all the time
   */
  void start(boolean pushed) {
    ThreadTraces.SHARED.load();
    captures.start(pushed);
  }

  private Set<JvmProfile> cumulative() {
    Set<JvmProfile> cumulative = EnumSet.noneOf(JvmProfile.class);
    for (JvmProfile profile : profiles) {
      if (profile.isCumulative()) {
        cumulative.add(profile);
      } else if (profile == JvmProfile.HEAP) {
        cumulative.add(JvmProfile.MEMORY);
      }
    }
    return cumulative;
  }

  void reconfigure(Set<JvmProfile> wanted) {
    profiles = Set.copyOf(wanted);
    Set<JvmProfile> cumulative = cumulative();
    captures
        .running()
        .ifPresent(
            running -> {
              CompletableFuture<?> unused =
                  running
                      .totals()
                      .thenAccept(window -> running.capture().join().count(window, cumulative));
            });
  }

  /** Returns the profiles to push, without those that stop the application. */
  Set<JvmProfile> pushedProfiles() {
    Set<JvmProfile> pushed = EnumSet.noneOf(JvmProfile.class);
    pushed.addAll(profiles);
    pushed.remove(JvmProfile.HEAP);
    pushed.remove(JvmProfile.LEAK_SUSPECTS);
    return pushed;
  }

  Optional<CaptureStatus> captureStatus() {
    return captures
        .running()
        .map(OnDemandCapture.Session::capture)
        .filter(coming -> coming.isDone() && !coming.isCompletedExceptionally())
        .map(coming -> coming.join().status());
  }

  Optional<String> unavailable() {
    return captures
        .running()
        .map(OnDemandCapture.Session::capture)
        .filter(CompletableFuture::isCompletedExceptionally)
        .map(failed -> JvmFailures.message(failed.handle((running, e) -> e).join()));
  }

  Set<JvmProfile> profiles() {
    return profiles;
  }

  CaptureSettings settings() {
    return settings;
  }

  /** Returns the capture, which runs while profiles are pushed and after requests. */
  Optional<CompletableFuture<Capture>> capture() {
    return captures.running().map(OnDemandCapture.Session::capture);
  }

  /** Returns the running total of a profile since the start of the capture. */
  Snapshot total(JvmProfile profile) throws UnavailableException, InterruptedException {
    try (OnDemandCapture.Use use = captures.use()) {
      OnDemandCapture.Session session = use.session();
      Capture running = running(session, profile);
      Window window = await(session.totals(), "the start of capture");
      if (captures.isPermanent()) {
        return running.peek(window, profile);
      }
      long left = session.startedNanos() + FIRST_TOTAL_NANOS - System.nanoTime();
      if (left > 0 && closing.await(left, TimeUnit.NANOSECONDS)) {
        throw new UnavailableException("profiling is being stopped", false);
      }
      return withStart(running.peek(window, profile));
    }
  }

  private Snapshot withStart(Snapshot total) {
    List<String> comments = new ArrayList<>(total.comments());
    comments.add(
        "counted since "
            + Instant.ofEpochSecond(0, total.startNanos()).truncatedTo(ChronoUnit.SECONDS)
            + ": a request starts the capture, and "
            + captures.idleTimeout().toSeconds()
            + " s without one end it (idleTimeout)");
    return total.withComments(comments);
  }

  /**
   * Returns the profile of a span of time that starts now. Blocks for that time and about a second.
   */
  Snapshot span(JvmProfile profile, Duration length)
      throws UnavailableException, InterruptedException {
    if (!windows.tryAcquire()) {
      throw new UnavailableException(
          MAX_WINDOWS + " requests with seconds are already running; retry later", true);
    }
    try (OnDemandCapture.Use use = captures.use()) {
      Capture running = running(use.session(), profile);
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Window> window = running.open(Set.of(profile), begun::countDown);
      // Takes a moment after the start and on an overloaded machine.
      if (!begun.await(START_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        forget(running, window);
        throw new UnavailableException("the window did not start in time", true);
      }
      if (closing.await(length.toNanos(), TimeUnit.NANOSECONDS)) {
        forget(running, window);
        throw new UnavailableException("profiling is being stopped", false);
      }
      List<Snapshot> snapshots = await(running.close(window), "the end of the window");
      return snapshots.get(0);
    } finally {
      windows.release();
    }
  }

  /**
   * Returns the stacks of sampled objects that have lived long.
   *
   * @param paths whether to search for what holds them, which stops the application meanwhile
   */
  Snapshot leakSuspects(boolean paths)
      throws UnavailableException, InterruptedException, IOException {
    try (OnDemandCapture.Use use = captures.use()) {
      return running(use.session(), JvmProfile.LEAK_SUSPECTS).leakSuspects(paths);
    }
  }

  /** Returns the capture, if it has the profile. */
  private static Capture running(OnDemandCapture.Session session, JvmProfile profile)
      throws UnavailableException, InterruptedException {
    Capture running = await(session.capture(), "the capture of events");
    Optional<String> reason = running.unavailable(profile);
    if (reason.isPresent()) {
      throw new UnavailableException(reason.get(), false);
    }
    return running;
  }

  private static <T> T await(CompletableFuture<T> future, String what)
      throws UnavailableException, InterruptedException {
    try {
      return future.get(
          future.isDone() ? 0 : MARK_TIMEOUT_SECONDS + START_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new UnavailableException(what + " did not become ready in time", true);
    } catch (ExecutionException e) {
      throw new UnavailableException("not available: " + JvmFailures.message(e), false);
    }
  }

  /** Ends a window, now or when it begins, and discards its result. */
  private static void forget(Capture running, CompletableFuture<Window> window) {
    CompletableFuture<?> unused =
        window.thenCompose(opened -> running.close(CompletableFuture.completedFuture(opened)));
  }

  void close() {
    closing.countDown();
    captures.close();
  }
}
