package dev.psc.delivery.internal.send;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * The back-off after consecutive failures: a random time between zero and a limit that doubles with
 * each failure ("full jitter"), so that many clients do not retry simultaneously.
 */
final class Backoff {

  private final long firstNanos;
  private final long maxNanos;
  private final DoubleSupplier random;

  Backoff(Duration first, Duration max, DoubleSupplier random) {
    this.firstNanos = first.toNanos();
    this.maxNanos = max.toNanos();
    this.random = random;
  }

  /** Returns the back-off after a number of failures, at least 1. */
  long nanos(int failures) {
    return (long) (random.getAsDouble() * limitNanos(failures));
  }

  /**
   * Returns the back-off for a delay requested by the sink: the delay plus up to 10 % jitter, so
   * that many clients do not retry simultaneously.
   */
  long nanos(int failures, Duration asked) {
    long nanos = Math.max(0, asked.toNanos());
    return Math.max(nanos + (long) (random.getAsDouble() * 0.1 * nanos), nanos(failures));
  }

  private long limitNanos(int failures) {
    int doublings = Math.min(failures - 1, 40);
    double limit = (double) firstNanos * (1L << doublings);
    return (long) Math.min(limit, (double) maxNanos);
  }
}
