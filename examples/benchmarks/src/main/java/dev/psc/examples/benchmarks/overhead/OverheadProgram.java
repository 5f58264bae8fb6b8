package dev.psc.examples.benchmarks.overhead;

import java.util.List;

/**
 * A program that profilers are measured in.
 *
 * @param kind busy, short, paced or idle
 * @param heap the maximum heap, e.g. {@code 250m}
 * @param arguments the arguments of {@link OverheadChild}
 */
record OverheadProgram(String kind, String heap, List<String> arguments) {

  private static final int BUSY_UNITS = 15_000;
  private static final int SHORT_UNITS = 1_500;
  private static final int PACED_SECONDS = 40;
  private static final int IDLE_SECONDS = 30;

  /**
   * Returns the program of a kind.
   *
   * @param percent the length of its work
   */
  static OverheadProgram of(String kind, String heap, int percent) {
    String amount =
        switch (kind) {
          case "busy" -> units(BUSY_UNITS, percent);
          case "short" -> units(SHORT_UNITS, percent);
          case "paced" -> seconds(PACED_SECONDS, percent);
          default -> seconds(IDLE_SECONDS, percent);
        };
    return new OverheadProgram(kind, heap, List.of(kind.equals("short") ? "busy" : kind, amount));
  }

  /** Returns the heaps that a kind of program is measured with by default. */
  static List<String> heaps(String kind) {
    return switch (kind) {
      case "busy" -> List.of("250m", "1g");
      case "short" -> List.of("250m");
      default -> List.of("200m");
    };
  }

  private static String units(int units, int percent) {
    return Integer.toString(units * percent / 100);
  }

  private static String seconds(int seconds, int percent) {
    return Integer.toString(Math.max(2, seconds * percent / 100));
  }

  /** Returns whether steady CPU time is a share of a core, not of what the program itself needs. */
  boolean isOfCore() {
    return kind.equals("paced") || kind.equals("idle");
  }
}
