package dev.psc.jvm;

import java.time.Instant;

/** Reads the wall clock. */
final class Clocks {

  private Clocks() {}

  /** Returns nanoseconds since 1970. */
  static long epochNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
