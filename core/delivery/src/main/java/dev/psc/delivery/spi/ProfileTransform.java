package dev.psc.delivery.spi;

/**
 * A step between a source and the queue: validation, repair, a filter, a change of labels.
 *
 * <p>Implementations are safe for use by several threads and must not block on I/O.
 */
@FunctionalInterface
public interface ProfileTransform {

  /**
   * Returns the profile, a changed one, or the reason why it must not be sent.
   *
   * @param profile the profile; its bytes must not be changed in place
   * @return the decision
   */
  Result apply(RawProfile profile);

  /** The decision of a transform. Immutable. */
  sealed interface Result {

    /**
     * Continues with a profile: the given one, or a changed one.
     *
     * @param profile the profile to continue with
     */
    record Pass(RawProfile profile) implements Result {}

    /**
     * The profile is discarded on purpose.
     *
     * @param reason a short lower_snake_case word for metrics
     * @param message a message for people
     */
    record Withhold(String reason, String message) implements Result {}

    /**
     * The profile must not be sent.
     *
     * @param reason a short lower_snake_case word for metrics, e.g. {@code not_pprof}
     * @param message the cause, its place and a remedy
     */
    record Reject(String reason, String message) implements Result {}
  }
}
