package dev.psc.delivery.spi;

import java.time.Duration;
import java.util.Optional;

/** What became of a batch at a {@link ProfileSink}. Immutable. */
public sealed interface SendOutcome {

  /** The destination has the whole batch. */
  record Accepted() implements SendOutcome {}

  /**
   * The batch was not taken now and may be later; nothing is wrong with it.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code unavailable}
   * @param message a sentence for people, at most 512 characters
   * @param delay how long the destination asked to wait, if it did
   */
  record Retry(String reason, String message, Optional<Duration> delay) implements SendOutcome {}

  /**
   * The batch was refused for good because of what is in it: at least one of its profiles will
   * never be taken. The caller looks for it by sending smaller batches.
   *
   * @param reason a short lower_snake_case word for metrics, e.g. {@code invalid_argument}
   * @param message the destination's words, at most 512 characters
   */
  record Rejected(String reason, String message) implements SendOutcome {

    /** The reason of a batch that is larger than the destination accepts. */
    public static final String TOO_LARGE = "too_large";
  }

  /**
   * The caller's identity or role is the problem, or the destination cannot take profiles at all:
   * no batch will be taken until a person changes something. Nothing is wrong with the batch.
   *
   * @param reason a short lower_snake_case word for metrics: {@code unauthenticated}, {@code
   *     permission_denied}, {@code unimplemented}
   * @param message what to check, at most 512 characters, without secrets
   */
  record Blocked(String reason, String message) implements SendOutcome {}
}
