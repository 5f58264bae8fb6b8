package dev.psc.scrape.discovery;

import java.util.Collection;

/** Lists the targets that are there now: what a mechanism that polls has to implement. */
@FunctionalInterface
public interface TargetLister {

  /**
   * Returns all groups that are there now. It may block for as long as its own deadline allows; it
   * is never called twice at the same time.
   *
   * @throws DiscoveryException when they cannot be seen; the last good ones stay
   * @throws InterruptedException when the discovery is closed meanwhile
   */
  Collection<TargetGroup> list() throws DiscoveryException, InterruptedException;
}
