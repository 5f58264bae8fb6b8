package dev.psc.examples.benchmarks.overhead;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The goals of our configurations, and whether a measurement meets them. */
final class OverheadGoals {

  private static final double MEBIBYTES = 40;
  private static final double THREADS = 6;
  private static final double START_SECONDS = 1;

  private OverheadGoals() {}

  /**
   * Returns each goal of a row with its result, or an empty text if it has none.
   *
   * @param steady what the profiler adds in the steady state, in percent
   * @param error the standard error of {@code steady}
   * @param seconds the CPU time that it adds to the whole run
   */
  static String check(
      OverheadProgram program,
      String profiler,
      double steady,
      double error,
      double seconds,
      double mebibytes,
      double threads) {
    boolean served = profiler.equals("served");
    if (!served && !profiler.startsWith("pushed")) {
      return "";
    }
    List<String> results = new ArrayList<>();
    if (program.kind().equals("short")) {
      results.add(result("1 s", seconds, START_SECONDS, 0));
    } else {
      double goal = goal(program, served);
      String unit = program.isOfCore() ? " % of a core" : " %";
      results.add(result(goal + unit, steady, goal, error));
    }
    if (program.kind().equals("idle")) {
      results.add(result("40 MiB", mebibytes, MEBIBYTES, 0));
      results.add(result("6 threads", threads, THREADS, 0));
    }
    return String.join("; ", results);
  }

  private static double goal(OverheadProgram program, boolean served) {
    return switch (program.kind()) {
      case "paced" -> 0.3;
      case "idle" -> 0.1;
      default -> {
        if (served) {
          yield 1.5;
        }
        yield program.heap().equals("1g") ? 1 : 3;
      }
    };
  }

  private static String result(String goal, double value, double limit, double error) {
    String result = "missed";
    if (value <= limit) {
      result = "met";
    } else if (value - error <= limit) {
      result = "within the error";
    }
    return String.format(Locale.ROOT, "%s: %s", goal, result);
  }
}
