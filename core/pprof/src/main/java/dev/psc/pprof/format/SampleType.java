package dev.psc.pprof.format;

import java.util.Objects;

/**
 * The type of one column of values. Immutable.
 *
 * @param type the quantity, e.g. {@code alloc_space}
 * @param unit its unit, e.g. {@code bytes}
 */
public record SampleType(String type, String unit) {

  private static final int MAX_PRINTED_CHARS = 200;

  /** Checks that both are set. */
  public SampleType {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(unit, "unit");
  }

  private static String shortened(String name) {
    return name.length() <= MAX_PRINTED_CHARS ? name : name.substring(0, MAX_PRINTED_CHARS) + "…";
  }

  /** Returns {@code type/unit}, each truncated to 200 characters. */
  @Override
  public String toString() {
    return shortened(type) + "/" + shortened(unit);
  }
}
