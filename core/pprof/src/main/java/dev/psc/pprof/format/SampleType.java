package dev.psc.pprof.format;

import java.util.Objects;

/**
 * What one column of values means. Immutable.
 *
 * @param type what is counted, e.g. {@code alloc_space}
 * @param unit in what, e.g. {@code bytes}
 */
public record SampleType(String type, String unit) {

  /** Checks that both are there. */
  public SampleType {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(unit, "unit");
  }

  /** Returns {@code type/unit}. */
  @Override
  public String toString() {
    return type + "/" + unit;
  }
}
