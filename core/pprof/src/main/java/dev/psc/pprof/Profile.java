package dev.psc.pprof;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.legacy.LegacyProfile;
import dev.psc.pprof.internal.wire.IdMap;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireReader;
import java.nio.charset.StandardCharsets;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A readable view of one pprof profile. The bytes stay as they are; names, frames and samples are
 * decoded when they are asked for. Ids may be sparse and in any order: everything here is addressed
 * by its position in its table.
 *
 * <p>Immutable and safe to share between threads, as long as a bare body that was parsed is not
 * changed afterwards.
 */
public final class Profile {

  private static final int MAX_PRINTED_TYPES = 20;

  private final ProfileIndex index;
  private final IdMap functionIds;
  private final IdMap locationIds;
  private final IdMap mappingIds;
  private final int[] stringAt;
  private final int[] locationAt;
  private final int[] functionAt;
  private final List<SampleType> sampleTypes;
  private final @Nullable SampleType periodType;
  private final List<Mapping> mappings;
  private final List<String> comments;

  // Filled without locks: the elements are immutable, so two threads at worst decode one twice.
  private final @Nullable String[] texts;
  private final @Nullable List<Frame>[] frames;
  private volatile int @Nullable [] sampleAt;

  private Profile(Checker checker) throws PprofException {
    index = checker.index();
    functionIds = checker.functions;
    locationIds = checker.locations;
    mappingIds = checker.mappings;
    stringAt = index.positions(ProfileFields.STRING);
    locationAt = Arrays.copyOf(index.locationAt, index.count[ProfileFields.LOCATION]);
    functionAt = Arrays.copyOf(index.functionAt, index.count[ProfileFields.FUNCTION]);
    texts = new @Nullable String[stringAt.length];
    frames = newFrames(locationAt.length);
    sampleTypes = List.copyOf(decodeSampleTypes());
    periodType =
        index.count[ProfileFields.PERIOD_TYPE] == 0
            ? null
            : sampleType(index.periodTypeStart, index.periodTypeEnd);
    mappings = List.copyOf(decodeMappings());
    List<String> lines = new ArrayList<>();
    for (long comment : index.comments()) {
      lines.add(text(comment));
    }
    comments = List.copyOf(lines);
  }

  @SuppressWarnings("unchecked")
  private static @Nullable List<Frame>[] newFrames(int length) {
    return (@Nullable List<Frame>[]) new List<?>[length];
  }

  /** Reads a profile with the default limits; see {@link #parse(byte[], PprofLimits)}. */
  public static Profile parse(byte[] body) throws PprofException {
    return parse(body, PprofLimits.defaults());
  }

  /**
   * Reads a profile, which must keep every rule of the format, except those that are {@link
   * PprofRule#repairable}, but need not be one that a strict store accepts.
   *
   * @param body one profile: gzip'd, with one member or several, or bare; bare bytes are not copied
   *     and must not be changed afterwards. A profile in a format that preceded pprof's protobuf,
   *     such as {@code ?debug=1} of Go, is converted
   * @param limits the largest profile that is read
   * @throws PprofException if the bytes are not a profile, are damaged or too large, or break a
   *     rule of the format; the message has the rule and the place
   */
  public static Profile parse(byte[] body, PprofLimits limits) throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Unwrapped open = Unwrapped.open(body, limits);
    try {
      return of(open);
    } catch (PprofException e) {
      Unwrapped legacy = LegacyProfile.convert(open, limits);
      if (legacy == null) {
        throw e;
      }
      return of(legacy);
    }
  }

  static Profile of(Unwrapped body) throws PprofException {
    try {
      Checker checker = Checker.require(ProfileIndex.scan(body.buf(), body.from(), body.to()));
      return new Profile(checker);
    } catch (PprofException e) {
      throw body.explain(e);
    }
  }

  /** Returns a copy of the profile's bytes, without compression. */
  public byte[] uncompressed() {
    return Arrays.copyOfRange(index.buf, index.from, index.to);
  }

  ProfileIndex index() {
    return index;
  }

  /** Returns the types of the columns of values, in the order of the values; at least one. */
  public List<SampleType> sampleTypes() {
    return sampleTypes;
  }

  /** Returns the position of the sample type with this type, or -1. */
  public int sampleTypeIndex(String type) {
    for (int i = 0; i < sampleTypes.size(); i++) {
      if (sampleTypes.get(i).type().equals(type)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * Returns the position of the sample type that tools show unless asked otherwise: the one the
   * profile names, else the last.
   */
  public int defaultSampleTypeIndex() {
    int named = sampleTypeIndex(defaultSampleType());
    return named >= 0 ? named : sampleTypes.size() - 1;
  }

  /** Returns the type that the profile names as its default, or the empty text. */
  public String defaultSampleType() {
    return optionalText(index.single[ProfileFields.DEFAULT_SAMPLE_TYPE]);
  }

  /** Returns what the period counts, or null if the profile has none. */
  public @Nullable SampleType periodType() {
    return periodType;
  }

  /** Returns the number of events between samples, 0 when not given. */
  public long period() {
    return index.single[ProfileFields.PERIOD];
  }

  /** Returns the time of the profile in nanoseconds since 1970; 0 when not given. */
  public long timeNanos() {
    return index.single[ProfileFields.TIME_NANOS];
  }

  /** Returns the duration of the profile in nanoseconds; 0 for a snapshot. */
  public long durationNanos() {
    return index.single[ProfileFields.DURATION_NANOS];
  }

  /** Returns the regular expression of frames to leave out, or the empty text. */
  public String dropFrames() {
    return optionalText(index.single[ProfileFields.DROP_FRAMES]);
  }

  /**
   * Returns the regular expression of frames to keep although they match {@link #dropFrames}, or
   * the empty text.
   */
  public String keepFrames() {
    return optionalText(index.single[ProfileFields.KEEP_FRAMES]);
  }

  /** Returns the address of the profile's documentation, or the empty text. */
  public String docUrl() {
    return optionalText(index.single[ProfileFields.DOC_URL]);
  }

  /** Returns its comments. */
  public List<String> comments() {
    return comments;
  }

  /** Returns its mappings in table order. */
  public List<Mapping> mappings() {
    return mappings;
  }

  /** Returns the number of locations. */
  public int locationCount() {
    return locationAt.length;
  }

  /** Returns the number of functions. */
  public int functionCount() {
    return functionAt.length;
  }

  /** Returns the number of samples. */
  public int sampleCount() {
    return index.count[ProfileFields.SAMPLE];
  }

  /** Returns a cursor before the first sample. */
  public SampleCursor cursor() {
    return new SampleCursor(this);
  }

  /** Returns the samples, each decoded when it is asked for. */
  public List<Sample> samples() {
    int[] at = samplePositions();
    return new AbstractList<>() {
      @Override
      public Sample get(int i) {
        return sample(at[i]);
      }

      @Override
      public int size() {
        return at.length;
      }

      /** Prints the first ten: all of a profile do not fit into a heap. */
      @Override
      public String toString() {
        List<Sample> printed = new ArrayList<>(subList(0, Math.min(at.length, 10)));
        return printed + (at.length > 10 ? " of " + at.length + " samples" : "");
      }
    };
  }

  private int[] samplePositions() {
    int[] at = sampleAt;
    if (at == null) {
      try {
        at = index.positions(ProfileFields.SAMPLE);
      } catch (PprofException e) {
        throw changed(e);
      }
      sampleAt = at;
    }
    return at;
  }

  private Sample sample(int at) {
    SampleCursor cursor = cursor();
    try {
      WireReader r = entry(at);
      cursor.read(r.start, r.pos);
    } catch (PprofException e) {
      throw changed(e);
    }
    List<Frame> stack = new ArrayList<>();
    for (int i = 0; i < cursor.depth(); i++) {
      stack.addAll(frames(cursor.location(i)));
    }
    List<Long> values = new ArrayList<>();
    for (int i = 0; i < sampleTypes.size(); i++) {
      values.add(cursor.value(i));
    }
    List<SampleLabel> labels = new ArrayList<>();
    for (int i = 0; i < cursor.labelCount(); i++) {
      labels.add(
          new SampleLabel(
              cursor.labelKey(i), cursor.labelText(i), cursor.labelNumber(i), cursor.labelUnit(i)));
    }
    return new Sample(stack, values, labels);
  }

  /** Returns the sum of all samples for each sample type; sums wrap around as the values do. */
  public long[] totals() {
    long[] totals = new long[sampleTypes.size()];
    SampleCursor cursor = cursor();
    while (cursor.next()) {
      for (int i = 0; i < totals.length; i++) {
        totals[i] += cursor.value(i);
      }
    }
    return totals;
  }

  /** Returns the sum of all samples for one sample type. */
  public long total(int sampleType) {
    return totals()[sampleType];
  }

  /**
   * Returns the frames of one location, innermost first: several where functions were inlined, one
   * without a function where it has no symbols.
   *
   * @param location its position, as {@link SampleCursor#location} gives it
   */
  public List<Frame> frames(int location) {
    List<Frame> known = frames[location];
    if (known == null) {
      try {
        known = List.copyOf(decodeFrames(locationAt[location]));
      } catch (PprofException e) {
        throw changed(e);
      }
      frames[location] = known;
    }
    return known;
  }

  private List<Frame> decodeFrames(int at) throws PprofException {
    WireReader l = entry(at);
    l.reset(l.start, l.pos);
    long address = 0;
    int mapping = -1;
    int lines = 0;
    int[] lineAt = new int[4];
    while (l.next()) {
      switch (l.field) {
        case ProfileFields.LOCATION_MAPPING_ID -> mapping = mappingIds.indexOf(l.value);
        case ProfileFields.LOCATION_ADDRESS -> address = l.value;
        case ProfileFields.LOCATION_LINE -> {
          if (lines * 2 == lineAt.length) {
            lineAt = Arrays.copyOf(lineAt, lineAt.length * 2);
          }
          lineAt[lines * 2] = l.start;
          lineAt[lines++ * 2 + 1] = l.pos;
        }
        default -> {}
      }
    }
    List<Frame> decoded = new ArrayList<>(Math.max(lines, 1));
    for (int i = 0; i < lines; i++) {
      l.reset(lineAt[i * 2], lineAt[i * 2 + 1]);
      long[] line = new long[ProfileFields.LINE_COLUMN + 1];
      read(l, line);
      long[] function = new long[ProfileFields.FUNCTION_START_LINE + 1];
      int functionIndex =
          line[ProfileFields.LINE_FUNCTION_ID] == 0
              ? -1
              : functionIds.indexOf(line[ProfileFields.LINE_FUNCTION_ID]);
      if (functionIndex >= 0) {
        WireReader f = entry(functionAt[functionIndex]);
        read(f.reset(f.start, f.pos), function);
      }
      decoded.add(
          new Frame(
              functionIndex < 0 ? "" : text(function[ProfileFields.FUNCTION_NAME]),
              optionalText(function[ProfileFields.FUNCTION_SYSTEM_NAME]),
              optionalText(function[ProfileFields.FUNCTION_FILENAME]),
              function[ProfileFields.FUNCTION_START_LINE],
              line[ProfileFields.LINE_LINE],
              line[ProfileFields.LINE_COLUMN],
              address,
              mapping,
              i < lines - 1));
    }
    if (lines == 0) {
      decoded.add(new Frame("", "", "", 0, 0, 0, address, mapping, false));
    }
    return decoded;
  }

  /** Reads the varint fields of a message into an array by number. */
  private static void read(WireReader r, long[] fields) throws PprofException {
    while (r.next()) {
      if (r.field < fields.length && r.type == WireReader.VARINT) {
        fields[r.field] = r.value;
      }
    }
  }

  private WireReader entry(int at) throws PprofException {
    WireReader r = new WireReader(index.buf, at, index.to);
    r.next();
    return r;
  }

  private List<SampleType> decodeSampleTypes() throws PprofException {
    List<SampleType> types = new ArrayList<>();
    WireReader r = index.over(ProfileFields.SAMPLE_TYPE);
    while (r.next()) {
      if (r.field == ProfileFields.SAMPLE_TYPE) {
        types.add(sampleType(r.start, r.pos));
      }
    }
    return types;
  }

  private SampleType sampleType(int start, int end) throws PprofException {
    long[] fields = new long[ProfileFields.VALUE_TYPE_UNIT + 1];
    read(new WireReader(index.buf, start, end), fields);
    return new SampleType(
        text(fields[ProfileFields.VALUE_TYPE_TYPE]), text(fields[ProfileFields.VALUE_TYPE_UNIT]));
  }

  private List<Mapping> decodeMappings() throws PprofException {
    List<Mapping> decoded = new ArrayList<>();
    for (int at : index.positions(ProfileFields.MAPPING)) {
      long[] m = new long[ProfileFields.MAPPING_HAS_INLINE_FRAMES + 1];
      WireReader r = entry(at);
      read(r.reset(r.start, r.pos), m);
      decoded.add(
          new Mapping(
              m[ProfileFields.MAPPING_START],
              m[ProfileFields.MAPPING_LIMIT],
              m[ProfileFields.MAPPING_OFFSET],
              optionalText(m[ProfileFields.MAPPING_FILENAME]),
              optionalText(m[ProfileFields.MAPPING_BUILD_ID]),
              m[ProfileFields.MAPPING_HAS_FUNCTIONS] != 0,
              m[ProfileFields.MAPPING_HAS_FILENAMES] != 0,
              m[ProfileFields.MAPPING_HAS_LINE_NUMBERS] != 0,
              m[ProfileFields.MAPPING_HAS_INLINE_FRAMES] != 0));
    }
    return decoded;
  }

  int locationOfId(long id) {
    return locationIds.indexOf(id);
  }

  /**
   * Returns a string that may be absent: index 0 is "", even if the first string of the table is
   * another.
   */
  String optionalText(long at) {
    return at == 0 ? "" : text(at);
  }

  /** Returns a string of the table; the empty text for index 0 of an empty table. */
  String text(long at) {
    if (at == 0 && stringAt.length == 0) {
      return "";
    }
    int i = (int) at;
    String text = texts[i];
    if (text == null) {
      try {
        WireReader r = entry(stringAt[i]);
        text = new String(index.buf, r.start, r.pos - r.start, StandardCharsets.UTF_8);
      } catch (PprofException e) {
        throw changed(e);
      }
      texts[i] = text;
    }
    return text;
  }

  private static IllegalStateException changed(PprofException e) {
    return new IllegalStateException("the body was changed after it was parsed", e);
  }

  /** Returns the sample types and how much of everything there is. */
  @Override
  public String toString() {
    return "Profile"
        + sampleTypes.subList(0, Math.min(sampleTypes.size(), MAX_PRINTED_TYPES))
        + "["
        + sampleCount()
        + " samples, "
        + locationCount()
        + " locations, "
        + functionCount()
        + " functions]";
  }
}
