package dev.psc.scrape;

import dev.psc.scrape.internal.loop.LoopListener;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.Target;

/**
 * Is told of what the scraper does. Its methods are called by several threads at the same time,
 * must return quickly, and may throw nothing; what they throw is logged.
 */
public interface ScrapeListener extends LoopListener {

  /** A scrape ended, well or not. */
  @Override
  default void scraped(ScrapeReport report) {}

  /** Intervals of a target went by without a scrape. */
  @Override
  default void missed(Target target, long intervals) {}

  /**
   * The targets of a job changed.
   *
   * @param job the job's name
   * @param kept how many are scraped
   * @param dropped how many relabelling dropped
   * @param invalid how many cannot be scraped
   */
  default void targetsChanged(String job, int kept, int dropped, int invalid) {}

  /**
   * A discovery cannot see its targets; the last good ones stay.
   *
   * @param job the job's name
   * @param discovery the key of the mechanism
   * @param message what failed and what to do
   */
  default void discoveryFailed(String job, String discovery, String message) {}
}
