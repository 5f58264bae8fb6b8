package dev.psc.delivery.spi;

/**
 * Where profiles are handed in: a queue, or a chain of transforms in front of one.
 *
 * <p>Implementations are safe for use by several threads, return quickly (no I/O to a store) and
 * never throw: what cannot be taken comes back as {@link Acceptance.Refused}.
 */
@FunctionalInterface
public interface ProfileReceiver {

  /**
   * Takes a profile, or says why not.
   *
   * @param profile given up by the caller
   * @return what became of it
   */
  Acceptance accept(RawProfile profile);
}
