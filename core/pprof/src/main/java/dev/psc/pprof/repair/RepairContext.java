package dev.psc.pprof.repair;

/**
 * What is known of a profile from how it was fetched, for {@link Repair} to fill in what the
 * profile itself lacks. Immutable.
 *
 * @param timeNanos when it was asked for, in nanoseconds since 1970; 0 when that is not known
 * @param durationNanos the time that it covers, for profiles that were asked to cover one; 0 for
 *     those that cover none, whose duration then stays as it is
 */
public record RepairContext(long timeNanos, long durationNanos) {

  private static final RepairContext NONE = new RepairContext(0, 0);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException when one is negative
   */
  public RepairContext {
    if (timeNanos < 0) {
      throw new IllegalArgumentException("timeNanos must not be negative: " + timeNanos);
    }
    if (durationNanos < 0) {
      throw new IllegalArgumentException("durationNanos must not be negative: " + durationNanos);
    }
  }

  /** Returns the context in which nothing is known. */
  public static RepairContext none() {
    return NONE;
  }
}
