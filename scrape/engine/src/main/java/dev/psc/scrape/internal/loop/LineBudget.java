package dev.psc.scrape.internal.loop;

import java.time.Duration;

/**
 * A limit on log lines: 300 in a burst and 10 a minute in the long run, with a count of the lines
 * beyond it. Not thread-safe.
 */
final class LineBudget {

  /** The most lines in a short time. */
  static final int BURST = 300;

  /** The number of lines a minute in the long run. */
  static final int PER_MINUTE = 10;

  private static final long SUMMARY_NANOS = Duration.ofMinutes(1).toNanos();
  private static final long NANOS_PER_LINE = SUMMARY_NANOS / PER_MINUTE;

  private long lines = BURST;
  private long refilledNanos;
  private long leftOut;
  private long leftOutSinceNanos;

  /**
   * Returns whether a line may be logged, and counts it if so.
   *
   * @param kept the lines to keep for others
   */
  boolean take(long nowNanos, int kept) {
    long earned = (nowNanos - refilledNanos) / NANOS_PER_LINE;
    lines = Math.min(BURST, lines + earned);
    refilledNanos += earned * NANOS_PER_LINE;
    if (lines <= kept) {
      return false;
    }
    lines--;
    return true;
  }

  /** Counts a line that was left out. */
  void leaveOut(long nowNanos) {
    if (leftOut++ == 0) {
      leftOutSinceNanos = nowNanos;
    }
  }

  /**
   * Returns the number of lines that were left out and restarts the count, if the first of them is
   * at least a minute old. Returns 0 otherwise.
   */
  long leftOut(long nowNanos) {
    if (leftOut == 0 || nowNanos - leftOutSinceNanos < SUMMARY_NANOS) {
      return 0;
    }
    long count = leftOut;
    leftOut = 0;
    return count;
  }
}
