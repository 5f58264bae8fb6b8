package dev.psc.pprof.format;

import java.util.Objects;

/**
 * One breach of one rule. Immutable.
 *
 * @param rule the rule
 * @param place the table, the position in it and the field, e.g. {@code location[3].mapping_id}
 * @param message the fault, as a sentence
 */
public record Violation(PprofRule rule, String place, String message) {

  /** Checks that all parts are set. */
  public Violation {
    Objects.requireNonNull(rule, "rule");
    Objects.requireNonNull(place, "place");
    Objects.requireNonNull(message, "message");
  }

  /** Returns {@code code at place: message}. */
  @Override
  public String toString() {
    return rule.code() + " at " + place + ": " + message;
  }
}
