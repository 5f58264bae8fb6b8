package dev.psc.jvm.internal.runtime;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A value that is computed at most once per interval; callers in between get the last one.
 * Thread-safe.
 */
public final class Throttled<T> {

  private final long intervalNanos;
  private final Supplier<T> maker;
  private @Nullable T value;
  private long madeNanos;

  public Throttled(Duration interval, Supplier<T> maker) {
    this.intervalNanos = interval.toNanos();
    this.maker = maker;
  }

  public synchronized T get() {
    T known = value;
    if (known != null && System.nanoTime() - madeNanos < intervalNanos) {
      return known;
    }
    T fresh = maker.get();
    value = fresh;
    madeNanos = System.nanoTime();
    return fresh;
  }
}
