package dev.psc.jvm.internal.recording;

/** Turns the ticks of a chunk into time, to the nanosecond as the JDK does. */
final class JfrClock {

  private final long startNanos;
  private final long startTicks;
  private final double ticksPerNano;

  /**
   * @param startNanos when the chunk began, in nanoseconds since 1970
   * @param startTicks the same in ticks
   */
  JfrClock(long startNanos, long startTicks, long ticksPerSecond) {
    this.startNanos = startNanos;
    this.startTicks = startTicks;
    this.ticksPerNano = ticksPerSecond <= 0 ? 1 : ticksPerSecond / 1e9;
  }

  /** Returns nanoseconds since 1970. */
  long epochNanos(long ticks) {
    return startNanos + (long) ((ticks - startTicks) / ticksPerNano);
  }

  /** Returns the length of a time in nanoseconds. */
  long nanos(long ticks) {
    return (long) (ticks / ticksPerNano);
  }
}
