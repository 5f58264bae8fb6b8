package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.Measurement.Measured;
import dev.psc.examples.benchmarks.Measurement.Skipped;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;

/** A runner that measures ratios one after the other and prints a line for each. */
final class RatioRunner {

  private final List<Ratio> ratios;
  private final PrintStream out;
  private final PrintStream err;

  RatioRunner(List<Ratio> ratios, PrintStream out, PrintStream err) {
    this.ratios = List.copyOf(ratios);
    this.out = out;
    this.err = err;
  }

  /** Returns every registered ratio, in the order of registration. */
  static List<Ratio> registered() {
    List<Ratio> all = new ArrayList<>();
    ServiceLoader.load(Ratio.class).forEach(all::add);
    return all;
  }

  /**
   * Runs {@code [--json] [--list] [--only=name,…]}.
   *
   * @return 0 if everything was measured or skipped, met or not; 1 if a measurement failed; 2 for
   *     invalid arguments
   */
  int run(List<String> arguments) {
    boolean json = false;
    boolean list = false;
    Set<String> only = new TreeSet<>();
    for (String argument : arguments) {
      if (argument.equals("--json")) {
        json = true;
      } else if (argument.equals("--list")) {
        list = true;
      } else if (argument.startsWith("--only=")) {
        only.addAll(List.of(argument.substring("--only=".length()).split(",")));
      } else {
        err.println("unknown argument " + argument + ": use --json, --list, --only=name,name");
        return 2;
      }
    }
    Set<String> unknown = new TreeSet<>(only);
    ratios.forEach(ratio -> unknown.remove(ratio.name()));
    if (!unknown.isEmpty()) {
      err.println("unknown ratio " + String.join(", ", unknown) + "; --list prints the names");
      return 2;
    }
    boolean failed = false;
    for (Ratio ratio : ratios) {
      if (!only.isEmpty() && !only.contains(ratio.name())) {
        continue;
      }
      if (list) {
        out.println(ratio.name());
        continue;
      }
      failed |= !measure(ratio, json);
    }
    return failed ? 1 : 0;
  }

  private boolean measure(Ratio ratio, boolean json) {
    Measurement measurement;
    boolean failed = false;
    try {
      measurement = ratio.measure();
    } catch (Exception e) {
      // A failed measurement must not prevent the others.
      measurement = new Skipped("failed: " + e);
      failed = true;
      e.printStackTrace(err);
    }
    out.println(json ? jsonLine(ratio, measurement) : textLine(ratio, measurement));
    out.flush();
    return !failed;
  }

  static String jsonLine(Ratio ratio, Measurement measurement) {
    String ratioText = "null";
    String met = "null";
    String detail;
    if (measurement instanceof Measured measured) {
      ratioText = number(measured.ratio());
      met = Boolean.toString(measured.ratio() <= ratio.goal());
      detail = measured.detail();
    } else {
      detail = ((Skipped) measurement).reason();
    }
    return "{\"name\":"
        + quoted(ratio.name())
        + ",\"ratio\":"
        + ratioText
        + ",\"goal\":"
        + number(ratio.goal())
        + ",\"met\":"
        + met
        + ",\"detail\":"
        + quoted(detail)
        + "}";
  }

  private static String textLine(Ratio ratio, Measurement measurement) {
    if (measurement instanceof Measured measured) {
      return String.format(
          Locale.ROOT,
          "%-32s %8s  goal <= %-6s %-7s %s",
          ratio.name(),
          number(measured.ratio()),
          number(ratio.goal()),
          measured.ratio() <= ratio.goal() ? "met" : "NOT MET",
          measured.detail());
    }
    return String.format(
        Locale.ROOT,
        "%-32s %8s  goal <= %-6s %-7s %s",
        ratio.name(),
        "-",
        number(ratio.goal()),
        "skipped",
        ((Skipped) measurement).reason());
  }

  /** Rounds to three significant digits, the accuracy of these measurements. */
  private static String number(double value) {
    if (!Double.isFinite(value)) {
      return "null";
    }
    return new java.math.BigDecimal(value)
        .round(new java.math.MathContext(3))
        .stripTrailingZeros()
        .toPlainString();
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
