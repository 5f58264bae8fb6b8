package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.engine.Engines;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.ProfilingEngine;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A capture of events that runs while profiles are needed: all the time if they are pushed,
 * otherwise from a request until a timeout without further requests. Thread-safe.
 */
final class OnDemandCapture implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(OnDemandCapture.class);

  /**
   * One capture from its start to its end.
   *
   * @param capture the capture, when it is ready
   * @param totals the window of the running totals, when it is open
   * @param startedNanos when it was started, by {@link System#nanoTime}
   */
  record Session(
      CompletableFuture<Capture> capture, CompletableFuture<Window> totals, long startedNanos) {}

  /** A use of the capture, which does not end before it. */
  final class Use implements AutoCloseable {

    private final Session used;

    private Use(Session used) {
      this.used = used;
    }

    Session session() {
      return used;
    }

    @Override
    public void close() {
      done();
    }
  }

  private final CaptureSettings settings;
  private final Duration idleTimeout;
  private final ThreadFactory threads;
  private final Supplier<Set<JvmProfile>> cumulative;
  private @Nullable Session session;
  private boolean started;
  private boolean always;
  private boolean closed;
  private int uses;
  private long lastUseNanos;

  /**
   * Creates a capture that is not running.
   *
   * @param idleTimeout how long it runs after its last use; zero is for ever
   * @param cumulative the profiles of which running totals are kept
   */
  OnDemandCapture(
      CaptureSettings settings,
      Duration idleTimeout,
      ThreadFactory threads,
      Supplier<Set<JvmProfile>> cumulative) {
    this.settings = settings;
    this.idleTimeout = idleTimeout;
    this.threads = threads;
    this.cumulative = cumulative;
  }

  /**
   * Starts the capture, or prepares its start.
   *
   * @param pushed whether it is used all the time
   */
  synchronized void start(boolean pushed) {
    started = true;
    always = pushed || idleTimeout.isZero();
    if (always) {
      session = begin();
      return;
    }
    // Scopes that are open when a capture starts have their labels.
    ThreadLabels.SHARED.begin();
    if (settings.engine() == ProfilingEngine.JFR && SharedCapture.startsBetterEarly()) {
      SharedCapture.prepare(settings, threads);
    }
  }

  private Session begin() {
    CompletableFuture<Capture> coming = SharedCapture.acquire(settings, threads, Engines::open);
    Set<JvmProfile> totals = cumulative.get();
    return new Session(
        coming, coming.thenCompose(running -> running.openTotals(totals)), System.nanoTime());
  }

  /** Returns whether the capture runs all the time. */
  synchronized boolean isPermanent() {
    return always;
  }

  /** Returns how long the capture runs after its last use. */
  Duration idleTimeout() {
    return idleTimeout;
  }

  /** Returns the running capture, if it is running. */
  synchronized Optional<Session> running() {
    return Optional.ofNullable(session);
  }

  /** Starts the capture unless it is running, and keeps it until the end of the use. */
  synchronized Use use() throws Profiler.UnavailableException {
    if (closed) {
      throw new Profiler.UnavailableException("profiling is being stopped", false);
    }
    Session current = session;
    if (current == null) {
      Session begun = begin();
      session = begun;
      current = begun;
      OwnThreads.thread(threads, "psc-jvm-idle", () -> endWhenIdle(begun)).start();
    }
    uses++;
    return new Use(current);
  }

  private synchronized void done() {
    uses--;
    lastUseNanos = System.nanoTime();
  }

  @SuppressWarnings("ReferenceEquality") // this very capture, not one like it
  private void endWhenIdle(Session watched) {
    synchronized (this) {
      while (session == watched) {
        long left = leftNanos();
        if (left > 0) {
          pause(left);
        } else {
          session = null;
        }
      }
      if (closed) {
        return;
      }
    }
    logger.info(
        "No profile was requested for {} s; capture stops until the next request, which"
            + " restarts the running totals",
        idleTimeout.toSeconds());
    end(watched);
  }

  private long leftNanos() {
    return uses > 0
        ? idleTimeout.toNanos()
        : lastUseNanos + idleTimeout.toNanos() - System.nanoTime();
  }

  private synchronized void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.timedWait(this, nanos);
    } catch (InterruptedException e) {
      logger.debug("Interrupted; only time and close() end this thread", e);
    }
  }

  private static void end(Session ended) {
    CompletableFuture<?> unused =
        ended.totals.thenCompose(
            window -> ended.capture.join().close(CompletableFuture.completedFuture(window)));
    SharedCapture.release();
  }

  @Override
  public void close() {
    Session last;
    synchronized (this) {
      if (!always && started && !closed) {
        ThreadLabels.SHARED.end();
      }
      closed = true;
      last = session;
      session = null;
      notifyAll();
    }
    if (last != null) {
      end(last);
    }
  }
}
