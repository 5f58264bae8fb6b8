package dev.psc.examples.quickstart;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.pprof.report.Top;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A report: the top functions of each received profile, and the paths of the files. */
final class Report {

  private static final int FUNCTIONS = 4;

  private final PrintWriter out;
  private final StoreUnderTrial store;
  private final Set<String> deltas;

  /**
   * Returns a report.
   *
   * @param deltas the names of the profiles that cover only the time since the previous one
   */
  Report(PrintWriter out, StoreUnderTrial store, Set<String> deltas) {
    this.out = out;
    this.store = store;
    this.deltas = deltas;
  }

  void print() throws IOException {
    Map<String, List<byte[]>> byName = new TreeMap<>();
    for (RawProfile arrived : store.arrived()) {
      byName.computeIfAbsent(arrived.name(), name -> new ArrayList<>()).add(arrived.pprof());
    }
    println("");
    println(store.isEmbedded() ? "Received by the store:" : "Sent (the store cannot be queried):");
    List<Path> pages = new ArrayList<>();
    for (Map.Entry<String, List<byte[]>> entry : byName.entrySet()) {
      pages.add(printProfile(entry.getKey(), entry.getValue()));
    }
    println("");
    println("Files: %s", store.directory());
    List<Path> files = store.files();
    if (!files.isEmpty()) {
      println("To open one: go tool pprof -top %s", files.get(files.size() - 1));
    }
    println("Flame graphs:");
    pages.forEach(page -> println("  %s", page.toUri()));
  }

  /** Prints one profile and returns its flame graph. */
  private Path printProfile(String name, List<byte[]> pprofs) throws IOException {
    // Others are cumulative since the start of the program: the newest one is complete.
    boolean summed = deltas.contains(name);
    Profile profile = summed ? merge(pprofs) : parse(pprofs.get(pprofs.size() - 1));
    int column = shown(profile);
    SampleType shown = profile.sampleTypes().get(column);
    Top top = Top.of(profile, column);
    println("");
    println(
        "%s: %d profile%s, %s %s in %s",
        name,
        pprofs.size(),
        pprofs.size() == 1 ? "" : "s",
        amount(top.total(), shown.unit()),
        shown.type(),
        summed ? "all" : "the last");
    Set<Top.Row> rows = new LinkedHashSet<>(first(top.rows(Top.Order.FLAT)));
    rows.addAll(first(top.rows(Top.Order.CUMULATIVE)));
    if (rows.isEmpty()) {
      println("  (no samples)");
    }
    for (Top.Row row : rows) {
      println(
          "  %12s flat %12s cum  %s",
          amount(row.flat(), shown.unit()), amount(row.cumulative(), shown.unit()), row.function());
    }
    return Files.writeString(
        store.directory().resolve(name + ".html"), FlameGraph.html(profile, name));
  }

  private static List<Top.Row> first(List<Top.Row> rows) {
    return rows.subList(0, Math.min(FUNCTIONS, rows.size()));
  }

  private static Profile merge(List<byte[]> pprofs) {
    Merge merge = Merge.create();
    pprofs.forEach(pprof -> merge.add(parse(pprof)));
    return parse(merge.build());
  }

  private static Profile parse(byte[] pprof) {
    try {
      return Profile.parse(pprof);
    } catch (PprofException e) {
      throw new IllegalStateException("a received profile cannot be parsed", e);
    }
  }

  /** Returns the last sample type with a value: time rather than counts, live bytes if any. */
  private static int shown(Profile profile) {
    long[] totals = profile.totals();
    for (int i = totals.length - 1; i > 0; i--) {
      if (totals[i] != 0) {
        return i;
      }
    }
    return 0;
  }

  private void println(String format, Object... arguments) {
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
