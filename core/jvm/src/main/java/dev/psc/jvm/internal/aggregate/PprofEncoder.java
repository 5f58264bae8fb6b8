package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.ProfileBuilder;
import java.util.Arrays;
import java.util.List;

/** An encoder of snapshots as pprof, for one profile. Not thread-safe. */
public final class PprofEncoder {

  private static final String PROGRAM = "java";

  private final ProfileBuilder profile = ProfileBuilder.create();
  private final int types;
  private final int mapping;
  private final long[] values;

  private PprofEncoder(JvmProfile kind, long periodNanos) {
    for (String type : kind.sampleTypes()) {
      int slash = type.indexOf('/');
      profile.sampleType(type.substring(0, slash), type.substring(slash + 1));
    }
    types = kind.sampleTypes().size();
    values = new long[types];
    boolean timed = kind == JvmProfile.PROCESS_CPU || kind == JvmProfile.WALL;
    String[] period = kind.periodType().split("/", 2);
    profile.periodType(period[0], period[1], timed ? periodNanos : 1);
    if (kind == JvmProfile.MEMORY) {
      profile.defaultSampleType("alloc_space");
    } else if (kind == JvmProfile.HEAP) {
      profile.defaultSampleType("inuse_space");
    } else if (kind == JvmProfile.LEAK_SUSPECTS) {
      // The largest objects are kept, so sizes are no estimate, and older JDKs do not record them.
      profile.defaultSampleType("samples");
    }
    mapping = profile.mapping(PROGRAM, "");
  }

  /**
   * Returns the gzip'd profile.
   *
   * @param kind the kind of profile
   * @param periodNanos the period of CPU samples
   * @param timeNanos its start, or the time at which it was taken
   * @param durationNanos its length; 0 for a moment or a running total
   * @param comments the comments of the profile
   * @param parts the snapshots; parts after the first fill the columns from the third on
   */
  public static byte[] encode(
      JvmProfile kind,
      long periodNanos,
      long timeNanos,
      long durationNanos,
      List<String> comments,
      Snapshot... parts) {
    PprofEncoder encoder = new PprofEncoder(kind, periodNanos);
    encoder.profile.timeNanos(timeNanos).durationNanos(durationNanos);
    comments.forEach(encoder.profile::comment);
    for (int part = 0; part < parts.length; part++) {
      encoder.add(parts[part], part * 2);
    }
    return encoder.profile.build();
  }

  private void add(Snapshot snapshot, int column) {
    StackPool stackPool = snapshot.stackPool();
    int[] functions = new int[stackPool.functionCount()];
    int[] locations = new int[stackPool.locationCount()];
    int[] stack = new int[64];
    ProfileTable table = snapshot.table();
    for (int row = 0; row < table.size(); row++) {
      int id = table.stack(row);
      int depth = stackPool.depth(id);
      if (depth > stack.length) {
        stack = new int[depth];
      }
      stackPool.frames(id, stack);
      for (int i = 0; i < depth; i++) {
        int location = stack[i];
        if (locations[location] == 0) {
          locations[location] = location(stackPool, location, functions);
        }
        stack[i] = locations[location];
      }
      Arrays.fill(values, 0);
      values[column] = table.first(row);
      if (types > 1) {
        values[column + 1] = table.second(row);
      }
      profile.sample(stack, 0, depth, labels(snapshot.labelPairs(table.labels(row))), values);
    }
  }

  private int location(StackPool stackPool, int location, int[] functions) {
    int function = stackPool.functionOf(location);
    if (functions[function] == 0) {
      functions[function] =
          profile.function(stackPool.name(function), "", stackPool.file(function), 0);
    }
    return profile.location(mapping, 0, functions[function], stackPool.lineOf(location));
  }

  private int labels(List<String> pairs) {
    return pairs.isEmpty()
        ? ProfileBuilder.NO_LABELS
        : profile.labels(pairs.toArray(String[]::new));
  }
}
