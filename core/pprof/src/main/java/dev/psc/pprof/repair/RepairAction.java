package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofRule;
import java.util.Objects;

/**
 * One thing that {@link Repair} did to a profile. Immutable.
 *
 * @param code a lower_snake_case word: the {@link PprofRule#code()} of the rule that was broken, or
 *     {@code compressed}, {@code members_joined}, {@code unwrapped}, {@code duration_missing}
 * @param message what was done, in a sentence
 */
public record RepairAction(String code, String message) {

  /** Checks that both are there. */
  public RepairAction {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
  }
}
