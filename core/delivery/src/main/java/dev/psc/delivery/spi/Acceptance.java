package dev.psc.delivery.spi;

/** What a {@link ProfileReceiver} did with a profile. Immutable. */
public sealed interface Acceptance {

  /** Returns whether the profile is now the receiver's responsibility. */
  default boolean isAccepted() {
    return this instanceof Accepted;
  }

  /** The profile was taken: it is delivered, or counted as lost with a reason. */
  record Accepted() implements Acceptance {}

  /**
   * There was nothing to send, as it should be: the first cumulative profile of a delta, for one.
   *
   * @param reason a short lower_snake_case word for metrics
   * @param message a sentence for people
   */
  record Withheld(String reason, String message) implements Acceptance {}

  /**
   * The profile was not taken and is lost, which is already counted.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code not_pprof}
   * @param message a sentence for people: what was wrong and what to do
   */
  record Refused(String reason, String message) implements Acceptance {}
}
