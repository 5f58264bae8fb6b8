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
 * All stacks of a profile laid over each other, from the root: the one pass that summaries and
 * flame graphs are made of. Node 0 is the root; a parent's number is smaller than its children's.
 * Frames are functions, the same when name and file are. Not thread-safe while it is filled.
 */
final class CallTree {

  /** A function as far as summaries tell them apart. */
  record Function(String name, String filename) {}

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
    int types = profile.sampleTypes().size();
    CallTree tree = new CallTree(types);
    int[][] framesOf = new int[profile.locationCount()][];
    SampleCursor sample = profile.cursor();
    while (sample.next()) {
      int node = 0;
      for (int i = sample.depth() - 1; i >= 0; i--) {
        int location = sample.location(i);
        int[] frames = framesOf[location];
        if (frames == null) {
          frames = tree.framesOf(profile, location);
          framesOf[location] = frames;
        }
        for (int frame : frames) {
          node = tree.child(node, frame);
        }
      }
      for (int type = 0; type < types; type++) {
        tree.add(node, type, sample.value(type));
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
    return mapping.file().substring(mapping.file().lastIndexOf('/') + 1) + " " + hex;
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

  /** Returns the child of a node for a frame, a new one when there is none yet. */
  int child(int parent, int frame) {
    int hash = IdTable.mix(IdTable.mix(IdTable.start(), parent), frame);
    for (int slot = nodeIds.first(hash); nodeIds.idAt(slot) >= 0; slot = nodeIds.next(slot)) {
      int node = nodeIds.idAt(slot);
      if (node != 0 && parents[node] == parent && nodeFrames[node] == frame) {
        return node;
      }
    }
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
    for (int node = 1; node < size(); node++) {
      if (isRecursive(node)) {
        continue;
      }
      for (int type = 0; type < types; type++) {
        int at = nodeFrames[node] * types + type;
        cumulative[at] = SaturatingMath.sum(cumulative[at], total(node, type));
      }
    }
    return cumulative;
  }

  private boolean isRecursive(int node) {
    for (int up = parents[node]; up != 0; up = parents[up]) {
      if (nodeFrames[up] == nodeFrames[node]) {
        return true;
      }
    }
    return false;
  }
}
