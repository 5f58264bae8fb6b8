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

  void print() throws IOException {
    Map<String, List<byte[]>> byName = new TreeMap<>();
    for (RawProfile arrived : store.arrived()) {
      byName.computeIfAbsent(arrived.name(), name -> new ArrayList<>()).add(arrived.pprof());
    }
    say("");
    say(
        store.isEmbedded()
            ? "What the store received:"
            : "What was sent (a given store cannot be asked):");
    List<Path> pages = new ArrayList<>();
    for (Map.Entry<String, List<byte[]>> entry : byName.entrySet()) {
      pages.add(printProfile(entry.getKey(), entry.getValue()));
    }
    say("");
    say("Files: %s", store.directory());
    List<Path> files = store.files();
    if (!files.isEmpty()) {
      say("Look at one: go tool pprof -top %s", files.get(files.size() - 1));
    }
    say("Flame graphs, for a browser:");
    pages.forEach(page -> say("  %s", page.toUri()));
  }

  /** Prints one profile and returns its flame graph. */
  private Path printProfile(String name, List<byte[]> pprofs) throws IOException {
    // The others count from the start of the program: the newest has it all.
    boolean summed = deltas.contains(name);
    Profile profile = summed ? merge(pprofs) : parse(pprofs.get(pprofs.size() - 1));
    int column = shown(profile);
    SampleType shown = profile.sampleTypes().get(column);
    Top top = Top.of(profile, column);
    say("");
    say(
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
      say("  (no samples)");
    }
    for (Top.Row row : rows) {
      say(
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
      throw new IllegalStateException("a profile that arrived cannot be read", e);
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
