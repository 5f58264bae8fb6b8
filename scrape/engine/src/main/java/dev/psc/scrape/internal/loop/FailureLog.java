package dev.psc.scrape.internal.loop;

import dev.psc.label.LabelSet;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.Target;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Logs a failure when it occurs or changes, once an hour while it lasts, and when it ends. Failures
 * of a connection are logged once per address of a job, whatever the number of its profiles.
 *
 * <p>The number of failures that are logged is limited over all targets ({@link LineBudget}). A
 * failure beyond the limit is logged at a later scrape if it lasts until the limit allows it,
 * before others are logged again. The number of messages left out is logged at most once a minute.
 * The end of a failure is logged exactly if the failure was, or the one that it replaced.
 *
 * <p>Guarded by the lock of {@link ScrapeScheduler}.
 */
final class FailureLog {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeScheduler.class);
  private static final long AGAIN_NANOS = Duration.ofHours(1).toNanos();

  /** Failures that all profiles of an address share. */
  private static final Set<ScrapeOutcome> OF_ADDRESS =
      EnumSet.of(
          ScrapeOutcome.DNS,
          ScrapeOutcome.REFUSED,
          ScrapeOutcome.UNREACHABLE,
          ScrapeOutcome.PROXY,
          ScrapeOutcome.TLS,
          ScrapeOutcome.TIMEOUT,
          ScrapeOutcome.BROKEN,
          ScrapeOutcome.PROTOCOL,
          ScrapeOutcome.AUTH);

  /**
   * The key of a failure that is logged once.
   *
   * @param loop the only loop concerned, or -1 for all of the address
   */
  record Key(String job, String address, String reason, long loop) {}

  private static final class Failure {
    int loops;
    boolean recovered;
    boolean logged;
    long loggedNanos;

    /** The reason of the last failure in the log whose end is not logged yet, or null. */
    @Nullable String shown;
  }

  private final Map<Key, Failure> failures = new HashMap<>();
  private final LineBudget budget = new LineBudget();

  /**
   * Collects what to log about a scrape.
   *
   * @param notices receives the log calls, which run outside of the lock
   */
  void ended(ScrapeLoop loop, ScrapeReport report, long nowNanos, List<Runnable> notices) {
    long leftOut = budget.leftOut(nowNanos);
    if (leftOut > 0) {
      notices.add(() -> logLeftOut(leftOut));
    }
    Key before = loop.failure;
    if (report.outcome().isHealthy()) {
      Failure last = before == null ? null : failures.get(before);
      if (last != null) {
        last.recovered = true;
        String unused = leave(loop, report, notices);
      }
      return;
    }
    Key now = key(report, loop);
    boolean changed = !now.equals(before);
    String shown = changed ? leave(loop, report, notices) : null;
    Failure failure = failures.computeIfAbsent(now, key -> new Failure());
    if (changed) {
      loop.failure = now;
      failure.loops++;
    }
    if (failure.shown == null) {
      failure.shown = shown;
    }
    boolean isDue = !failure.logged || nowNanos - failure.loggedNanos >= AGAIN_NANOS;
    int kept = failure.logged ? LineBudget.BURST / 2 : 0; // for failures that the log does not have
    if (isDue && budget.take(nowNanos, kept)) {
      failure.logged = true;
      failure.shown = report.reason();
      failure.loggedNanos = nowNanos;
      notices.add(
          () -> log(Level.WARN, report, report.reason(), "Scrape failed: " + report.message()));
    } else if (!failure.logged && changed && failure.loops == 1) {
      budget.leaveOut(nowNanos);
    }
  }

  private static Key key(ScrapeReport report, ScrapeLoop loop) {
    Target target = report.target();
    return new Key(
        target.job().name(),
        address(target),
        report.reason(),
        OF_ADDRESS.contains(report.outcome()) ? -1 : loop.id);
  }

  /** Forgets a loop that was removed. */
  void removed(ScrapeLoop loop) {
    String unused = leave(loop, null, List.of());
  }

  /**
   * Separates a loop from its failure, which ends with its last loop.
   *
   * @return the reason in the log whose end is still to be logged, or null
   */
  private @Nullable String leave(
      ScrapeLoop loop, @Nullable ScrapeReport report, List<Runnable> notices) {
    Key key = loop.failure;
    loop.failure = null;
    Failure failure = key == null ? null : failures.get(key);
    if (key == null || failure == null || --failure.loops > 0) {
      return null;
    }
    failures.remove(key);
    String shown = failure.shown;
    if (report == null || shown == null || !failure.recovered) {
      return shown;
    }
    notices.add(() -> log(Level.INFO, report, shown, "Scrape works again"));
    return null;
  }

  /** Returns host and port, without credentials. */
  private static String address(Target target) {
    String authority = String.valueOf(target.uri().getRawAuthority());
    return authority.substring(authority.lastIndexOf('@') + 1);
  }

  private static void log(Level level, ScrapeReport report, String reason, String message) {
    Target target = report.target();
    logger
        .atLevel(level)
        .addKeyValue("job", target.job().name())
        .addKeyValue("target", address(target))
        .addKeyValue("profile", target.labels().valueOf(LabelSet.NAME))
        .addKeyValue("reason", reason)
        .addKeyValue("duration", report.duration().toMillis() + "ms")
        .log(message);
  }

  private static void logLeftOut(long messages) {
    logger.warn(
        "{} messages about failing scrapes were left out, as at most {} are logged at once and {} a"
            + " minute; Scraper.snapshot() and /api/status of psc-scraper list the failure of each"
            + " target",
        messages,
        LineBudget.BURST,
        LineBudget.PER_MINUTE);
  }
}
