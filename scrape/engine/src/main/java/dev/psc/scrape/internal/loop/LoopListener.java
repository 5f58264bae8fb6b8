package dev.psc.scrape.internal.loop;

import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.Target;

/**
 * A listener for the events of the scheduler. Called by several threads concurrently; must return
 * quickly.
 */
public interface LoopListener {

  /** Called when a scrape ended. */
  void scraped(ScrapeReport report);

  /** Called when intervals passed without a scrape because the previous scrape took too long. */
  void missed(Target target, long intervals);
}
