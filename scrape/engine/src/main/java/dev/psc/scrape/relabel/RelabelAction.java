package dev.psc.scrape.relabel;

import java.util.Locale;

/** The action of a rule, with Prometheus' names in lower case without underscores. */
public enum RelabelAction {
  /** Sets the target label to the replacement where the regex matches. */
  REPLACE,
  /** Keeps only targets that the regex matches. */
  KEEP,
  /** Drops targets that the regex matches. */
  DROP,
  /** Keeps only targets whose source labels equal the target label. */
  KEEP_EQUAL,
  /** Drops targets whose source labels equal the target label. */
  DROP_EQUAL,
  /** Sets the target label to a hash of the source labels, modulo {@code modulus}. */
  HASH_MOD,
  /** Copies labels whose names the regex matches to the name that the replacement gives. */
  LABEL_MAP,
  /** Removes labels whose names the regex matches. */
  LABEL_DROP,
  /** Removes labels whose names the regex does not match. */
  LABEL_KEEP,
  /** Sets the target label to the source labels in lower case. */
  LOWERCASE,
  /** Sets the target label to the source labels in upper case. */
  UPPERCASE;

  /** Returns the name as Prometheus' configuration has it, e.g. {@code labelmap}. */
  public String key() {
    return name().replace("_", "").toLowerCase(Locale.ROOT);
  }
}
