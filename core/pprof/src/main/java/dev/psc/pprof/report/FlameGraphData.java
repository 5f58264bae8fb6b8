package dev.psc.pprof.report;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.SampleType;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The input of a {@link FlameGraph}'s script: the heaviest nodes of a call tree, parents first, and
 * the heaviest functions, as JSON that is safe inside a script element.
 */
final class FlameGraphData {

  /** The most values of one kind, so that a profile of many sample types is not a larger page. */
  private static final int MAX_VALUES = 400_000;

  /** The most characters of all names; longer ones are truncated alike. */
  private static final int MAX_NAME_CHARS = 1 << 23;

  private final CallTree tree;
  private final List<SampleType> types;
  private final int defaultType;
  private final List<String> about;
  private final LabelSlices slices;
  private final long[] weights;

  /** Whether frames are drawn by the absolute values of what is below them. */
  private final boolean changes;

  FlameGraphData(CallTree tree, List<SampleType> types, int defaultType, List<String> about) {
    this(tree, new LabelSlices(types.size()), types, defaultType, about, false);
  }

  private FlameGraphData(
      CallTree tree,
      LabelSlices slices,
      List<SampleType> types,
      int defaultType,
      List<String> about,
      boolean difference) {
    this.tree = tree;
    this.slices = slices;
    this.types = List.copyOf(types);
    this.about = List.copyOf(about);
    this.weights = tree.weights();
    this.defaultType = drawn(defaultType);
    this.changes = difference || tree.hasNegative();
  }

  static FlameGraphData of(Profile profile, boolean difference) {
    LabelSlices slices = new LabelSlices(profile.sampleTypes().size());
    return new FlameGraphData(
        CallTree.of(profile, slices),
        slices,
        profile.sampleTypes(),
        profile.defaultSampleTypeIndex(),
        FlameGraph.about(profile.timeNanos(), profile.durationNanos()),
        difference);
  }

  /** Returns the sample type, or the first with values if it has none: its page would be empty. */
  private int drawn(int sampleType) {
    for (int type = 0; weights[sampleType] == 0 && type < types.size(); type++) {
      if (weights[type] != 0) {
        return type; // the root is the first node
      }
    }
    return sampleType;
  }

  String toJson() {
    int rows = Math.max(1, MAX_VALUES / types.size());
    int[] kept = heaviestNodes(Math.min(FlameGraph.MAX_NODES, rows));
    int[] position = new int[tree.size()];
    Arrays.fill(position, -1);
    for (int i = 0; i < kept.length; i++) {
      position[kept[i]] = i;
    }
    for (int node = 0; node < position.length; node++) {
      // A frame that is left out counts for the nearest one above it.
      position[node] = position[node] < 0 ? position[tree.parentOf(node)] : position[node];
    }
    long[] flat = tree.flatByFrame();
    long[] cumulative = tree.cumulativeByFrame();
    int[] functions = heaviestFunctions(flat, cumulative, Math.min(FlameGraph.MAX_FUNCTIONS, rows));

    // Frames that neither a node nor the table shows are not part of the page.
    int[] frameIds = new int[tree.frameCount()];
    Arrays.fill(frameIds, -1);
    int frames = 0;
    for (int node : kept) {
      if (frameIds[tree.frameOf(node)] < 0) {
        frameIds[tree.frameOf(node)] = frames++;
      }
    }
    for (int function : functions) {
      if (frameIds[function] < 0) {
        frameIds[function] = frames++;
      }
    }
    CallTree.Function[] shown = new CallTree.Function[frames];
    for (int frame = 0; frame < frameIds.length; frame++) {
      if (frameIds[frame] >= 0) {
        shown[frameIds[frame]] = tree.frame(frame);
      }
    }

    ScriptJson json = new ScriptJson(kept.length * 24 + frames * 48);
    json.open('{').key("types").open('[');
    for (SampleType type : types) {
      String name = Text.shortened(type.type());
      String unit = Text.shortened(type.unit());
      json.next().open('{').key("name").text(name).key("unit").text(unit).close('}');
    }
    json.close(']').key("defaultType").number(defaultType);
    json.key("about").texts(about);
    json.key("pruned").number(tree.size() - kept.length);
    writeFrames(json, shown);
    json.key("parent").open('[');
    for (int node : kept) {
      json.element(position[tree.parentOf(node)]);
    }
    json.close(']').key("frame").open('[');
    for (int node : kept) {
      json.element(frameIds[tree.frameOf(node)]);
    }
    json.close(']');
    columns(json, "self", kept, tree::self);
    columns(json, "total", kept, tree::total);
    if (changes) {
      columns(json, "weight", kept, (node, type) -> weights[node * types.size() + type]);
    }
    slices.write(json, position);
    json.key("top").open('{').key("functions").number(tree.frameCount() - 1L);
    json.key("frame").open('[');
    for (int function : functions) {
      json.element(frameIds[function]);
    }
    json.close(']');
    columns(json, "flat", functions, (frame, type) -> flat[frame * types.size() + type]);
    columns(json, "cum", functions, (frame, type) -> cumulative[frame * types.size() + type]);
    return json.close('}').close('}').toString();
  }

  private static void writeFrames(ScriptJson json, CallTree.Function[] frames) {
    Map<String, Integer> files = new LinkedHashMap<>();
    long chars = 0;
    for (CallTree.Function frame : frames) {
      chars += frame.name().length() + frame.filename().length();
    }
    int limit = chars <= MAX_NAME_CHARS ? Integer.MAX_VALUE : MAX_NAME_CHARS / 2 / frames.length;
    json.key("names").open('[');
    for (CallTree.Function frame : frames) {
      json.next().text(Text.shortened(frame.name(), limit));
      files.putIfAbsent(Text.shortened(frame.filename(), limit), files.size());
    }
    json.close(']').key("file").open('[');
    for (CallTree.Function frame : frames) {
      json.element(files.getOrDefault(Text.shortened(frame.filename(), limit), 0));
    }
    json.close(']').key("files").texts(files.keySet());
  }

  /** A value by node or frame, and by type. */
  @FunctionalInterface
  private interface Values {
    long of(int index, int type);
  }

  private void columns(ScriptJson json, String key, int[] rows, Values values) {
    json.key(key).open('[');
    for (int type = 0; type < types.size(); type++) {
      json.next().open('[');
      for (int row : rows) {
        json.element(values.of(row, type));
      }
      json.close(']');
    }
    json.close(']');
  }

  /**
   * Returns at most so many nodes in their order. A parent is never lighter than its children and
   * comes before them, so the result is a tree.
   */
  private int[] heaviestNodes(int limit) {
    int size = tree.size();
    double[] share = new double[size];
    for (int node = 0; node < size; node++) {
      share[node] = share(weights, node, weights, 0);
    }
    return heaviest(share, 0, limit);
  }

  private int[] heaviestFunctions(long[] flat, long[] cumulative, int limit) {
    double[] share = new double[tree.frameCount()];
    for (int frame = 1; frame < share.length; frame++) {
      share[frame] =
          Math.max(share(flat, frame, weights, 0) * 4, share(cumulative, frame, weights, 0));
    }
    return heaviest(share, 1, limit);
  }

  /** Returns the largest share that something has of the whole, among the types. */
  private double share(long[] values, int index, long[] wholes, int whole) {
    int count = types.size();
    double share = 0;
    for (int type = 0; type < count; type++) {
      double of = wholes[whole * count + type];
      if (of > 0) {
        share = Math.max(share, Math.abs((double) values[index * count + type]) / of);
      }
    }
    return share;
  }

  private static int[] heaviest(double[] shares, int from, int limit) {
    int count = shares.length - from;
    if (count <= limit) {
      int[] all = new int[count];
      Arrays.setAll(all, i -> i + from);
      return all;
    }
    double[] sorted = Arrays.copyOfRange(shares, from, shares.length);
    Arrays.sort(sorted);
    double threshold = sorted[count - limit];
    int above = 0;
    for (int i = from; i < shares.length; i++) {
      above += shares[i] > threshold ? 1 : 0;
    }
    int[] kept = new int[limit];
    int equal = limit - above;
    int size = 0;
    for (int i = from; i < shares.length; i++) {
      if (shares[i] > threshold || (shares[i] == threshold && equal-- > 0)) {
        kept[size++] = i;
      }
    }
    return kept;
  }
}
