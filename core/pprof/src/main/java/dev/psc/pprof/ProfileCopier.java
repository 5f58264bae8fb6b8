package dev.psc.pprof;

import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.FreeNames;
import dev.psc.pprof.internal.wire.ArrayGrowth;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Copies samples of profiles of one type into a builder, where those of the same stack and labels
 * meet. Not thread-safe.
 */
final class ProfileCopier {

  /** The identity of a mapping's code in different processes. */
  private record MappingKey(long sizeBytes, long offset, String identity) {}

  /** A mapping of the builder and where the first of its kind was loaded. */
  private record Target(int id, long start) {}

  private static final long PAGE_BYTES = 4096;

  private final ProfileBuilder builder;
  private final Profile first;
  private String defaultSampleType = "";
  private String docUrl = "";
  private String dropFrames = "";
  private String keepFrames = "";
  private final Map<MappingKey, Target> mappings = new HashMap<>();

  ProfileCopier(Profile first) {
    this.first = first;
    this.builder = ProfileBuilder.create();
    FreeNames free = new FreeNames(new HashSet<>());
    first.sampleTypes().stream().map(SampleType::type).distinct().forEach(free::take);
    Set<String> seen = new HashSet<>();
    for (SampleType type : first.sampleTypes()) {
      // Readers reject a profile with two sample types of one name.
      builder.column(seen.add(type.type()) ? type.type() : free.take(type.type()), type.unit());
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

  /** A period type without type and unit counts as none. */
  private static SampleType periodType(Profile profile) {
    return Objects.requireNonNullElse(profile.periodType(), new SampleType("", ""));
  }

  /**
   * Adds the samples of a profile, multiplied by a sign.
   *
   * @throws IllegalArgumentException when its type is not that of the first
   */
  void add(Profile profile, int sign) {
    add(profile, sign, i -> true);
  }

  /**
   * Adds some samples of a profile, multiplied by a sign.
   *
   * @param chosen returns whether the sample with a number is added
   * @throws IllegalArgumentException when its type is not that of the first
   */
  void add(Profile profile, int sign, IntPredicate chosen) {
    int[] columns = columns(profile);
    copyMissing(profile);
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
    for (int number = 0; sample.next(); number++) {
      if (!chosen.test(number)) {
        continue;
      }
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
        values[columns[i]] = sign * sample.value(i);
      }
      builder.sample(stack, 0, depth, labels(sample), values);
    }
  }

  /** Copies the fields that none of the previous profiles had. */
  private void copyMissing(Profile profile) {
    if (defaultSampleType.isEmpty() && !profile.defaultSampleType().isEmpty()) {
      defaultSampleType = profile.defaultSampleType();
      builder.defaultSampleType(defaultSampleType);
    }
    if (docUrl.isEmpty() && !profile.docUrl().isEmpty()) {
      docUrl = profile.docUrl();
      builder.docUrl(docUrl);
    }
    // The two belong together: frames are kept in spite of being dropped.
    if (dropFrames.isEmpty() && keepFrames.isEmpty()) {
      dropFrames = profile.dropFrames();
      keepFrames = profile.keepFrames();
      builder.dropFrames(dropFrames);
      builder.keepFrames(keepFrames);
    }
  }

  /** Returns for each sample type of a profile which one of the first it is. */
  private int[] columns(Profile profile) {
    List<SampleType> wanted = first.sampleTypes();
    List<SampleType> types = profile.sampleTypes();
    int[] columns = new int[types.size()];
    boolean same = types.size() == wanted.size() && periodType(profile).equals(periodType(first));
    if (same && types.equals(wanted)) {
      Arrays.setAll(columns, i -> i);
      return columns;
    }
    // Equal types of one profile have no other order.
    same &= new HashSet<>(wanted).size() == wanted.size() && Set.copyOf(types).containsAll(wanted);
    if (!same) {
      throw new IllegalArgumentException(
          "profiles of different types cannot be merged: "
              + first.sampleTypes()
              + " every "
              + periodType(first)
              + ", and "
              + profile.sampleTypes()
              + " every "
              + periodType(profile));
    }
    Map<SampleType, Integer> places = new HashMap<>();
    for (int i = 0; i < wanted.size(); i++) {
      places.put(wanted.get(i), i);
    }
    for (int i = 0; i < columns.length; i++) {
      columns[i] = places.getOrDefault(types.get(i), i);
    }
    return columns;
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
      if (frames.size() > 1 || isLine(frame)) {
        // Without a name too: readers refuse a line without a function.
        int function =
            builder.function(frame.function(), frame.systemName(), frame.file(), frame.startLine());
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

  /** Returns whether a frame has more than an address. */
  private static boolean isLine(Frame frame) {
    return !frame.function().isEmpty()
        || !frame.systemName().isEmpty()
        || !frame.file().isEmpty()
        || frame.startLine() != 0
        || frame.line() != 0
        || frame.column() != 0;
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
