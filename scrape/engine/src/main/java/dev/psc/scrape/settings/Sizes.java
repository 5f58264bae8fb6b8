package dev.psc.scrape.settings;

import java.util.Locale;

/** A parser and formatter of sizes as in Prometheus, in bytes to base 1024: {@code 10MB}. */
public final class Sizes {

  private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};

  private Sizes() {}

  /**
   * Returns the number of bytes that a text denotes; {@code KB} and {@code KiB} are both 1024.
   *
   * @throws IllegalArgumentException when it is not a size; the message states why
   */
  public static long parse(String text) {
    int i = 0;
    while (i < text.length() && Character.isDigit(text.charAt(i))) {
      i++;
    }
    String unit = text.substring(i).trim().toUpperCase(Locale.ROOT).replace("IB", "B");
    try {
      if (i > 0 && (unit.isEmpty() || unit.equals("B"))) {
        return Long.parseLong(text.substring(0, i));
      }
      for (int u = 1; i > 0 && u < UNITS.length; u++) {
        if (UNITS[u].equals(unit)) {
          return Math.multiplyExact(Long.parseLong(text.substring(0, i)), 1L << (10 * u));
        }
      }
    } catch (ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("size out of range: \"" + text + "\"", e);
    }
    throw new IllegalArgumentException(
        "not a valid size: \"" + text + "\"; write it as 10MB, 512KB or a number of bytes");
  }

  /** Returns the shortest text that {@link #parse} reads back. */
  public static String format(long bytes) {
    int unit = 0;
    long value = bytes;
    while (value != 0 && value % 1024 == 0 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return value + UNITS[unit];
  }
}
