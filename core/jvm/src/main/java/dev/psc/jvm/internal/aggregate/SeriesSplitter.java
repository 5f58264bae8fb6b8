package dev.psc.jvm.internal.aggregate;

import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A splitter of profiles into series by labels of their samples, for stores that keep labels of
 * series only. The number of series is bounded: combinations of values that come later stay in the
 * series without these labels. Thread-safe.
 */
public final class SeriesSplitter {

  private final List<String> names;
  private final int maxSeries;
  private final Set<LabelSet> known = new HashSet<>();

  /**
   * @param names the labels to split by; empty for no split
   * @param maxSeries the maximum number of combinations of their values
   */
  public SeriesSplitter(List<String> names, int maxSeries) {
    this.names = List.copyOf(names);
    this.maxSeries = maxSeries;
  }

  /**
   * Returns the parts of a snapshot by the labels of their series. Together they have its samples.
   */
  public Map<LabelSet, Snapshot> split(Snapshot snapshot) {
    if (names.isEmpty()) {
      return Map.of(LabelSet.empty(), snapshot);
    }
    Map<Integer, LabelSet> seriesOf = new HashMap<>();
    Map<LabelSet, ProfileTable> parts = new LinkedHashMap<>();
    ProfileTable table = snapshot.table();
    for (int row = 0; row < table.size(); row++) {
      LabelSet series =
          seriesOf.computeIfAbsent(
              TraceTable.labelsOf(table.labels(row)),
              number -> series(snapshot.labels().get(number)));
      parts
          .computeIfAbsent(series, added -> new ProfileTable())
          .add(table.stack(row), table.labels(row), table.first(row), table.second(row));
    }
    Map<LabelSet, Snapshot> split = new LinkedHashMap<>();
    parts.forEach((series, part) -> split.put(series, snapshot.withTable(part)));
    return split;
  }

  private synchronized LabelSet series(LabelSet labels) {
    LabelSet.Builder chosen = LabelSet.builder();
    for (Label label : labels) {
      if (names.contains(label.name())) {
        chosen.set(label.name(), label.value());
      }
    }
    LabelSet series = chosen.build();
    if (series.isEmpty() || known.contains(series)) {
      return series;
    }
    if (known.size() >= maxSeries) {
      return LabelSet.empty();
    }
    known.add(series);
    return series;
  }
}
