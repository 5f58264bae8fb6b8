package dev.psc.pprof.report;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Mapping;
import dev.psc.pprof.Profile;
import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.internal.wire.ArrayGrowth;
import dev.psc.pprof.internal.wire.IdTable;
import dev.psc.pprof.internal.wire.SaturatingMath;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call tree of all stacks of a profile, from the root, from which summaries and flame graphs are
 * made. Node 0 is the root; a parent's number is smaller than its children's. Frames are functions,
 * the same when name and file are. The tree is bounded: values of frames that do not fit are summed
 * in nodes called {@code [truncated]}. Not thread-safe while it is filled.
 */
final class CallTree {

  /** A function as summaries distinguish them. */
  record Function(String name, String filename) {}

  private static final int NONE = -1;

  /** Deeper frames are left out; profilers stop at a few thousand. */
  private static final int MAX_DEPTH = 1 << 14;

  /** The most nodes times sample types: 32 MiB of sums. Later nodes are left out. */
  private static final int MAX_VALUES = 1 << 22;

  /** The most frames that are followed, which is some seconds. Later stacks are left out. */
  private static final long MAX_STEPS = 1L << 28;

  /** The most characters of a binary's name in the name of an address. */
  private static final int MAX_BINARY_CHARS = 200;

  private final int types;
  private final List<Function> frames = new ArrayList<>();
  private final Map<Function, Integer> frameIds = new HashMap<>();
  private final IdTable nodeIds = new IdTable(256);
  private int[] parents = new int[256];
  private int[] nodeFrames = new int[256];
  private long[] self;
  private long[] total = {};

  /** Makes a tree of a root only, for samples with so many values. */
  CallTree(int types) {
    this.types = types;
    self = new long[256 * types];
    frame("all", "");
    nodeIds.add(0);
  }

  static CallTree of(Profile profile) {
    return of(profile, null);
  }

  /**
   * @param slices receives each sample with its node, or null
   */
  static CallTree of(Profile profile, @Nullable LabelSlices slices) {
    int types = profile.sampleTypes().size();
    CallTree tree = new CallTree(types);
    int[][] framesOf = new int[profile.locationCount()][];
    long steps = 0;
    SampleCursor sample = profile.cursor();
    while (sample.next()) {
      int node = 0;
      int depth = 0;
      boolean fits = true;
      for (int i = sample.depth() - 1; i >= 0 && fits; i--) {
        int location = sample.location(i);
        int[] frames = framesOf[location];
        if (frames == null) {
          frames = tree.framesOf(profile, location);
          framesOf[location] = frames;
        }
        for (int f = 0; f < frames.length && fits; f++) {
          int child = depth < MAX_DEPTH && steps < MAX_STEPS ? tree.find(node, frames[f]) : NONE;
          depth++;
          steps++;
          fits = child != NONE;
          node = fits ? child : tree.child(node, tree.frame("[truncated]", ""));
        }
      }
      for (int type = 0; type < types; type++) {
        tree.add(node, type, sample.value(type));
      }
      if (slices != null) {
        slices.add(sample, node);
      }
    }
    return tree.finish();
  }

  /** Returns the frames of a location, the outermost first. */
  private int[] framesOf(Profile profile, int location) {
    List<Frame> lines = profile.frames(location);
    int[] ids = new int[lines.size()];
    for (int i = 0; i < ids.length; i++) {
      Frame line = lines.get(ids.length - 1 - i);
      Mapping mapping = line.mapping() < 0 ? null : profile.mappings().get(line.mapping());
      ids[i] =
          line.function().isEmpty()
              ? frame(addressName(mapping, line.address()), mapping == null ? "" : mapping.file())
              : frame(line.function(), line.file());
    }
    return ids;
  }

  private static String addressName(@Nullable Mapping mapping, long address) {
    String hex = "0x" + Long.toHexString(address);
    if (mapping == null || mapping.file().isEmpty()) {
      return hex;
    }
    String binary = mapping.file().substring(mapping.file().lastIndexOf('/') + 1);
    return Text.shortened(binary, MAX_BINARY_CHARS) + " " + hex;
  }

  int types() {
    return types;
  }

  int size() {
    return nodeIds.size();
  }

  int frameCount() {
    return frames.size();
  }

  Function frame(int frame) {
    return frames.get(frame);
  }

  int parentOf(int node) {
    return parents[node];
  }

  int frameOf(int node) {
    return nodeFrames[node];
  }

  long self(int node, int type) {
    return self[node * types + type];
  }

  long total(int node, int type) {
    return total[node * types + type];
  }

  int frame(String name, String filename) {
    Function frame = new Function(name, filename);
    Integer known = frameIds.putIfAbsent(frame, frames.size());
    if (known != null) {
      return known;
    }
    frames.add(frame);
    return frames.size() - 1;
  }

  /** Returns the child of a node for a frame, and creates it if there is none. */
  int child(int parent, int frame) {
    int hash = hash(parent, frame);
    int known = known(hash, parent, frame);
    return known == NONE ? add(hash, parent, frame) : known;
  }

  /** Returns the same as {@link #child}, but {@link #NONE} in place of a node too many. */
  private int find(int parent, int frame) {
    int hash = hash(parent, frame);
    int known = known(hash, parent, frame);
    return known != NONE || (long) size() * types >= MAX_VALUES ? known : add(hash, parent, frame);
  }

  private static int hash(int parent, int frame) {
    return IdTable.mix(IdTable.mix(IdTable.start(), parent), frame);
  }

  private int known(int hash, int parent, int frame) {
    for (int slot = nodeIds.first(hash); nodeIds.idAt(slot) >= 0; slot = nodeIds.next(slot)) {
      int node = nodeIds.idAt(slot);
      if (node != 0 && parents[node] == parent && nodeFrames[node] == frame) {
        return node;
      }
    }
    return NONE;
  }

  private int add(int hash, int parent, int frame) {
    int node = nodeIds.add(hash);
    parents = ArrayGrowth.ints(parents, node + 1);
    nodeFrames = ArrayGrowth.ints(nodeFrames, node + 1);
    self = ArrayGrowth.longs(self, (node + 1L) * types);
    parents[node] = parent;
    nodeFrames[node] = frame;
    return node;
  }

  void add(int node, int type, long value) {
    int at = node * types + type;
    self[at] = SaturatingMath.sum(self[at], value);
  }

  /** Sums up; nothing is added afterwards. */
  CallTree finish() {
    total = sumUp(Arrays.copyOf(self, size() * types));
    return this;
  }

  /** Returns the sums of absolute values, by which a tree with negative values is drawn. */
  long[] weights() {
    long[] weights = new long[size() * types];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.abs(self[i]);
    }
    return sumUp(weights);
  }

  boolean hasNegative() {
    for (int i = 0; i < size() * types; i++) {
      if (self[i] < 0) {
        return true;
      }
    }
    return false;
  }

  private long[] sumUp(long[] sums) {
    for (int node = size() - 1; node > 0; node--) {
      for (int type = 0; type < types; type++) {
        int up = parents[node] * types + type;
        sums[up] = SaturatingMath.sum(sums[up], sums[node * types + type]);
      }
    }
    return sums;
  }

  /** Returns the flat sums by frame and type, at {@code frame * types + type}. */
  long[] flatByFrame() {
    long[] flat = new long[frames.size() * types];
    for (int node = 1; node < size(); node++) {
      for (int type = 0; type < types; type++) {
        int at = nodeFrames[node] * types + type;
        flat[at] = SaturatingMath.sum(flat[at], self(node, type));
      }
    }
    return flat;
  }

  /** Returns the cumulative sums by frame and type; a recursive call counts once. */
  long[] cumulativeByFrame() {
    long[] cumulative = new long[frames.size() * types];
    int[] firstChild = new int[size()];
    int[] nextSibling = new int[size()];
    for (int node = size() - 1; node > 0; node--) {
      nextSibling[node] = firstChild[parents[node]];
      firstChild[parents[node]] = node;
    }
    // A walk over the tree; how often each frame is among the callers tells recursive calls.
    int[] open = new int[frames.size()];
    int node = firstChild[0];
    while (node != 0) {
      if (open[nodeFrames[node]]++ == 0) {
        for (int type = 0; type < types; type++) {
          int at = nodeFrames[node] * types + type;
          cumulative[at] = SaturatingMath.sum(cumulative[at], total(node, type));
        }
      }
      if (firstChild[node] != 0) {
        node = firstChild[node];
        continue;
      }
      open[nodeFrames[node]]--;
      while (nextSibling[node] == 0 && parents[node] != 0) {
        node = parents[node];
        open[nodeFrames[node]]--;
      }
      node = nextSibling[node];
    }
    return cumulative;
  }
}
