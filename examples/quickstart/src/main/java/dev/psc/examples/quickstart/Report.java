package dev.psc.examples.quickstart;

import dev.psc.pprof.SampleType;
import dev.psc.testkit.ProfileSummary;
import dev.psc.testkit.TopFunction;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Prints the top functions of each profile that arrived, and where the files lie. */
final class Report {

  private static final int FUNCTIONS = 4;

  private final PrintWriter out;
  private final StoreUnderTrial store;
  private final Set<String> deltas;

  /**
   * Returns a report.
   *
   * @param deltas names of the profiles that cover only the time since the one before
   */
  Report(PrintWriter out, StoreUnderTrial store, Set<String> deltas) {
    this.out = out;
    this.store = store;
    this.deltas = deltas;
  }

  void print() {
    Map<String, List<byte[]>> byName = new TreeMap<>();
    for (StoreUnderTrial.Arrived arrived : store.arrived()) {
      byName.computeIfAbsent(arrived.name(), name -> new ArrayList<>()).add(arrived.pprof());
    }
    say("");
    say(
        store.isEmbedded()
            ? "What the store received:"
            : "What was sent (a given store cannot be asked):");
    byName.forEach(this::printProfile);
    say("");
    say("Files: %s", store.directory());
    List<Path> files = store.files();
    if (!files.isEmpty()) {
      say("Look at one: go tool pprof -top %s", files.get(files.size() - 1));
    }
  }

  private void printProfile(String name, List<byte[]> pprofs) {
    // The others count from the start of the program: the newest has it all.
    boolean summed = deltas.contains(name);
    ProfileSummary summary =
        ProfileSummary.of(summed ? pprofs : pprofs.subList(pprofs.size() - 1, pprofs.size()));
    Map<SampleType, Long> totals = summary.totals();
    SampleType shown = shown(totals);
    say("");
    say(
        "%s: %d profile%s, %s %s in %s",
        name,
        pprofs.size(),
        pprofs.size() == 1 ? "" : "s",
        amount(totals.getOrDefault(shown, 0L), shown.unit()),
        shown.type(),
        summed ? "all" : "the last");
    Set<TopFunction> top = new LinkedHashSet<>(summary.top(shown.type(), FUNCTIONS));
    top.addAll(summary.topCumulative(shown.type(), FUNCTIONS));
    if (top.isEmpty()) {
      say("  (no samples)");
    }
    for (TopFunction function : top) {
      say(
          "  %12s flat %12s cum  %s",
          amount(function.flat(), shown.unit()),
          amount(function.cumulative(), shown.unit()),
          function.function());
    }
  }

  /** Returns the last sample type with a value: time rather than counts, live bytes if any. */
  private static SampleType shown(Map<SampleType, Long> totals) {
    SampleType last = new SampleType("samples", "count");
    SampleType withValue = null;
    for (Map.Entry<SampleType, Long> entry : totals.entrySet()) {
      last = entry.getKey();
      if (entry.getValue() != 0) {
        withValue = entry.getKey();
      }
    }
    return withValue == null ? last : withValue;
  }

  private void say(String format, Object... arguments) {
    out.println(String.format(Locale.ROOT, format, arguments));
  }

  static String amount(long value, String unit) {
    return switch (unit) {
      case "nanoseconds" ->
          value < 1_000_000_000L
              ? String.format(Locale.ROOT, "%.1f ms", value / 1e6)
              : String.format(Locale.ROOT, "%.2f s", value / 1e9);
      case "bytes" -> bytes(value);
      default -> Long.toString(value);
    };
  }

  static String bytes(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }

  static String millis(Duration duration) {
    return duration.toMillis() + " ms";
  }
}
