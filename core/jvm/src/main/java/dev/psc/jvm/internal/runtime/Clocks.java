package dev.psc.jvm.internal.runtime;

import java.time.Instant;

/** The wall clock. */
public final class Clocks {

  private Clocks() {}

  /** Returns nanoseconds since 1970. */
  public static long epochNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
