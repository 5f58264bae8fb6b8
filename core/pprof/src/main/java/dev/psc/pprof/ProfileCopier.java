package dev.psc.pprof;

import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.ArrayGrowth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Copies samples of profiles of one type into a builder, where those of the same stack and labels
 * meet. Not thread-safe.
 */
final class ProfileCopier {

  /** What makes two mappings of different processes the same code. */
  private record MappingKey(long sizeBytes, long offset, String identity) {}

  /** A mapping of the builder and where the first of its kind was loaded. */
  private record Target(int id, long start) {}

  private static final long PAGE_BYTES = 4096;

  private final ProfileBuilder builder;
  private final Profile first;
  private final Map<MappingKey, Target> mappings = new HashMap<>();

  ProfileCopier(Profile first) {
    this.first = first;
    this.builder = ProfileBuilder.create();
    for (SampleType type : first.sampleTypes()) {
      builder.column(type.type(), type.unit());
    }
    if (!first.defaultSampleType().isEmpty()) {
      builder.defaultSampleType(first.defaultSampleType());
    }
    if (!first.dropFrames().isEmpty()) {
      builder.dropFrames(first.dropFrames());
    }
    if (!first.keepFrames().isEmpty()) {
      builder.keepFrames(first.keepFrames());
    }
    if (!first.docUrl().isEmpty()) {
      builder.docUrl(first.docUrl());
    }
  }

  ProfileBuilder builder() {
    return builder;
  }

  /** Copies the period type, with the given period. */
  void period(long period) {
    SampleType type = periodType(first);
    builder.periodColumn(type.type(), type.unit(), period);
  }

  /** A period type without words says as much as none. */
  private static SampleType periodType(Profile profile) {
    return Objects.requireNonNullElse(profile.periodType(), new SampleType("", ""));
  }

  /**
   * Adds the samples of a profile, multiplied by a sign.
   *
   * @throws IllegalArgumentException when its type is not that of the first
   */
  void add(Profile profile, int sign) {
    requireSameType(profile);
    Target[] targets = new Target[profile.mappings().size()];
    long[] shifts = new long[targets.length];
    for (int i = 0; i < targets.length; i++) {
      Mapping mapping = profile.mappings().get(i);
      targets[i] = target(mapping);
      shifts[i] = targets[i].start() - mapping.start();
    }
    int[] locations = new int[profile.locationCount()];
    int[] stack = new int[64];
    long[] values = new long[profile.sampleTypes().size()];
    SampleCursor sample = profile.cursor();
    while (sample.next()) {
      int depth = sample.depth();
      stack = ArrayGrowth.ints(stack, depth);
      for (int i = 0; i < depth; i++) {
        int location = sample.location(i);
        if (locations[location] == 0) {
          locations[location] = location(profile.frames(location), targets, shifts);
        }
        stack[i] = locations[location];
      }
      for (int i = 0; i < values.length; i++) {
        values[i] = sign * sample.value(i);
      }
      builder.sample(stack, 0, depth, labels(sample), values);
    }
  }

  private void requireSameType(Profile profile) {
    if (!profile.sampleTypes().equals(first.sampleTypes())
        || !periodType(profile).equals(periodType(first))) {
      throw new IllegalArgumentException(
          "profiles of different types do not add up: "
              + first.sampleTypes()
              + " every "
              + periodType(first)
              + ", and "
              + profile.sampleTypes()
              + " every "
              + periodType(profile));
    }
  }

  private Target target(Mapping mapping) {
    long size = mapping.limit() - mapping.start() + PAGE_BYTES - 1;
    MappingKey key =
        new MappingKey(
            size - Long.remainderUnsigned(size, PAGE_BYTES),
            mapping.offset(),
            mapping.buildId().isEmpty() ? mapping.file() : mapping.buildId());
    Target known = mappings.get(key);
    if (known != null) {
      return known;
    }
    int flags =
        (mapping.hasFunctions() ? ProfileBuilder.HAS_FUNCTIONS : 0)
            | (mapping.hasFilenames() ? ProfileBuilder.HAS_FILENAMES : 0)
            | (mapping.hasLineNumbers() ? ProfileBuilder.HAS_LINE_NUMBERS : 0)
            | (mapping.hasInlineFrames() ? ProfileBuilder.HAS_INLINE_FRAMES : 0);
    int id =
        builder.mapping(
            mapping.start(),
            mapping.limit(),
            mapping.offset(),
            mapping.file(),
            mapping.buildId(),
            flags);
    Target target = new Target(id, mapping.start());
    mappings.put(key, target);
    return target;
  }

  private int location(List<Frame> frames, Target[] targets, long[] shifts) {
    Frame any = frames.get(0);
    SymbolTable symbols = builder.symbols();
    int lines = 0;
    for (Frame frame : frames) {
      boolean named = !frame.function().isEmpty() || !frame.systemName().isEmpty();
      if (named || frame.line() != 0) {
        int function =
            named
                ? builder.function(
                    frame.function(), frame.systemName(), frame.file(), frame.startLine())
                : 0;
        symbols.line(lines++, function, frame.line(), frame.column());
      }
    }
    int mapping = any.mapping();
    if (mapping < 0) {
      return symbols.endLocation(0, any.address(), false, lines);
    }
    // The same code at another place in another process has to get the same address.
    long address = any.address() == 0 ? 0 : any.address() + shifts[mapping];
    return symbols.endLocation(targets[mapping].id(), address, false, lines);
  }

  private int labels(SampleCursor sample) {
    if (sample.labelCount() == 0) {
      return ProfileBuilder.NO_LABELS;
    }
    SymbolTable symbols = builder.symbols();
    List<SampleTable.Entry> labels = new ArrayList<>(sample.labelCount());
    for (int i = 0; i < sample.labelCount(); i++) {
      labels.add(
          new SampleTable.Entry(
              symbols.string(sample.labelKey(i)),
              symbols.string(sample.labelText(i)),
              sample.labelNumber(i),
              symbols.string(sample.labelUnit(i))));
    }
    return builder.labelSet(labels);
  }
}
