package dev.psc.scrape.discovery;

/**
 * A running discovery of targets, from {@link #start} to {@link #close}. A mechanism that polls
 * implements {@link TargetLister} instead and becomes one by {@link PollingDiscovery}.
 */
public interface TargetDiscovery extends AutoCloseable {

  /**
   * Starts to watch; called once. It must return immediately: waiting and I/O belong on the
   * executors of the {@link DiscoveryContext} or on other threads. The first update that it
   * publishes should be the complete set.
   *
   * @param sink where groups and errors go, until {@link #close}
   */
  void start(TargetSink sink);

  /** Stops within a bounded time; idempotent. What is published afterwards is ignored. */
  @Override
  void close();
}
