package dev.psc.delivery.spi;

/**
 * Produces profiles: the scraper is one, the running JVM is one, and applications write their own.
 *
 * <p>A source starts nothing before {@link #start}. Implementations are safe for use by several
 * threads.
 */
public interface ProfileSource extends AutoCloseable {

  /**
   * Starts to hand profiles to the receiver, from threads of the source's own. A second call does
   * nothing.
   *
   * @param receiver where the profiles go; not closed by the source
   * @throws IllegalStateException when the source is closed
   */
  void start(ProfileReceiver receiver);

  /** Stops and returns within a bounded time; idempotent. Nothing is handed in afterwards. */
  @Override
  void close();
}
