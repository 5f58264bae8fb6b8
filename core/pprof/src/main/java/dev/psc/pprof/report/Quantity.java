package dev.psc.pprof.report;

import java.util.Locale;

/** Writes values for people: {@code 1.5 s}, {@code 12 MiB}, {@code 1,234 objects}. */
final class Quantity {

  private static final long[] TIME_STEPS = {
    1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000L, 3_600_000_000_000L
  };
  private static final String[] TIME_UNITS = {"ns", "µs", "ms", "s", "min", "h"};
  private static final long[] SIZE_STEPS = {1, 1L << 10, 1L << 20, 1L << 30, 1L << 40};
  private static final String[] SIZE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

  private Quantity() {}

  static String format(long value, String unit) {
    return switch (unit.toLowerCase(Locale.ROOT)) {
      case "nanoseconds", "nanosecond", "ns" -> scaled((double) value, TIME_STEPS, TIME_UNITS);
      case "microseconds", "us" -> scaled(value * 1e3, TIME_STEPS, TIME_UNITS);
      case "milliseconds", "ms" -> scaled(value * 1e6, TIME_STEPS, TIME_UNITS);
      case "seconds", "s" -> scaled(value * 1e9, TIME_STEPS, TIME_UNITS);
      case "bytes", "byte", "b" -> scaled((double) value, SIZE_STEPS, SIZE_UNITS);
      case "kilobytes", "kb" -> scaled(value * 1024.0, SIZE_STEPS, SIZE_UNITS);
      case "megabytes", "mb" -> scaled(value * 1048576.0, SIZE_STEPS, SIZE_UNITS);
      case "count", "" -> String.format(Locale.ROOT, "%,d", value);
      default -> String.format(Locale.ROOT, "%,d %s", value, unit);
    };
  }

  static String percent(long part, long whole) {
    double share = whole == 0 ? 0 : 100.0 * part / whole;
    return String.format(Locale.ROOT, share >= 99.95 ? "%.0f%%" : "%.2f%%", share);
  }

  private static String scaled(double value, long[] steps, String[] units) {
    int i = 0;
    while (i + 1 < steps.length && Math.abs(value) >= steps[i + 1]) {
      i++;
    }
    double shown = value / steps[i];
    String digits =
        String.format(Locale.ROOT, "%." + (Math.abs(shown) >= 100 ? 0 : 2) + "f", shown);
    if (digits.indexOf('.') > 0) {
      digits = digits.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
    return digits + " " + units[i];
  }
}
