package dev.psc.scrape.loop;

import dev.psc.scrape.target.Target;
import java.time.Instant;
import java.util.Optional;

/**
 * The state of one target at one moment. Immutable.
 *
 * @param target the target
 * @param health what its last scrapes say
 * @param last its last scrape, whose message is empty after a good one
 * @param next when it is scraped next
 * @param scraping whether it is being scraped
 * @param scrapes how many scrapes ended
 * @param failures how many of them failed
 * @param missedIntervals how many intervals went by without a scrape
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

  /** What the last scrapes say of a target. */
  public enum Health {
    /** It was not scraped yet. */
    UNKNOWN,
    /** The last scrape went well, or the target was only busy. */
    UP,
    /** The last scrape failed. */
    DOWN
  }

  /** Returns what went wrong with the last scrape, or the empty text. */
  public String lastError() {
    return last.map(ScrapeReport::message).orElse("");
  }
}
