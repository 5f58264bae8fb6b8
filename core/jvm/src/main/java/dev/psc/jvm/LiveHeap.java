package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Histograms of the live heap. Each one stops the application: for a short time with large arrays,
 * for 1.6 s per GB with objects of 24 bytes. The pause of the last histogram limits the size of the
 * heap for the next one and the time until then. Thread-safe.
 */
final class LiveHeap {

  /** The largest heap of a first histogram, of which nothing is known. */
  private static final long FIRST_MAX_BYTES = 1L << 30;

  /** The longest pause that is expected and allowed. */
  private static final double MAX_PAUSE_SECONDS = 1.5;

  /** The time between two histograms, in pauses: they take at most 0.5 % of the time. */
  private static final long PAUSES_BETWEEN = 200;

  /** Below this size, the pause does not predict that of larger heaps. */
  private static final long MIN_TELLING_BYTES = 64L << 20;

  private final long intervalNanos;
  private final @Nullable Long maxBytes;
  private final Supplier<Snapshot> taker;
  private final LongSupplier usedBytes;
  private final LongSupplier clock;

  // Guarded by this.
  private @Nullable Snapshot last;
  private long nextNanos;
  private double secondsPerByte;

  /**
   * Creates it without a histogram.
   *
   * @param maxBytes the largest used heap; if absent, it follows from the pause
   */
  LiveHeap(
      Duration interval,
      @Nullable Long maxBytes,
      Supplier<Snapshot> taker,
      LongSupplier usedBytes,
      LongSupplier clock) {
    this.intervalNanos = interval.toNanos();
    this.maxBytes = maxBytes;
    this.taker = taker;
    this.usedBytes = usedBytes;
    this.clock = clock;
  }

  /**
   * Returns a histogram, which may be the last one.
   *
   * @throws CaptureUnavailableException if the heap is too large, or this JVM has no histogram
   */
  synchronized Snapshot get() {
    long start = clock.getAsLong();
    Snapshot known = last;
    if (known != null && start - nextNanos < 0) {
      return known;
    }
    check(usedBytes.getAsLong());
    Snapshot taken = taker.get();
    long nanos = clock.getAsLong() - start;
    long live = usedBytes.getAsLong();
    if (live >= MIN_TELLING_BYTES) {
      secondsPerByte = nanos / 1e9 / live;
    }
    last = taken;
    nextNanos = start + nanos + Math.max(intervalNanos, nanos * PAUSES_BETWEEN);
    return taken;
  }

  private void check(long used) {
    Long limit = maxBytes;
    if (limit != null || secondsPerByte == 0) {
      long max = limit == null ? FIRST_MAX_BYTES : limit;
      if (used > max) {
        throw new CaptureUnavailableException(
            "no histogram of the live heap: " + used + " bytes are in use, heapMaxBytes = " + max);
      }
      return;
    }
    double seconds = used * secondsPerByte;
    if (seconds > MAX_PAUSE_SECONDS) {
      throw new CaptureUnavailableException(
          String.format(
              Locale.ROOT,
              "no histogram of the live heap: it would pause the application for about %.1f s;"
                  + " set heapMaxBytes to allow it",
              seconds));
    }
  }
}
