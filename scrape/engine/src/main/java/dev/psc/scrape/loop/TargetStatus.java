package dev.psc.scrape.loop;

import dev.psc.scrape.target.Target;
import java.time.Instant;
import java.util.Optional;

/**
 * The state of one target at one moment. Immutable.
 *
 * @param target the target
 * @param health the health after its last scrape
 * @param last its last scrape, whose message is empty on success
 * @param next when it is scraped next
 * @param scraping whether a scrape is running
 * @param scrapes the number of completed scrapes
 * @param failures the number of failed scrapes
 * @param missedIntervals the number of intervals that passed without a scrape
 */
public record TargetStatus(
    Target target,
    Health health,
    Optional<ScrapeReport> last,
    Instant next,
    boolean scraping,
    long scrapes,
    long failures,
    long missedIntervals) {

  /** The health of a target. */
  public enum Health {
    /** Not scraped yet. */
    UNKNOWN,
    /** The last scrape succeeded, or the target was only busy. */
    UP,
    /** The last scrape failed. */
    DOWN
  }

  /** Returns the error of the last scrape, or the empty text. */
  public String lastError() {
    return last.map(ScrapeReport::message).orElse("");
  }
}
