package dev.psc.scraper.store;

import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.scraper.cli.FlagWords;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The log lines about lost profiles: one per reason and minute, with the number of profiles since
 * the previous one. A store that is down for long may cost some hundred profiles per second.
 *
 * <p>Thread-safe.
 */
final class LossLog {

  static final Duration INTERVAL = Duration.ofMinutes(1);

  private static final Logger logger = LoggerFactory.getLogger(StoreConnection.class);

  private static final class Loss {
    private long profiles;
    private long nextLineNanos;
    private String message = "";
  }

  private final LongSupplier nanoTime;
  private final Map<String, Loss> losses = new HashMap<>();

  LossLog(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Counts lost profiles, and logs them unless the last line about the reason is new. */
  synchronized void add(DeliveryEvent.Dropped dropped) {
    long now = nanoTime.getAsLong();
    Loss loss = losses.get(dropped.reason());
    if (loss == null) {
      loss = new Loss();
      loss.nextLineNanos = now;
      losses.put(dropped.reason(), loss);
    }
    loss.profiles += dropped.profiles();
    loss.message = dropped.message();
    if (now - loss.nextLineNanos >= 0) {
      log(dropped.reason(), loss);
      loss.nextLineNanos = now + INTERVAL.toNanos();
    }
  }

  /** Logs what has been lost since the last lines. */
  synchronized void flush() {
    losses.forEach(
        (reason, loss) -> {
          if (loss.profiles > 0) {
            log(reason, loss);
          }
        });
  }

  private static void log(String reason, Loss loss) {
    // The summary at the end has the number of those that were not sent before shutdown.
    boolean atEnd = reason.equals("closed");
    logger
        .atLevel(atEnd ? Level.DEBUG : Level.WARN)
        .addKeyValue("reason", reason)
        .addKeyValue("profiles", loss.profiles)
        .log("Profiles lost: {}", FlagWords.inFlags(loss.message));
    loss.profiles = 0;
  }
}
