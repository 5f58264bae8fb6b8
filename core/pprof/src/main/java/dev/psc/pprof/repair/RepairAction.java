package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofRule;
import java.util.Objects;

/**
 * One change that {@link Repair} made to a profile. Immutable.
 *
 * @param code a lower_snake_case word: the {@link PprofRule#code()} of the rule that was broken, or
 *     {@code compressed}, {@code members_joined}, {@code unwrapped}, {@code duration_missing}
 * @param message the change, as a sentence
 */
public record RepairAction(String code, String message) {

  /** Checks that both are set. */
  public RepairAction {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(message, "message");
  }
}
