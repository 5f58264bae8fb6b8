package dev.psc.scrape.discovery;

import java.util.Collection;

/** A lister of the current targets, for discovery mechanisms that poll. */
@FunctionalInterface
public interface TargetLister {

  /**
   * Returns all current groups. It may block for as long as its own deadline allows; it is never
   * called concurrently.
   *
   * @throws DiscoveryException when they cannot be listed; the last good ones stay
   * @throws InterruptedException when the discovery is closed meanwhile
   */
  Collection<TargetGroup> list() throws DiscoveryException, InterruptedException;
}
