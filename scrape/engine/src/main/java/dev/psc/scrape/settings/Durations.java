package dev.psc.scrape.settings;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A parser and formatter of durations as Prometheus writes them: {@code 1m30s}, {@code 10s}, {@code
 * 500ms}, {@code 1w2d}; each unit at most once, the larger first, whole numbers, {@code 0} without
 * a unit.
 */
public final class Durations {

  private static final String[] UNITS = {"y", "w", "d", "h", "m", "s", "ms"};
  private static final long[] MILLIS = {
    365L * 24 * 3600 * 1000,
    7L * 24 * 3600 * 1000,
    24L * 3600 * 1000,
    3600 * 1000,
    60 * 1000,
    1000,
    1
  };

  /** The limit of Prometheus, whose durations are 64-bit nanoseconds. */
  private static final long MAX_MILLIS = Long.MAX_VALUE / 1_000_000;

  private Durations() {}

  /**
   * Returns the duration that a text denotes.
   *
   * @throws IllegalArgumentException when the text is not valid; the message states why
   */
  public static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    if (text.isEmpty()) {
      throw new IllegalArgumentException("empty duration; write it as 10s or 1m30s");
    }
    long total = 0;
    int nextUnit = 0;
    int i = 0;
    while (i < text.length()) {
      int start = i;
      while (i < text.length() && text.charAt(i) >= '0' && text.charAt(i) <= '9') {
        i++;
      }
      String digits = text.substring(start, i);
      start = i;
      while (i < text.length() && text.charAt(i) >= 'a' && text.charAt(i) <= 'z') {
        i++;
      }
      String unitName = text.substring(start, i);
      int unit = unit(unitName, nextUnit);
      if (digits.isEmpty() || unit < 0) {
        throw new IllegalArgumentException(
            "not a valid duration: \""
                + text
                + "\"; write whole numbers with units y, w, d, h, m, s, ms, the larger first, as"
                + " in 1m30s");
      }
      try {
        total = Math.addExact(total, Math.multiplyExact(Long.parseLong(digits), MILLIS[unit]));
      } catch (ArithmeticException | NumberFormatException e) {
        throw outOfRange(text, e);
      }
      nextUnit = unit + 1;
    }
    if (total > MAX_MILLIS) {
      throw outOfRange(text, null);
    }
    return Duration.ofMillis(total);
  }

  private static IllegalArgumentException outOfRange(String text, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "duration out of range: \"" + text + "\"; at most 292 years", cause);
  }

  private static int unit(String name, int from) {
    for (int i = from; i < UNITS.length; i++) {
      if (UNITS[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Returns the shortest text that {@link #parse} reads back, in whole milliseconds. As in
   * Prometheus, years and weeks are used only if no other unit is left.
   */
  public static String format(Duration duration) {
    long rest = duration.toMillis();
    if (rest < 0) {
      return "-" + format(duration.negated());
    }
    if (rest == 0) {
      return "0s";
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < UNITS.length; i++) {
      boolean exactOnly = i < 2;
      if (rest >= MILLIS[i] && (!exactOnly || rest % MILLIS[i] == 0)) {
        text.append(rest / MILLIS[i]).append(UNITS[i]);
        rest %= MILLIS[i];
      }
    }
    return text.toString();
  }
}
