package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.engine.Engines;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
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

  private final CaptureSettings settings;
  private final ThreadFactory threads;
  private final Semaphore windows = new Semaphore(MAX_WINDOWS);
  private final CountDownLatch closing = new CountDownLatch(1);
  private volatile CompletableFuture<Window> totals = new CompletableFuture<>();
  private volatile Set<JvmProfile> profiles;
  private volatile CompletableFuture<Capture> capture =
      CompletableFuture.failedFuture(new CaptureUnavailableException("profiling has not started"));

  Profiler(CaptureSettings settings, Set<JvmProfile> profiles, ThreadFactory threads) {
    this.settings = settings;
    this.profiles = Set.copyOf(profiles);
    this.threads = threads;
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

  void start() {
    ThreadTraces.SHARED.load();
    CompletableFuture<Capture> coming = SharedCapture.acquire(settings, threads, Engines::open);
    capture = coming;
    Set<JvmProfile> cumulative = cumulative();
    totals = coming.thenCompose(running -> running.openTotals(cumulative));
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
    CompletableFuture<?> unused =
        totals.thenAccept(window -> capture.join().count(window, cumulative));
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
    CompletableFuture<Capture> coming = capture;
    return coming.isDone() && !coming.isCompletedExceptionally()
        ? Optional.of(coming.join().status())
        : Optional.empty();
  }

  Optional<String> unavailable() {
    CompletableFuture<Capture> coming = capture;
    if (!coming.isCompletedExceptionally()) {
      return Optional.empty();
    }
    Throwable failure = coming.handle((running, e) -> e).join();
    return Optional.of(JvmFailures.message(failure));
  }

  Set<JvmProfile> profiles() {
    return profiles;
  }

  CaptureSettings settings() {
    return settings;
  }

  CompletableFuture<Capture> capture() {
    return capture;
  }

  /** Returns the running total of a profile since the start. */
  Snapshot total(JvmProfile profile) throws UnavailableException, InterruptedException {
    Capture running = running(profile);
    return running.peek(await(totals, "the start of capture"), profile);
  }

  /**
   * Returns the profile of a span of time that starts now. Blocks for that time and about a second.
   */
  Snapshot span(JvmProfile profile, Duration length)
      throws UnavailableException, InterruptedException {
    Capture running = running(profile);
    if (!windows.tryAcquire()) {
      throw new UnavailableException(
          MAX_WINDOWS + " requests with seconds are already running; retry later", true);
    }
    try {
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Window> window = running.open(Set.of(profile), begun::countDown);
      // Takes a moment after the start and on an overloaded machine.
      if (!begun.await(START_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        forget(window);
        throw new UnavailableException("the window did not start in time", true);
      }
      if (closing.await(length.toNanos(), TimeUnit.NANOSECONDS)) {
        forget(window);
        throw new UnavailableException("profiling is being stopped", false);
      }
      List<Snapshot> snapshots = await(running.close(window), "the end of the window");
      return snapshots.get(0);
    } finally {
      windows.release();
    }
  }

  /** Returns the capture, if it has the profile. */
  Capture running(JvmProfile profile) throws UnavailableException, InterruptedException {
    Capture running = await(capture, "the capture of events");
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
  private void forget(CompletableFuture<Window> window) {
    CompletableFuture<?> unused =
        window.thenCompose(
            opened -> capture.join().close(CompletableFuture.completedFuture(opened)));
  }

  void close() {
    closing.countDown();
    forget(totals);
    SharedCapture.release();
  }
}
