package dev.psc.delivery.spi;

/**
 * A receiver of profiles: a queue, or a chain of transforms in front of one.
 *
 * <p>Implementations are safe for use by several threads, return quickly (no I/O to a store) and
 * never throw: a refused profile is reported as {@link Acceptance.Refused}.
 */
@FunctionalInterface
public interface ProfileReceiver {

  /**
   * Accepts or refuses a profile.
   *
   * @param profile the profile, which the caller must not change afterwards
   * @return the decision
   */
  Acceptance accept(RawProfile profile);
}
