package dev.psc.scrape.discovery;

import dev.psc.scrape.settings.Durations;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A discovery that polls a source of targets: immediately, and then at an interval counted from the
 * end of the last response. After a failure the last good targets stay, and the status shows the
 * failure. Its first occurrence and each change of its message are logged. Thread-safe.
 */
public final class PollingDiscovery implements TargetDiscovery {

  private static final Logger logger = LoggerFactory.getLogger(PollingDiscovery.class);

  private final String name;
  private final Duration interval;
  private final TargetLister lister;
  private final DiscoveryContext context;
  private final Object lock = new Object();

  // Guarded by lock.
  private @Nullable TargetSink sink;
  private @Nullable ScheduledFuture<?> next;
  private @Nullable Thread listing;
  private boolean asked;
  private boolean again;
  private boolean closed;
  private @Nullable String lastFailure;

  /**
   * Creates a discovery that starts nothing yet.
   *
   * @param name names it in logs, e.g. {@code http_sd http://host/targets}; without secrets
   * @param interval the pause after a response, more than zero
   * @param lister lists the current targets
   * @param context provides the threads
   */
  public PollingDiscovery(
      String name, Duration interval, TargetLister lister, DiscoveryContext context) {
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException("interval must be positive, but was " + interval);
    }
    this.name = Objects.requireNonNull(name, "name");
    this.interval = interval;
    this.lister = Objects.requireNonNull(lister, "lister");
    this.context = Objects.requireNonNull(context, "context");
  }

  @Override
  public void start(TargetSink sink) {
    synchronized (lock) {
      this.sink = Objects.requireNonNull(sink, "sink");
    }
    refreshNow();
  }

  /**
   * Polls now instead of at the end of the interval, or once more after a poll that is running. For
   * mechanisms that also get notifications of changes. Returns immediately.
   */
  public void refreshNow() {
    synchronized (lock) {
      if (closed || sink == null) {
        return;
      }
      if (next != null) {
        next.cancel(false);
        next = null;
      }
      if (asked) {
        again = true;
        return;
      }
      asked = true;
    }
    try {
      context.blocking().execute(this::refresh);
    } catch (RejectedExecutionException e) {
      logger.debug("{}: not refreshing, because the scraper is shutting down", name, e);
    }
  }

  private void refresh() {
    TargetSink current;
    synchronized (lock) {
      current = sink;
      if (closed || current == null) {
        return;
      }
      listing = Thread.currentThread();
      again = false;
    }
    try {
      current.replace(lister.list());
      recovered();
    } catch (InterruptedException ignored) {
      Thread.currentThread().interrupt();
    } catch (DiscoveryException e) {
      failed(current, String.valueOf(e.getMessage()), e);
    } catch (RuntimeException | StackOverflowError fault) {
      failed(current, name + " failed: " + fault, fault);
    } finally {
      boolean soon;
      synchronized (lock) {
        listing = null;
        asked = false;
        if (closed) {
          // The thread returns to a pool, and close() may have interrupted it.
          Thread.interrupted();
        }
        soon = again && !closed;
      }
      if (soon) {
        refreshNow();
      } else {
        scheduleNext();
      }
    }
  }

  private void scheduleNext() {
    synchronized (lock) {
      if (closed) {
        return;
      }
      try {
        next =
            context
                .scheduler()
                .schedule(this::refreshNow, interval.toNanos(), TimeUnit.NANOSECONDS);
      } catch (RejectedExecutionException e) {
        logger.debug("{}: no further refresh, because the scraper is shutting down", name, e);
      }
    }
  }

  private void recovered() {
    boolean failedBefore;
    synchronized (lock) {
      failedBefore = lastFailure != null;
      lastFailure = null;
    }
    if (failedBefore) {
      logger.info("{}: works again", name);
    }
  }

  private void failed(TargetSink current, String message, Throwable cause) {
    boolean closedMeanwhile;
    boolean changed;
    synchronized (lock) {
      closedMeanwhile = closed;
      changed = !message.equals(lastFailure);
      lastFailure = message;
    }
    if (closedMeanwhile) {
      return;
    }
    current.failed(message);
    if (changed) {
      logger.warn(
          "{}; keeping the last good targets, next try in {}",
          message,
          Durations.format(interval),
          cause instanceof DiscoveryException ? null : cause);
    }
  }

  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      sink = null;
      if (next != null) {
        next.cancel(false);
      }
      if (listing != null) {
        listing.interrupt();
      }
    }
  }
}
