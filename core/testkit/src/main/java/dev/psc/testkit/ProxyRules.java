package dev.psc.testkit;

/**
 * What a {@link FaultProxy} does with the pieces that pass through it. Immutable.
 *
 * @param blackHole whether nothing passes
 * @param delayNanos how long each piece waits
 * @param bytesPerSecond the most that passes, 0 for no limit
 * @param resetAfterBytes after how many bytes to the target a connection is reset, 0 for never
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

  /** Returns how long a piece of so many bytes takes. */
  long waitNanos(int bytes) {
    long throttle = bytesPerSecond == 0 ? 0 : (long) (bytes * 1e9 / bytesPerSecond);
    return delayNanos + throttle;
  }
}
