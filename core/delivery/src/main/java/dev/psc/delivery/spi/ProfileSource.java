package dev.psc.delivery.spi;

/**
 * A producer of profiles, such as the scraper or the running JVM.
 *
 * <p>A source starts nothing before {@link #start}. Implementations are safe for use by several
 * threads.
 */
public interface ProfileSource extends AutoCloseable {

  /**
   * Starts handing profiles to the receiver, on threads of the source. A second call has no effect.
   *
   * @param receiver the receiver of the profiles; not closed by the source
   * @throws IllegalStateException if the source is closed
   */
  void start(ProfileReceiver receiver);

  /** Stops and returns within a bounded time; idempotent. Nothing is handed in afterwards. */
  @Override
  void close();
}
