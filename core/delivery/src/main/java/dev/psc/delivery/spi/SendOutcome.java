package dev.psc.delivery.spi;

import java.time.Duration;
import java.util.Optional;

/** The outcome of sending a batch to a {@link ProfileSink}. Immutable. */
public sealed interface SendOutcome {

  /** The destination accepted the whole batch. */
  record Accepted() implements SendOutcome {}

  /**
   * The batch was not accepted and may be sent again; its content is valid.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code unavailable}
   * @param message a message for people, at most 512 characters
   * @param delay the delay that the destination requested, if any
   */
  record Retry(String reason, String message, Optional<Duration> delay) implements SendOutcome {}

  /**
   * The batch was rejected for its content: at least one of its profiles will never be accepted.
   * The caller finds it by sending smaller batches.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code invalid_argument}
   * @param message the message of the destination, at most 512 characters
   */
  record Rejected(String reason, String message) implements SendOutcome {

    /** The reason of a batch that is larger than the destination accepts. */
    public static final String TOO_LARGE = "too_large";
  }

  /**
   * The destination rejects the caller or all profiles: no batch will be accepted until a person
   * changes something. The content of the batch is valid.
   *
   * @param reason a short lower_snake_case word for metrics: {@code unauthenticated}, {@code
   *     permission_denied}, {@code unimplemented}
   * @param message what to check, at most 512 characters, without secrets
   */
  record Blocked(String reason, String message) implements SendOutcome {}
}
