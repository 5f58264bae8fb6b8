package dev.psc.jvm.internal.capture;

/**
 * The CPU time that dumps of virtual threads may take: a fiftieth of a processor on average, and at
 * most a second at once, so that waits of a few seconds are in several dumps on a slow machine too.
 * Not thread-safe.
 */
final class DumpBudget {

  private static final long INTERVAL_NANOS = 500_000_000L;
  private static final long BURST_NANOS = 1_000_000_000L;

  /** The wall-clock time that earns a unit of CPU time. */
  private static final int WALL_PER_CPU = 50;

  /** The first dumps cost many times as much, because their code is interpreted. */
  private static final int COLD_DUMPS = 5;

  private static final int WALL_PER_COLD_CPU = 3;

  private long cpuNanos = BURST_NANOS;
  private int dumps;

  /** Adds what a time earns. */
  void earn(long wallNanos) {
    cpuNanos = Math.min(BURST_NANOS, cpuNanos + wallNanos / WALL_PER_CPU);
  }

  /** Returns the time until the next dump if this one costs so much. */
  long restAfter(long costNanos) {
    return Math.max(INTERVAL_NANOS, (charged(costNanos) - cpuNanos) * WALL_PER_CPU);
  }

  /** Takes the cost of a dump. */
  void spend(long costNanos) {
    cpuNanos -= charged(costNanos);
    dumps++;
  }

  private long charged(long costNanos) {
    return dumps < COLD_DUMPS ? costNanos * WALL_PER_COLD_CPU / WALL_PER_CPU : costNanos;
  }
}
