package dev.psc.delivery.internal.queue;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** A throttle that passes one message per kind and minute, with the number of suppressed ones. */
public final class LogThrottle {

  private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private record Interval(long startNanos, long swallowed) {}

  private final Ticker ticker;
  private final Map<String, Interval> intervals = new ConcurrentHashMap<>();

  public LogThrottle(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Runs the log statement with the number of suppressed ones, or suppresses it. */
  public void run(String kind, LongConsumer statement) {
    long now = ticker.nanos();
    AtomicReference<@Nullable Long> due = new AtomicReference<>();
    intervals.compute(
        kind,
        (key, interval) -> {
          if (interval == null) {
            due.set(0L);
            return new Interval(now, 0);
          }
          if (now - interval.startNanos >= INTERVAL_NANOS) {
            due.set(interval.swallowed);
            return new Interval(now, 0);
          }
          return new Interval(interval.startNanos, interval.swallowed + 1);
        });
    Long swallowed = due.get();
    if (swallowed != null) {
      statement.accept(swallowed);
    }
  }
}
