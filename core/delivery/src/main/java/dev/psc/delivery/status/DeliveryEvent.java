package dev.psc.delivery.status;

import java.time.Duration;

/** An event of a delivery. Immutable. */
public sealed interface DeliveryEvent {

  /**
   * The sink accepted a batch.
   *
   * @param profiles number of profiles
   * @param bytes their pprof bytes
   * @param callTime the duration of the call
   */
  record Sent(int profiles, long bytes, Duration callTime) implements DeliveryEvent {}

  /**
   * A batch will be retried; its profiles are at the head of the queue again.
   *
   * @param profiles number of profiles
   * @param reason a short lower_snake_case word
   * @param message the message of the sink
   * @param delay the back-off of the sink
   */
  record Retrying(int profiles, String reason, String message, Duration delay)
      implements DeliveryEvent {}

  /**
   * Accepted profiles are dropped.
   *
   * @param profiles number of profiles
   * @param bytes their pprof bytes, as far as known
   * @param reason a short lower_snake_case word, the same as in {@link DeliverySnapshot#dropped()}
   * @param message the cause, for people
   */
  record Dropped(long profiles, long bytes, String reason, String message)
      implements DeliveryEvent {}

  /**
   * A profile is refused.
   *
   * @param bytes its pprof bytes
   * @param reason a short lower_snake_case word, the same as in {@link DeliverySnapshot#refused()}
   * @param message the cause, for people
   */
  record Refused(long bytes, String reason, String message) implements DeliveryEvent {}

  /**
   * The state of the sender changed.
   *
   * @param from the state before
   * @param to the state now
   * @param message the cause and a remedy; empty while sending works
   */
  record StateChanged(DeliveryState from, DeliveryState to, String message)
      implements DeliveryEvent {}

  /**
   * The spool failed or recovered.
   *
   * @param healthy whether the spool accepts profiles
   * @param message the cause and a remedy; empty if healthy
   */
  record SpoolChanged(boolean healthy, String message) implements DeliveryEvent {}
}
