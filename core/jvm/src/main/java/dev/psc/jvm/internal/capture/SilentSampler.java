package dev.psc.jvm.internal.capture;

import java.time.Duration;

/**
 * Detects that samples by CPU time do not arrive although a thread runs, as happens if another
 * profiler handles their signal. Guarded by the aggregator's lock.
 */
final class SilentSampler {

  /** The periods of one thread without any sample in the process after which no sample is late. */
  private static final int MANY_PERIODS = 50;

  private final long periodNanos;
  private long unsampledNanos;
  private long samplesBefore;

  SilentSampler(Duration period) {
    this.periodNanos = period.toNanos();
  }

  /**
   * Evaluates a segment.
   *
   * @param busiestNanos the CPU time of the thread that used most in the segment
   * @param samples the number of samples so far
   * @return whether samples are missing
   */
  boolean isSilent(long busiestNanos, long samples) {
    if (samples != samplesBefore) {
      samplesBefore = samples;
      unsampledNanos = 0;
      return false;
    }
    // A thread that runs for less than a period may have none.
    unsampledNanos += Math.max(0, busiestNanos - periodNanos);
    return unsampledNanos > MANY_PERIODS * periodNanos;
  }
}
