package dev.psc.pprof;

import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.WireReader;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A builder of pprof profiles: tables are filled through interning methods that return ids, and
 * samples of the same stack and labels are summed.
 *
 * <pre>{@code
 * ProfileBuilder profile = ProfileBuilder.create();
 * profile.sampleType("cpu", "nanoseconds");
 * profile.periodType("cpu", "nanoseconds", 10_000_000).timeNanos(now).durationNanos(10_000_000_000L);
 * int jvm = profile.mapping("java", "");
 * int function = profile.function("com.example.Main.run", "", "Main.java", 12);
 * int location = profile.location(jvm, 0, function, 17);
 * int labels = profile.labels("thread", "worker-1");
 * profile.sample(new int[] {location}, 0, 1, labels, 20_000_000);
 * byte[] pprof = profile.build();
 * }</pre>
 *
 * <p>Everything is kept in primitive arrays and found by open addressing: adding to a sample that
 * exists allocates nothing (where the caller reuses the array of values). The output depends on the
 * calls alone, byte for byte. Ids count from 1 in every table and the string table starts with the
 * empty text, as strict stores demand. Nothing is ever removed: make one builder per profile.
 *
 * <p>Not thread-safe.
 */
public final class ProfileBuilder {

  /** The label set without labels. */
  public static final int NO_LABELS = 0;

  static final int HAS_FUNCTIONS = 1;
  static final int HAS_FILENAMES = 2;
  static final int HAS_LINE_NUMBERS = 4;
  static final int HAS_INLINE_FRAMES = 8;

  private final SymbolTable symbols = new SymbolTable();
  private final SampleTable samples = new SampleTable(symbols);
  private final List<int[]> sampleTypes = new ArrayList<>();
  private final List<Integer> comments = new ArrayList<>();
  private int dropFrames;
  private int keepFrames;
  private long timeNanos;
  private long durationNanos;
  private boolean periodKnown;
  private int periodType;
  private int periodUnit;
  private long period;
  private int defaultSampleType;
  private int docUrl;

  private ProfileBuilder() {}

  /** Returns a builder of a profile without anything. */
  public static ProfileBuilder create() {
    return new ProfileBuilder();
  }

  /**
   * Adds a column of values.
   *
   * @param type what is counted, e.g. {@code cpu}; not empty
   * @param unit the unit of the values, e.g. {@code nanoseconds}; not empty
   * @return its index among the values of a sample: 0, 1, 2, …
   * @throws IllegalArgumentException when a part is empty or the profile has a sample type of this
   *     name, even with another unit: readers go by the type alone
   * @throws IllegalStateException when there is a sample already
   */
  public int sampleType(String type, String unit) {
    requireText(type, "type");
    requireText(unit, "unit");
    if (samples.sampleCount() > 0) {
      throw new IllegalStateException(
          "sampleType(" + type + ") must be called before the first sample");
    }
    int name = symbols.string(type);
    if (sampleTypes.stream().anyMatch(known -> known[0] == name)) {
      throw new IllegalArgumentException("sample type " + type + " is already in the profile");
    }
    return column(type, unit);
  }

  /** Adds a sample type as another profile has it, empty parts too. */
  int column(String type, String unit) {
    sampleTypes.add(new int[] {symbols.string(type), symbols.string(unit)});
    return sampleTypes.size() - 1;
  }

  /**
   * Sets the distance between two samples; the first sample type with a period of 1 by default,
   * because stores refuse a profile without a period type.
   *
   * @param type what is counted between two samples, e.g. {@code cpu}; not empty
   * @param unit the unit of the period, e.g. {@code nanoseconds}; not empty
   * @param period how many units lie between two samples
   * @throws IllegalArgumentException when a part is empty
   */
  public ProfileBuilder periodType(String type, String unit, long period) {
    requireText(type, "type");
    requireText(unit, "unit");
    return periodColumn(type, unit, period);
  }

  /** Sets the period type as another profile has it; two empty parts for none. */
  ProfileBuilder periodColumn(String type, String unit, long period) {
    this.periodType = symbols.string(type);
    this.periodUnit = symbols.string(unit);
    this.period = period;
    this.periodKnown = true;
    return this;
  }

  /**
   * Sets when the profile was taken, in nanoseconds since 1970. Stores file a profile without a
   * time under 1970, so set it.
   */
  public ProfileBuilder timeNanos(long timeNanos) {
    this.timeNanos = timeNanos;
    return this;
  }

  /** Sets the time that the profile covers, in nanoseconds; 0, the default, for a snapshot. */
  public ProfileBuilder durationNanos(long durationNanos) {
    this.durationNanos = durationNanos;
    return this;
  }

  /** Sets the sample type that tools show first; the last one by the format's default. */
  public ProfileBuilder defaultSampleType(String type) {
    this.defaultSampleType = symbols.string(Objects.requireNonNull(type, "type"));
    return this;
  }

  /** Adds a free text about the profile. */
  public ProfileBuilder comment(String comment) {
    comments.add(symbols.string(Objects.requireNonNull(comment, "comment")));
    return this;
  }

  /** Replaces the comments. */
  ProfileBuilder comments(Iterable<String> texts) {
    comments.clear();
    texts.forEach(this::comment);
    return this;
  }

  /** Sets where the profile is documented, as an absolute http or https address. */
  public ProfileBuilder docUrl(String url) {
    this.docUrl = symbols.string(Objects.requireNonNull(url, "url"));
    return this;
  }

  ProfileBuilder dropFrames(String pattern) {
    this.dropFrames = symbols.string(pattern);
    return this;
  }

  ProfileBuilder keepFrames(String pattern) {
    this.keepFrames = symbols.string(pattern);
    return this;
  }

  /**
   * Returns the mapping of code that carries its own symbols and has no addresses, as a JVM's. By
   * convention the first mapping is the main program.
   *
   * @param filename the program, e.g. {@code java}
   * @param buildId what identifies its build, or the empty text
   * @return its id, at least 1; the same for the same arguments
   */
  public int mapping(String filename, String buildId) {
    return mapping(
        0,
        0,
        0,
        filename,
        buildId,
        HAS_FUNCTIONS | HAS_FILENAMES | HAS_LINE_NUMBERS | HAS_INLINE_FRAMES);
  }

  /**
   * Returns the mapping of native code that is symbolized later, by address and build id.
   *
   * @param memoryStart its first address, unsigned
   * @param memoryLimit the address behind its last, unsigned
   * @param fileOffset where in the file the mapped part begins
   * @param filename the path of the executable or library
   * @param buildId its build id, or the empty text
   * @return its id, at least 1; the same for the same arguments
   */
  public int nativeMapping(
      long memoryStart, long memoryLimit, long fileOffset, String filename, String buildId) {
    return mapping(memoryStart, memoryLimit, fileOffset, filename, buildId, 0);
  }

  int mapping(
      long memoryStart,
      long memoryLimit,
      long fileOffset,
      String filename,
      String buildId,
      int flags) {
    return symbols.mapping(
        memoryStart,
        memoryLimit,
        fileOffset,
        symbols.string(Objects.requireNonNull(filename, "filename")),
        symbols.string(Objects.requireNonNull(buildId, "buildId")),
        flags);
  }

  /**
   * Returns a function.
   *
   * @param name as people read it
   * @param systemName as the system writes it, e.g. mangled, or the empty text
   * @param filename its source file, or the empty text
   * @param startLine the line where it begins, or 0
   * @return its id, at least 1; the same for the same arguments
   */
  public int function(String name, String systemName, String filename, long startLine) {
    return symbols.function(
        symbols.string(Objects.requireNonNull(name, "name")),
        symbols.string(Objects.requireNonNull(systemName, "systemName")),
        symbols.string(Objects.requireNonNull(filename, "filename")),
        startLine);
  }

  /**
   * Returns a place in a function.
   *
   * @param mapping a mapping's id, or 0 for none
   * @param address the instruction's address, or 0 for none
   * @param function a function's id, or 0 for code without symbols
   * @param line the line in the function's file, or 0
   * @return its id, at least 1; the same for the same arguments
   * @throws IllegalArgumentException when an id is unknown
   */
  public int location(int mapping, long address, int function, long line) {
    requireId(mapping, symbols.mappingCount(), "mapping");
    requireId(function, symbols.functionCount(), "function");
    if (function == 0) {
      return symbols.endLocation(mapping, address, false, 0);
    }
    symbols.line(0, function, line, 0);
    return symbols.endLocation(mapping, address, false, 1);
  }

  /**
   * Returns a place in a function that the compiler copied into others.
   *
   * @param mapping a mapping's id, or 0 for none
   * @param address the instruction's address, or 0 for none
   * @param functions the functions' ids, innermost first: the last is the one that is really there
   * @param lines a line for each function
   * @return its id, at least 1; the same for the same arguments
   * @throws IllegalArgumentException when an id is unknown or the lengths differ
   */
  public int inlinedLocation(int mapping, long address, int[] functions, long[] lines) {
    requireId(mapping, symbols.mappingCount(), "mapping");
    if (functions.length != lines.length) {
      throw new IllegalArgumentException(
          "functions has " + functions.length + " elements, lines has " + lines.length);
    }
    for (int i = 0; i < functions.length; i++) {
      requireId(functions[i], symbols.functionCount(), "function");
      // Readers refuse a line without a function.
      int function = functions[i] == 0 ? function("", "", "", 0) : functions[i];
      symbols.line(i, function, lines[i], 0);
    }
    return symbols.endLocation(mapping, address, false, functions.length);
  }

  SymbolTable symbols() {
    return symbols;
  }

  /**
   * Returns a set of text labels. Labels with an empty value are ignored.
   *
   * @param keysAndValues key, value, key, value, …; the order does not matter
   * @return its id, {@link #NO_LABELS} for no labels; the same for the same labels
   * @throws IllegalArgumentException when the count is odd or a key is empty
   */
  public int labels(String... keysAndValues) {
    if (keysAndValues.length % 2 != 0) {
      throw new IllegalArgumentException(
          "keysAndValues has an odd number of elements: " + keysAndValues.length);
    }
    List<SampleTable.Entry> labels = new ArrayList<>(keysAndValues.length / 2);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      requireText(keysAndValues[i], "key");
      String value = Objects.requireNonNull(keysAndValues[i + 1], "value");
      if (!value.isEmpty()) {
        labels.add(
            new SampleTable.Entry(symbols.string(keysAndValues[i]), symbols.string(value), 0, 0));
      }
    }
    return labelSet(labels);
  }

  /**
   * Returns a set with one more label, a number.
   *
   * @param labelSet the set to start from, or {@link #NO_LABELS}
   * @param key its name; not empty
   * @param number its value
   * @param unit its unit, e.g. {@code bytes}, or the empty text
   * @return the id of the larger set; the same for the same labels
   * @throws IllegalArgumentException when the set is unknown or the key is empty
   */
  public int withNumber(int labelSet, String key, long number, String unit) {
    requireLabelSet(labelSet);
    requireText(key, "key");
    List<SampleTable.Entry> labels = new ArrayList<>(samples.labels(labelSet));
    labels.add(
        new SampleTable.Entry(
            symbols.string(key), 0, number, symbols.string(Objects.requireNonNull(unit, "unit"))));
    return labelSet(labels);
  }

  int labelSet(List<SampleTable.Entry> labels) {
    return samples.labelSet(labels);
  }

  /**
   * Returns a stack, for callers that meet the same one often and can keep its id.
   *
   * @param locationsLeafFirst an array with the locations' ids, the leaf first
   * @param from where in the array the stack begins
   * @param count how many locations it has; 0 is legal
   * @return its id, at least 0; the same for the same locations
   * @throws IllegalArgumentException when a location is unknown
   * @throws IndexOutOfBoundsException when the range is not inside the array
   */
  public int stack(int[] locationsLeafFirst, int from, int count) {
    Objects.checkFromIndexSize(from, count, locationsLeafFirst.length);
    return samples.stack(locationsLeafFirst, from, count);
  }

  /**
   * Adds a sample of a stack that {@link #stack} returned; one that exists grows by the values.
   * Sums stop at the largest and the smallest long. Samples whose values are all 0 are not written.
   *
   * @param stack a stack's id
   * @param labelSet a label set's id, or {@link #NO_LABELS}
   * @param values a value per sample type; copied
   * @throws IllegalArgumentException when an id is unknown or the number of values is not that of
   *     the sample types
   */
  public void sample(int stack, int labelSet, long... values) {
    if (stack < 0 || stack >= samples.stackCount()) {
      throw new IllegalArgumentException(
          "stack " + stack + " is unknown: there are " + samples.stackCount());
    }
    requireLabelSet(labelSet);
    if (values.length != sampleTypes.size() || values.length == 0) {
      throw new IllegalArgumentException(
          "a sample has " + values.length + " values for " + sampleTypes.size() + " sample types");
    }
    samples.add(stack, labelSet, values);
  }

  /**
   * Adds a sample: {@link #stack} and {@link #sample(int, int, long...)} in one.
   *
   * @param locationsLeafFirst an array with the locations' ids, the leaf first
   * @param from where in the array the stack begins
   * @param count how many locations it has; 0 is legal
   * @param labelSet a label set's id, or {@link #NO_LABELS}
   * @param values a value per sample type; copied
   * @throws IllegalArgumentException when an id is unknown or the number of values is not that of
   *     the sample types
   * @throws IndexOutOfBoundsException when the range is not inside the array
   */
  public void sample(int[] locationsLeafFirst, int from, int count, int labelSet, long... values) {
    sample(stack(locationsLeafFirst, from, count), labelSet, values);
  }

  /** Returns how many different samples there are, those whose values are all 0 too. */
  public int sampleCount() {
    return samples.sampleCount();
  }

  /**
   * Returns the profile, gzip'd. More can be added afterwards.
   *
   * @throws IllegalStateException when there is no sample type
   */
  public byte[] build() {
    WireWriter out = write();
    return Gzip.deflate(out.buf, 0, out.size, Gzip.LEVEL);
  }

  /**
   * Returns the profile as bare protobuf. More can be added afterwards.
   *
   * @throws IllegalStateException when there is no sample type
   */
  public byte[] buildBare() {
    return write().toByteArray();
  }

  private WireWriter write() {
    if (sampleTypes.isEmpty()) {
      throw new IllegalStateException("a profile needs a sample type: call sampleType(type, unit)");
    }
    WireWriter out = new WireWriter(4096);
    for (int[] type : sampleTypes) {
      writeType(out, 1, type[0], type[1]);
    }
    samples.write(out, sampleTypes.size());
    symbols.writeMappings(out);
    symbols.writeLocations(out);
    symbols.writeFunctions(out);
    symbols.writeStrings(out);
    out.number(7, dropFrames);
    out.number(8, keepFrames);
    out.number(9, timeNanos);
    out.number(10, durationNanos);
    if (!periodKnown) {
      writeType(out, 11, sampleTypes.get(0)[0], sampleTypes.get(0)[1]);
    } else if (periodType != 0 || periodUnit != 0) {
      writeType(out, 11, periodType, periodUnit);
    }
    out.number(12, periodKnown ? period : 1);
    for (int comment : comments) {
      out.tag(13, WireReader.VARINT);
      out.varint(comment);
    }
    out.number(14, defaultSampleType);
    out.number(15, docUrl);
    return out;
  }

  private static void writeType(WireWriter out, int field, int type, int unit) {
    out.head(field, WireWriter.numberSize(type) + WireWriter.numberSize(unit));
    out.number(1, type);
    out.number(2, unit);
  }

  private void requireLabelSet(int labelSet) {
    if (labelSet < 0 || labelSet >= samples.labelSetCount()) {
      throw new IllegalArgumentException(
          "labelSet " + labelSet + " is unknown: there are " + samples.labelSetCount());
    }
  }

  private static void requireId(int id, int count, String what) {
    if (id < 0 || id > count) {
      throw new IllegalArgumentException(what + " " + id + " is unknown: there are " + count);
    }
  }

  private static void requireText(String text, String what) {
    if (Objects.requireNonNull(text, what).isEmpty()) {
      throw new IllegalArgumentException(what + " is empty");
    }
  }
}
