package dev.psc.jvm.internal.capture;

import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;

/**
 * The part of each second in which buffer events are on, so that on average there are not more of
 * them than configured: all the time where few buffers are used, a few hundredths of it where there
 * are thousands per second. The burst begins at a random time of the second. For one thread.
 */
final class AllocationBursts {

  private static final long CYCLE_NANOS = 1_000_000_000L;
  private static final double MIN_SHARE = 0.02;

  /** The share until the rate is known. */
  private static final double FIRST_SHARE = 0.1;

  /** A share above this is all the time. */
  private static final double MOST_SHARE = 0.8;

  /** The weight of the past in the rate, per cycle. */
  private static final double MEMORY = 0.6;

  private final DoubleSupplier random;
  private double share;
  private long cycleStart;
  private long onFrom;
  private long onUntil;
  private boolean on;
  private long eventsBefore;
  private double events;
  private double onSeconds;
  private double previousOnSeconds;
  private boolean running;

  AllocationBursts() {
    this(() -> ThreadLocalRandom.current().nextDouble());
  }

  AllocationBursts(DoubleSupplier random) {
    this.random = random;
  }

  /** Returns whether the events should be on. */
  boolean isOn() {
    return on;
  }

  /** Switches off until {@link #advance} is called again. */
  void stop() {
    running = false;
    on = false;
  }

  /**
   * Moves on to a time.
   *
   * @param nowNanos the time, of {@link System#nanoTime}
   * @param eventCount the number of events that have arrived since the start
   * @param perSecond the configured mean number of events per second
   * @return whether {@link #isOn} has changed
   */
  boolean advance(long nowNanos, long eventCount, int perSecond) {
    if (!running) {
      running = true;
      eventsBefore = eventCount;
      events = 0;
      onSeconds = 0;
      previousOnSeconds = 0;
      share = FIRST_SHARE;
      plan(nowNanos);
    } else if (nowNanos - cycleStart >= CYCLE_NANOS) {
      // Events arrive about a second after they were written: in the next cycle.
      events = events * MEMORY + (eventCount - eventsBefore);
      onSeconds = onSeconds * MEMORY + previousOnSeconds;
      eventsBefore = eventCount;
      previousOnSeconds = share >= 1 ? (nowNanos - cycleStart) / 1e9 : (onUntil - onFrom) / 1e9;
      if (onSeconds > 0) {
        double wanted = perSecond * onSeconds / Math.max(1, events);
        share = wanted >= MOST_SHARE ? 1 : Math.max(MIN_SHARE, wanted);
      }
      plan(nowNanos);
    }
    boolean before = on;
    on = share >= 1 || (nowNanos - onFrom >= 0 && nowNanos - onUntil < 0);
    return on != before;
  }

  private void plan(long nowNanos) {
    cycleStart = nowNanos;
    long length = Math.round(share * CYCLE_NANOS);
    onFrom = nowNanos + Math.round(random.getAsDouble() * (CYCLE_NANOS - length));
    onUntil = onFrom + length;
  }

  /** Returns how long nothing will change, in nanoseconds. */
  long nextNanos(long nowNanos) {
    if (!running) {
      return CYCLE_NANOS;
    }
    long next = cycleStart + CYCLE_NANOS - nowNanos;
    if (share < 1 && nowNanos - onUntil < 0) {
      next = Math.min(next, (on ? onUntil : onFrom) - nowNanos);
    }
    return Math.max(1_000_000, next);
  }
}
