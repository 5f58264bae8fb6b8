package dev.psc.delivery.spi;

/**
 * One step between a source and the queue: validation, repair, a filter, a change of labels.
 *
 * <p>Implementations are safe for use by several threads and must not block on I/O.
 */
@FunctionalInterface
public interface ProfileTransform {

  /**
   * Looks at a profile and returns it, a changed one, or why it must not be sent.
   *
   * @param profile the profile; its bytes must not be changed in place
   * @return what to go on with
   */
  Result apply(RawProfile profile);

  /** What a transform decided. Immutable. */
  sealed interface Result {

    /**
     * Goes on with a profile, which is the one that came in when nothing had to change.
     *
     * @param profile the profile to go on with
     */
    record Pass(RawProfile profile) implements Result {}

    /**
     * Nothing has to be sent, as it should be.
     *
     * @param reason a short lower_snake_case word for metrics
     * @param message a sentence for people
     */
    record Withhold(String reason, String message) implements Result {}

    /**
     * The profile must not be sent.
     *
     * @param reason a short lower_snake_case word for metrics, e.g. {@code not_pprof}
     * @param message a sentence for people: what was wrong, where, and what to do
     */
    record Reject(String reason, String message) implements Result {}
  }
}
