package dev.psc.pprof.internal.wire;

/** Arithmetic that stops at the limits of {@code long} instead of overflowing. */
public final class SaturatingMath {

  private SaturatingMath() {}

  /** Returns the sum of two values, or the nearest limit of {@code long}. */
  public static long sum(long a, long b) {
    long sum = a + b;
    if (((a ^ sum) & (b ^ sum)) < 0) {
      return a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
    return sum;
  }
}
