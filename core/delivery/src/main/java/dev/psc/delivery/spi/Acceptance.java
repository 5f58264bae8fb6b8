package dev.psc.delivery.spi;

/** The result of offering a profile to a {@link ProfileReceiver}. Immutable. */
public sealed interface Acceptance {

  /** Returns whether the profile is now the receiver's responsibility. */
  default boolean isAccepted() {
    return this instanceof Accepted;
  }

  /** The profile is accepted: it is delivered, or counted as lost with a reason. */
  record Accepted() implements Acceptance {}

  /**
   * The profile is not to be sent, for example the first cumulative profile of a delta.
   *
   * @param reason a short lower_snake_case word for metrics
   * @param message a message for people
   */
  record Withheld(String reason, String message) implements Acceptance {}

  /**
   * The profile is refused and lost; the loss is already counted.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code not_pprof}
   * @param message the cause and a remedy
   */
  record Refused(String reason, String message) implements Acceptance {}
}
