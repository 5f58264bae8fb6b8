package dev.psc.delivery;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Lets the first message of a kind through, then one a minute with how many it stands for. */
final class LogThrottle {

  private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

  private record Window(long startNanos, long swallowed) {}

  private final Ticker ticker;
  private final Map<String, Window> windows = new ConcurrentHashMap<>();

  LogThrottle(Ticker ticker) {
    this.ticker = ticker;
  }

  /** Runs the log statement with the number of those left out before it, or counts it. */
  void run(String kind, LongConsumer statement) {
    long now = ticker.nanos();
    AtomicReference<@Nullable Long> due = new AtomicReference<>();
    windows.compute(
        kind,
        (key, window) -> {
          if (window == null) {
            due.set(0L);
            return new Window(now, 0);
          }
          if (now - window.startNanos >= INTERVAL_NANOS) {
            due.set(window.swallowed);
            return new Window(now, 0);
          }
          return new Window(window.startNanos, window.swallowed + 1);
        });
    Long swallowed = due.get();
    if (swallowed != null) {
      statement.accept(swallowed);
    }
  }
}
