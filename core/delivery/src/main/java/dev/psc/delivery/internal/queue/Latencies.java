package dev.psc.delivery.internal.queue;

import java.time.Duration;

/** A histogram of durations with five buckets to the factor of two. Not thread-safe. */
final class Latencies {

  private static final double BUCKETS_PER_OCTAVE = 5;
  private static final int BUCKETS = 5 * 60;

  private final long[] counts = new long[BUCKETS];
  private long total;
  private long maxNanos;

  void add(long nanos) {
    counts[bucket(nanos)]++;
    total++;
    maxNanos = Math.max(maxNanos, nanos);
  }

  Duration max() {
    return Duration.ofNanos(maxNanos);
  }

  /** Returns the upper end of the bucket that the quantile falls in, or zero without values. */
  Duration quantile(double q) {
    long rank = (long) Math.ceil(q * total);
    long seen = 0;
    for (int i = 0; i < BUCKETS && total > 0; i++) {
      seen += counts[i];
      if (seen >= rank) {
        double upper = Math.pow(2, (i + 1) / BUCKETS_PER_OCTAVE);
        return Duration.ofNanos(Math.min(maxNanos, (long) upper));
      }
    }
    return Duration.ZERO;
  }

  private static int bucket(long nanos) {
    double octaves = Math.log((double) Math.max(1, nanos)) / Math.log(2);
    return Math.min(BUCKETS - 1, (int) (octaves * BUCKETS_PER_OCTAVE));
  }
}
