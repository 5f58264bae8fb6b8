package dev.psc.scrape.internal.loop;

import dev.psc.scrape.loop.ScrapeReport;

import dev.psc.scrape.target.Target;

/** Is told of what the loops do, by any thread, maybe several at a time; must return quickly. */
public interface LoopListener {

  /** A scrape ended. */
  void scraped(ScrapeReport report);

  /** Intervals of a target went by without a scrape, because the one before took too long. */
  void missed(Target target, long intervals);
}
