package dev.psc.scrape;

import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.Target;

/**
 * A listener for the events of a scraper. Its methods are called by several threads concurrently
 * and must return quickly; an exception that they throw is logged.
 */
public interface ScrapeListener {

  /** Called when a scrape ended, successfully or not. */
  default void scraped(ScrapeReport report) {}

  /** Called when intervals of a target passed without a scrape. */
  default void missed(Target target, long intervals) {}

  /**
   * Called when the targets of a job changed.
   *
   * @param job the job's name
   * @param kept the number of targets that are scraped
   * @param dropped the number of targets that relabelling dropped
   * @param invalid the number of targets that cannot be scraped
   */
  default void targetsChanged(String job, int kept, int dropped, int invalid) {}

  /**
   * Called when a discovery failed; its last good targets are kept.
   *
   * @param job the job's name
   * @param discovery the key of the mechanism
   * @param message what failed and what to do
   */
  default void discoveryFailed(String job, String discovery, String message) {}
}
