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
    long loggedNanos;
  }

  private final Map<Key, Failure> failures = new HashMap<>();

  /**
   * Collects what to log about a scrape.
   *
   * @param notices receives the log calls, which run outside of the lock
   */
  void ended(ScrapeLoop loop, ScrapeReport report, long nowNanos, List<Runnable> notices) {
    Key before = loop.failure;
    if (report.outcome().isHealthy()) {
      Failure last = before == null ? null : failures.get(before);
      if (last != null) {
        last.recovered = true;
        leave(loop, report, notices);
      }
      return;
    }
    Target target = report.target();
    Key now =
        new Key(
            target.job().name(),
            address(target),
            report.reason(),
            OF_ADDRESS.contains(report.outcome()) ? -1 : loop.id);
    if (before != null && !now.equals(before)) {
      leave(loop, report, notices);
    }
    Failure failure = failures.computeIfAbsent(now, key -> new Failure());
    if (!now.equals(before)) {
      loop.failure = now;
      failure.loops++;
    }
    boolean isNew = failure.loops == 1 && !now.equals(before);
    if (isNew || nowNanos - failure.loggedNanos >= AGAIN_NANOS) {
      failure.loggedNanos = nowNanos;
      notices.add(
          () -> log(Level.WARN, report, report.reason(), "Scrape failed: " + report.message()));
    }
  }

  /** Forgets a loop that was removed. */
  void removed(ScrapeLoop loop) {
    leave(loop, null, List.of());
  }

  private void leave(ScrapeLoop loop, @Nullable ScrapeReport report, List<Runnable> notices) {
    Key key = loop.failure;
    loop.failure = null;
    Failure failure = key == null ? null : failures.get(key);
    if (key == null || failure == null || --failure.loops > 0) {
      return;
    }
    failures.remove(key);
    if (report != null && failure.recovered) {
      notices.add(() -> log(Level.INFO, report, key.reason(), "Scrape works again"));
    }
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
}
