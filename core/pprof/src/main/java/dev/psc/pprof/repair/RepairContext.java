package dev.psc.pprof.repair;

/**
 * Facts known from the request that fetched a profile, from which {@link Repair} fills in what the
 * profile lacks. Immutable.
 *
 * @param timeNanos the time of the request, in nanoseconds since 1970; 0 if unknown
 * @param durationNanos the requested duration in nanoseconds; 0 for snapshots, whose duration stays
 *     unchanged
 */
public record RepairContext(long timeNanos, long durationNanos) {

  private static final RepairContext NONE = new RepairContext(0, 0);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is negative
   */
  public RepairContext {
    if (timeNanos < 0) {
      throw new IllegalArgumentException("timeNanos must not be negative, but was " + timeNanos);
    }
    if (durationNanos < 0) {
      throw new IllegalArgumentException(
          "durationNanos must not be negative, but was " + durationNanos);
    }
  }

  /** Returns the empty context. */
  public static RepairContext none() {
    return NONE;
  }
}
