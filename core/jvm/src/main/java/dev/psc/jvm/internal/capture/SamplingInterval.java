package dev.psc.jvm.internal.capture;

/**
 * The measured interval of a sampler, which is longer than the set one because the sampler waits
 * for a processor and takes time for its samples. Guarded by the aggregator's lock.
 */
final class SamplingInterval {

  /** The intervals after which the past counts half. */
  private static final int MAX = 1_000;

  /** How many intervals of the set length the measured ones are added to. */
  private static final int INITIAL = 20;

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
    if (since < setNanos / 2) {
      return; // a thread of the same round, or one of before
    }
    if (since < setNanos * 3 / 2) {
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
