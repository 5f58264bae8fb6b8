package dev.psc.delivery.status;

import java.time.Duration;

/** Something that happened to profiles on their way. Immutable. */
public sealed interface DeliveryEvent {

  /**
   * The sink took a batch.
   *
   * @param profiles number of profiles
   * @param bytes their pprof bytes
   * @param callTime how long the call took
   */
  record Sent(int profiles, long bytes, Duration callTime) implements DeliveryEvent {}

  /**
   * The sink did not take a batch now; its profiles went back to the head of the queue.
   *
   * @param profiles number of profiles
   * @param reason a short lower_snake_case word
   * @param message what the sink said
   * @param delay how long the whole sink rests
   */
  record Retrying(int profiles, String reason, String message, Duration delay)
      implements DeliveryEvent {}

  /**
   * Profiles that had been accepted are lost.
   *
   * @param profiles number of profiles
   * @param bytes their pprof bytes, as far as known
   * @param reason a short lower_snake_case word, the same as in {@link DeliverySnapshot#dropped()}
   * @param message why, for people
   */
  record Dropped(long profiles, long bytes, String reason, String message)
      implements DeliveryEvent {}

  /**
   * A profile was not accepted.
   *
   * @param bytes its pprof bytes
   * @param reason a short lower_snake_case word, the same as in {@link DeliverySnapshot#refused()}
   * @param message why, for people
   */
  record Refused(long bytes, String reason, String message) implements DeliveryEvent {}

  /**
   * Sending goes another way than before.
   *
   * @param from the state before
   * @param to the state now
   * @param message why and what to do; empty when all is well
   */
  record StateChanged(DeliveryState from, DeliveryState to, String message)
      implements DeliveryEvent {}

  /**
   * The spool's directory stopped or began to take profiles.
   *
   * @param healthy whether it takes profiles now
   * @param message why not and what to do; empty when it does
   */
  record SpoolChanged(boolean healthy, String message) implements DeliveryEvent {}
}
