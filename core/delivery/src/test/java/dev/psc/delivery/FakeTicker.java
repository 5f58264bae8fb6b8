package dev.psc.delivery;

import dev.psc.delivery.internal.queue.Ticker;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A ticker that a test moves. */
final class FakeTicker implements Ticker {

  static final long EPOCH_MILLIS = 1_790_000_000_000L;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5_000_000_000L);
  private final long origin = nanos.get();

  @Override
  public long nanos() {
    return nanos.get();
  }

  @Override
  public long epochMillis() {
    return EPOCH_MILLIS + (nanos.get() - origin) / 1_000_000;
  }

  void advance(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  /** Advances the time step by step, and runs the due actions of a delivery. */
  void run(Delivery delivery, Duration time) {
    long left = time.toNanos();
    delivery.step();
    while (left > 0) {
      long wait = Math.min(left, Math.max(1, delivery.step()));
      nanos.addAndGet(wait);
      left -= wait;
    }
    delivery.step();
  }
}
