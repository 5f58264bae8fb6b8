package dev.psc.jvm.internal.capture;

/**
 * The measured interval of a sampler, which is longer than the set one because the sampler waits
 * for a processor and takes time for its samples. Guarded by the aggregator's lock.
 */
final class SamplingInterval {

  /** The number of intervals from which the sum is halved, so that later ones count more. */
  private static final int MAX = 1_000;

  /** The number of intervals of the set length that the mean starts with. */
  private static final int INITIAL = 20;

  /** The longest time by which a sample may be late; beyond it the clock was set back. */
  private static final long MAX_DISORDER = 5_000_000_000L;

  private final long setNanos;
  private long last;
  private double sum;
  private double count;

  SamplingInterval(long setNanos) {
    this.setNanos = setNanos;
    this.sum = (double) setNanos * INITIAL;
    this.count = INITIAL;
  }

  /** Adds the time of a sample; times may repeat and be out of order. */
  void add(long nanos) {
    long since = nanos - last;
    if (since > -MAX_DISORDER && since < setNanos / 2) {
      return; // another thread of the same round, or of an earlier one
    }
    if (since > 0 && since < setNanos * 3 / 2) {
      sum += since;
      count++;
      if (count >= MAX) {
        sum /= 2;
        count /= 2;
      }
    }
    last = nanos;
  }

  double nanos() {
    return sum / count;
  }
}
