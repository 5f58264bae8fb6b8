package dev.psc.jvm;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.jvm.internal.aggregate.SeriesSplitter;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.JvmExit;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pushes the profiles of each interval to a receiver. Windows follow each other without a gap. The
 * first has a random, shorter length, so that a fleet that starts together does not send together.
 */
final class Pusher {

  private static final Logger logger = LoggerFactory.getLogger(Pusher.class);
  private static final Duration MARK_TIMEOUT = Duration.ofSeconds(20);
  private static final Duration CLOSE_MARK_TIMEOUT = Duration.ofMillis(1_500);

  private final Profiler profiler;
  private final ProfileFactory factory;
  private final ProfileReceiver receiver;
  private final LabelSet labels;
  private final SeriesSplitter splitter;
  private final Duration interval;
  private final Thread thread;
  private final Object lock = new Object();
  private final Set<String> reported = new HashSet<>();
  private boolean closing;
  private long pushed;
  private long refused;
  private @Nullable String lastError;
  private @Nullable CompletableFuture<Window> window;

  /** The window whose end is awaited; at an exit it does not come any more. */
  private @Nullable CompletableFuture<Window> ending;

  Pusher(
      Profiler profiler,
      ProfileFactory factory,
      ProfileReceiver receiver,
      LabelSet labels,
      SeriesSplitter splitter,
      Duration interval,
      ThreadFactory threads) {
    this.splitter = splitter;
    this.profiler = profiler;
    this.factory = factory;
    this.receiver = receiver;
    this.labels = labels;
    this.interval = interval;
    this.thread = OwnThreads.thread(threads, "psc-jvm-push", this::run);
  }

  void start() {
    thread.start();
  }

  private Set<JvmProfile> selected(boolean moments) {
    Set<JvmProfile> selected = EnumSet.noneOf(JvmProfile.class);
    for (JvmProfile profile : profiler.pushedProfiles()) {
      if (profile.isMoment() == moments) {
        selected.add(profile);
      }
    }
    return selected;
  }

  private void run() {
    Capture capture = awaitCapture();
    if (capture != null) {
      open(capture);
    }
    double firstShare = 0.5 + ThreadLocalRandom.current().nextDouble() / 2;
    long next = System.nanoTime() + Math.round(interval.toNanos() * firstShare);
    boolean last = false;
    while (!last) {
      last = !sleepUntil(next);
      try {
        if (capture != null) {
          roll(capture, last);
        }
        pushMoments();
      } catch (InterruptedException e) {
        logger.debug("Ignoring an interrupt; only close() ends pushing", e);
      } catch (RuntimeException e) {
        failed("failed to push an interval: " + e);
      }
      next = Math.max(next + interval.toNanos(), System.nanoTime());
    }
  }

  private @Nullable Capture awaitCapture() {
    try {
      return capture().get(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException | TimeoutException e) {
      logger.debug("No capture of events; pushing thread dumps only", e);
      return null;
    }
  }

  private CompletableFuture<Capture> capture() {
    return profiler
        .capture()
        .orElseGet(
            () ->
                CompletableFuture.failedFuture(
                    new CaptureUnavailableException("profiling is being stopped")));
  }

  private void open(Capture capture) {
    CompletableFuture<Window> opened = capture.open(selected(false));
    synchronized (lock) {
      window = opened;
    }
  }

  /** Returns false if pushing has ended. */
  private boolean sleepUntil(long deadlineNanos) {
    synchronized (lock) {
      while (!closing) {
        long left = (deadlineNanos - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return true;
        }
        try {
          lock.wait(left);
        } catch (InterruptedException e) {
          logger.debug("Ignoring an interrupt; only close() ends pushing", e);
          return !closing;
        }
      }
    }
    return false;
  }

  private void roll(Capture capture, boolean last) throws InterruptedException {
    CompletableFuture<Window> current;
    synchronized (lock) {
      current = window;
      ending = window;
      window = null;
    }
    if (current == null) {
      open(capture);
      return;
    }
    try {
      if (last) {
        capture
            .close(current)
            .get(CLOSE_MARK_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .forEach(this::push);
        return;
      }
      Capture.Roll roll =
          capture
              .roll(current, selected(false))
              .get(MARK_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      synchronized (lock) {
        if (ending == null) {
          return; // pushed by the thread that ends the JVM
        }
        ending = null;
        window = CompletableFuture.completedFuture(roll.next());
      }
      roll.snapshots().forEach(this::push);
    } catch (ExecutionException | TimeoutException e) {
      if (JvmExit.isUnderWay()) {
        logger.debug("The flight recorder has ended with the JVM", e);
        return;
      }
      failed("an interval did not end in time: " + JvmFailures.message(e));
      if (!last) {
        open(capture);
      }
    }
  }

  private void pushMoments() throws InterruptedException {
    for (JvmProfile profile : selected(true)) {
      try {
        if (profile == JvmProfile.GOROUTINE) {
          splitter
              .split(factory.threads())
              .forEach((series, part) -> hand(profile, series, factory.moment(part), 0));
        } else {
          hand(profile, LabelSet.empty(), factory.moment(profile), 0);
        }
      } catch (Profiler.UnavailableException e) {
        failed(profile.profileName() + ": " + e.getMessage());
      }
    }
  }

  private void push(Snapshot snapshot) {
    if (snapshot.table().size() == 0) {
      return; // nothing happened
    }
    splitter
        .split(snapshot)
        .forEach(
            (series, part) ->
                hand(
                    part.profile(),
                    series,
                    factory.delta(part),
                    Math.max(1, part.durationNanos())));
  }

  private void hand(
      JvmProfile profile,
      LabelSet series,
      ProfileFactory.EncodableProfile made,
      long durationNanos) {
    LabelSet all = labels.withAll(series).with(LabelSet.NAME, profile.profileName());
    RawProfile raw =
        RawProfile.builder(all, made.pprof())
            .timeNanos(made.timeNanos())
            .durationNanos(durationNanos)
            .build();
    Acceptance acceptance = receiver.accept(raw);
    synchronized (lock) {
      if (acceptance instanceof Acceptance.Refused no) {
        refused++;
        lastError = no.reason() + ": " + no.message();
      } else {
        pushed++;
      }
    }
  }

  private void failed(String message) {
    synchronized (lock) {
      lastError = message;
      if (!reported.add(message) || reported.size() > 100) {
        return;
      }
    }
    logger.warn("Failed to push profiles: {}", message);
  }

  PushStatus status() {
    synchronized (lock) {
      return new PushStatus(interval, pushed, refused, Optional.ofNullable(lastError));
    }
  }

  /**
   * Pushes the last interval and ends.
   *
   * @param exiting whether the JVM is exiting, so that the stream has already ended: the counts so
   *     far are pushed
   */
  void close(boolean exiting) {
    CompletableFuture<Window> current = null;
    synchronized (lock) {
      if (closing) {
        return;
      }
      if (exiting) {
        current = window == null ? ending : window;
        window = null;
        ending = null;
      }
      closing = true;
      lock.notifyAll();
    }
    CompletableFuture<Capture> capture = capture();
    if (current != null && current.isDone() && !current.isCompletedExceptionally()) {
      Window left = current.join();
      for (JvmProfile profile : selected(false)) {
        push(capture.join().peek(left, profile));
      }
      return;
    }
    try {
      thread.join(CLOSE_MARK_TIMEOUT.toMillis() + 1_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
