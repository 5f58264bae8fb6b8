package dev.psc.testkit;

/**
 * The current faults of a {@link FaultProxy}. Immutable.
 *
 * @param blackHole whether nothing passes
 * @param delayNanos the delay of each chunk
 * @param bytesPerSecond the limit on the throughput, 0 for none
 * @param resetAfterBytes the number of bytes to the target before a reset, 0 for no reset
 */
record ProxyRules(boolean blackHole, long delayNanos, long bytesPerSecond, long resetAfterBytes) {

  static final ProxyRules NONE = new ProxyRules(false, 0, 0, 0);

  ProxyRules withBlackHole(boolean newBlackHole) {
    return new ProxyRules(newBlackHole, delayNanos, bytesPerSecond, resetAfterBytes);
  }

  ProxyRules withDelayNanos(long newDelayNanos) {
    return new ProxyRules(blackHole, newDelayNanos, bytesPerSecond, resetAfterBytes);
  }

  ProxyRules withBytesPerSecond(long newBytesPerSecond) {
    return new ProxyRules(blackHole, delayNanos, newBytesPerSecond, resetAfterBytes);
  }

  ProxyRules withResetAfterBytes(long newResetAfterBytes) {
    return new ProxyRules(blackHole, delayNanos, bytesPerSecond, newResetAfterBytes);
  }

  /** Returns the delay of a chunk. */
  long waitNanos(int bytes) {
    long throttle = bytesPerSecond == 0 ? 0 : (long) (bytes * 1e9 / bytesPerSecond);
    return delayNanos + throttle;
  }
}
