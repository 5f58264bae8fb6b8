package dev.psc.examples.benchmarks.truth;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A profiled value next to the measured one.
 *
 * @param profile the path of the profile, e.g. {@code profile} or {@code allocs}
 * @param value the name of the value; no tabs and no pipes
 * @param unit the unit of both values, e.g. {@code ms}; {@code %} for shares
 * @param truth the value according to the other measurement
 * @param profiled the value according to the profile
 * @param limit the largest error within the promise: points for shares, percent otherwise
 */
public record TruthRow(
    String profile, String value, String unit, double truth, double profiled, double limit) {

  private static final String PREFIX = "TRUTH\t";

  /** Returns the error: in points for shares, in percent of the truth otherwise. */
  double error() {
    if (unit.equals("%")) {
      return profiled - truth;
    }
    return truth == 0 ? (profiled == 0 ? 0 : 100) : (profiled / truth - 1) * 100;
  }

  boolean isWithinLimit() {
    return Math.abs(error()) <= limit;
  }

  /** Returns the line by which a child JVM reports the row. */
  String line() {
    return PREFIX
        + String.join(
            "\t",
            profile,
            value,
            unit,
            Double.toString(truth),
            Double.toString(profiled),
            Double.toString(limit));
  }

  /** Returns the row of a line of a child JVM, or null if the line is something else. */
  static @Nullable TruthRow parse(String line) {
    if (!line.startsWith(PREFIX)) {
      return null;
    }
    String[] parts = line.substring(PREFIX.length()).split("\t", -1);
    return new TruthRow(
        parts[0],
        parts[1],
        parts[2],
        Double.parseDouble(parts[3]),
        Double.parseDouble(parts[4]),
        Double.parseDouble(parts[5]));
  }

  /** Returns the columns of the table from the profile on. */
  String markdown() {
    String sign = unit.equals("%") ? "points" : "%";
    return String.format(
        Locale.ROOT,
        "%s | %s | %s | %s | %+.1f %s | %.0f %s | %s |",
        profile,
        value,
        amount(truth),
        amount(profiled),
        error(),
        sign,
        limit,
        sign,
        isWithinLimit() ? "yes" : "**no**");
  }

  private String amount(double amount) {
    return String.format(Locale.ROOT, Math.abs(amount) < 100 ? "%.1f %s" : "%.0f %s", amount, unit);
  }
}
