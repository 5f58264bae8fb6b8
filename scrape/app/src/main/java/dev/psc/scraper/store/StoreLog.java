package dev.psc.scraper.store;

import dev.psc.auth.TokenFileStatus;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliveryListener;
import dev.psc.scraper.cli.FlagWords;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** The log lines about token, queue and store. */
final class StoreLog {

  private static final Logger logger = LoggerFactory.getLogger(StoreConnection.class);

  private StoreLog() {}

  static void log(TokenFileStatus status) {
    boolean usable = status.problem().isEmpty();
    logger
        .atLevel(usable ? Level.INFO : Level.WARN)
        .addKeyValue("file", status.path())
        .addKeyValue("token", status.fingerprint())
        .log(
            usable
                ? "Token read"
                : "Token file is not usable; the last good token stays in use: "
                    + status.problem().get());
  }

  /** Returns the log of one queue. */
  static DeliveryListener of(LossLog losses) {
    return event -> log(event, losses);
  }

  private static void log(DeliveryEvent event, LossLog losses) {
    if (event instanceof DeliveryEvent.StateChanged changed) {
      state(changed);
    } else if (event instanceof DeliveryEvent.SpoolChanged spool) {
      logger
          .atLevel(spool.healthy() ? Level.INFO : Level.WARN)
          .log(spool.healthy() ? "Spool is writable" : "Spool: " + spool.message());
    } else if (event instanceof DeliveryEvent.Dropped dropped) {
      losses.add(dropped);
    }
  }

  private static void state(DeliveryEvent.StateChanged changed) {
    String message = FlagWords.inFlags(changed.message());
    Level level =
        switch (changed.to()) {
          case BLOCKED, REFUSING -> Level.ERROR;
          case BACKING_OFF -> Level.WARN;
          default -> Level.INFO;
        };
    String text =
        switch (changed.to()) {
          case BLOCKED, REFUSING ->
              "Store is rejecting all profiles; keeping them queued: " + message;
          case BACKING_OFF -> "Store is unavailable; retrying: " + message;
          case SENDING -> "Store is accepting profiles";
          default -> "Store connection changed";
        };
    logger
        .atLevel(level)
        .addKeyValue("state", changed.to().name().toLowerCase(Locale.ROOT))
        .log(text);
  }

  static void closed(CloseReport report, boolean spooling) {
    boolean lossy = report.lost() > 0;
    String remedy =
        spooling
            ? "; the spool was not writable, or its limit --spool-max-bytes is too small"
            : "; set --spool-dir to keep unsent profiles over a restart";
    logger
        .atLevel(lossy ? Level.WARN : Level.INFO)
        .addKeyValue("sent", report.sent())
        .addKeyValue("spooled", report.spooled())
        .addKeyValue("lost", report.lost())
        .log(lossy ? "Queue closed with unsent profiles lost" + remedy : "Queue closed");
  }
}
