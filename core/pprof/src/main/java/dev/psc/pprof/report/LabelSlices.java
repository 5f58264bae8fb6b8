package dev.psc.pprof.report;

import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.internal.wire.SaturatingMath;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The values of a call tree's nodes by label, for a page that filters by one label. Only so many
 * labels and nodes are followed: the first ones, of which the heaviest are shown. Not thread-safe.
 */
final class LabelSlices {

  /** The most labels that are followed while samples are read. */
  private static final int MAX_FOLLOWED = 1_000;

  /** The most nodes of all labels together, a few megabytes. */
  private static final int MAX_NODES = 50_000;

  /** The most labels on the page. */
  private static final int MAX_SHOWN = 100;

  private record Label(String key, String value) {}

  /** The own values of nodes by type, and their sum as a weight of the label. */
  private static final class Slice {
    final Map<Integer, long[]> self = new LinkedHashMap<>();
    final double[] weights;

    Slice(int types) {
      weights = new double[types];
    }
  }

  private final int types;
  private final Map<Label, Slice> slices = new LinkedHashMap<>();
  private final double[] wholes;
  private int nodes;

  LabelSlices(int types) {
    this.types = types;
    this.wholes = new double[types];
  }

  /** Adds a sample, which ends at a node. */
  void add(SampleCursor sample, int node) {
    for (int type = 0; type < types; type++) {
      wholes[type] += Math.abs((double) sample.value(type));
    }
    for (int i = 0; i < sample.labelCount(); i++) {
      Label label = new Label(sample.labelKey(i), value(sample, i));
      Slice slice = slices.get(label);
      if (slice == null && slices.size() < MAX_FOLLOWED) {
        slice = new Slice(types);
        slices.put(label, slice);
      }
      if (slice != null) {
        add(slice, sample, node);
      }
    }
  }

  private void add(Slice slice, SampleCursor sample, int node) {
    long[] self = slice.self.get(node);
    if (self == null) {
      if (nodes == MAX_NODES) {
        return;
      }
      nodes++;
      self = new long[types];
      slice.self.put(node, self);
    }
    for (int type = 0; type < types; type++) {
      long value = sample.value(type);
      self[type] = SaturatingMath.sum(self[type], value);
      slice.weights[type] += Math.abs((double) value);
    }
  }

  private static String value(SampleCursor sample, int label) {
    String text = sample.labelText(label);
    if (!text.isEmpty()) {
      return Text.shortened(text);
    }
    String unit = sample.labelUnit(label);
    return sample.labelNumber(label) + (unit.isEmpty() ? "" : " " + Text.shortened(unit));
  }

  /**
   * Writes the heaviest labels, by key.
   *
   * @param kept the position of each node on the page, or of the nearest one above it that is there
   */
  void write(ScriptJson json, int[] kept) {
    List<Map.Entry<Label, Slice>> heaviest = new ArrayList<>(slices.entrySet());
    heaviest.sort(
        Comparator.comparingDouble((Map.Entry<Label, Slice> one) -> -share(one.getValue())));
    Map<String, List<Map.Entry<Label, Slice>>> byKey = new TreeMap<>();
    for (Map.Entry<Label, Slice> one : heaviest.subList(0, Math.min(MAX_SHOWN, heaviest.size()))) {
      byKey.computeIfAbsent(one.getKey().key(), key -> new ArrayList<>()).add(one);
    }
    json.key("labels").open('[');
    for (Map.Entry<String, List<Map.Entry<Label, Slice>>> key : byKey.entrySet()) {
      json.next().open('{').key("key").text(Text.shortened(key.getKey())).key("values").open('[');
      for (Map.Entry<Label, Slice> one : key.getValue()) {
        json.next().open('{').key("value").text(one.getKey().value());
        write(json, one.getValue(), kept);
        json.close('}');
      }
      json.close(']').close('}');
    }
    json.close(']');
  }

  private void write(ScriptJson json, Slice slice, int[] kept) {
    Map<Integer, long[]> shown = new TreeMap<>();
    slice.self.forEach(
        (node, self) -> {
          long[] sums = shown.computeIfAbsent(kept[node], position -> new long[types]);
          for (int type = 0; type < types; type++) {
            sums[type] = SaturatingMath.sum(sums[type], self[type]);
          }
        });
    json.key("nodes").open('[');
    shown.keySet().forEach(json::element);
    json.close(']').key("self").open('[');
    for (int type = 0; type < types; type++) {
      json.next().open('[');
      for (long[] self : shown.values()) {
        json.element(self[type]);
      }
      json.close(']');
    }
    json.close(']');
  }

  private double share(Slice slice) {
    double share = 0;
    for (int type = 0; type < types; type++) {
      if (wholes[type] > 0) {
        share = Math.max(share, slice.weights[type] / wholes[type]);
      }
    }
    return share;
  }
}
