package dev.psc.pprof.format;

import dev.psc.pprof.repair.Repair;
import java.util.Locale;

/**
 * The rules that profiles are checked against. Readers of the format reject a profile that breaks a
 * rule of {@link Owner#FORMAT}. A strict Parca-compatible store also rejects a request with a
 * profile that breaks a rule of {@link Owner#STORE}. {@link Repair} corrects breaches of {@link
 * #repairable} rules without loss and rejects profiles that break another one.
 */
public enum PprofRule {
  /** At least one sample type. */
  SAMPLE_TYPE_MISSING(Owner.FORMAT, false, "a profile has at least one sample type"),
  /** A sample has as many values as there are sample types. */
  VALUE_COUNT(Owner.FORMAT, false, "each sample has exactly one value per sample type"),
  /** No location 0 in a stack. */
  STACK_LOCATION_ZERO(Owner.FORMAT, false, "the location ids of a sample are not 0"),
  /** Every location of a stack exists. */
  STACK_LOCATION_MISSING(
      Owner.FORMAT, false, "each location id of a sample is the id of a location"),
  /** String indices in range. */
  STRING_INDEX(
      Owner.FORMAT, false, "each string index is at least 0 and below the length of the table"),
  /** No entry with the id 0. */
  ID_ZERO(Owner.FORMAT, false, "the ids of mappings, locations and functions are not 0"),
  /** No id twice in a table. */
  ID_DUPLICATE(Owner.FORMAT, false, "an id appears once in its table"),
  /** The empty string first. */
  FIRST_STRING(Owner.FORMAT, true, "the first entry of the string table is \"\""),
  /** Text is UTF-8. */
  STRING_ENCODING(Owner.FORMAT, true, "strings are UTF-8"),
  /** No empty entry without a unique id. */
  EMPTY_ENTRY(Owner.FORMAT, true, "an entry without content has a unique id"),
  /** Mapping ids count up. */
  MAPPING_ID_ORDER(Owner.STORE, true, "the ids of mappings are 1, 2, 3, … in table order"),
  /** Function ids count up. */
  FUNCTION_ID_ORDER(Owner.STORE, true, "the ids of functions are 1, 2, 3, … in table order"),
  /** Location ids count up. */
  LOCATION_ID_ORDER(Owner.STORE, true, "the ids of locations are 1, 2, 3, … in table order"),
  /** Every mapping of a location exists. */
  MAPPING_MISSING(Owner.STORE, true, "the mapping id of a location is 0 or the id of a mapping"),
  /** Every function of a line exists. */
  FUNCTION_MISSING(Owner.FORMAT, true, "the function id of a line is the id of a function"),
  /** Sample labels have a key. */
  LABEL_KEY(Owner.STORE, true, "a label of a sample has a key"),
  /**
   * Names of sample labels, which stores make legal themselves, but lose one of two that collide.
   */
  LABEL_NAME(Owner.STORE, true, "the key of a label matches [a-zA-Z_][a-zA-Z0-9_]*"),
  /** Sample types as parts of a profile type. */
  SAMPLE_TYPE_NAME(Owner.STORE, true, "the type and unit of a sample type match [a-zA-Z0-9_]+"),
  /** Different sample types; readers go by the type alone, whatever its unit. */
  SAMPLE_TYPE_DUPLICATE(
      Owner.FORMAT, true, "the types of the sample types are different, whatever their units"),
  /** Period type as parts of a profile type. */
  PERIOD_TYPE_NAME(
      Owner.STORE, true, "the type and unit of the period type are there and match [a-zA-Z0-9_]+"),
  /** A time. */
  TIME_MISSING(Owner.STORE, true, "a profile has a time (otherwise stores file it under 1970)");

  /** The origin of a rule. */
  public enum Owner {
    /** The pprof format: rejected by its readers. */
    FORMAT,
    /** A strict Parca-compatible store. */
    STORE
  }

  private final Owner owner;
  private final boolean repairable;
  private final String sentence;

  PprofRule(Owner owner, boolean repairable, String sentence) {
    this.owner = owner;
    this.repairable = repairable;
    this.sentence = sentence;
  }

  /** Returns the name for metrics and messages, in lower_snake_case. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the origin of the rule. */
  public Owner owner() {
    return owner;
  }

  /** Returns whether {@link Repair} corrects a breach without loss. */
  public boolean repairable() {
    return repairable;
  }

  /** Returns the rule as a sentence. */
  public String sentence() {
    return sentence;
  }
}
