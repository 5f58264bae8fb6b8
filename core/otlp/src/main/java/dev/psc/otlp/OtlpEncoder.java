package dev.psc.otlp;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Mapping;
import dev.psc.pprof.Profile;
import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * An encoder of a batch of pprof profiles as one {@code ExportProfilesServiceRequest} of
 * opentelemetry-proto 1.10 and later. Each sample type of a pprof becomes a profile, because
 * profiles of OTLP have one value per sample; a value of 0 is left out where the sample has
 * another. Not thread-safe.
 */
final class OtlpEncoder {

  /** The format of an original payload. */
  static final String PPROF = "pprof";

  /** The attribute of a profile with the name of its series. */
  static final String PROFILE_NAME = "profile.name";

  static final String BUILD_ID = "process.executable.build_id.gnu";
  static final String COMMENT = "pprof.profile.comment";
  static final String DEFAULT_TYPE = "pprof.scope.default_sample_type";

  private final Dictionary dictionary = new Dictionary();
  private final boolean originalPayload;
  private final String scopeVersion;
  private final LongList tuple = new LongList();
  private final LongList attributes = new LongList();
  private final long[] function = new long[4];
  private final WireWriter out = new WireWriter();

  private OtlpEncoder(boolean originalPayload, String scopeVersion) {
    this.originalPayload = originalPayload;
    this.scopeVersion = scopeVersion;
  }

  /**
   * Returns a batch as a request.
   *
   * @param originalPayload whether each first profile of a pprof also has the pprof itself
   * @throws PprofException if a profile is not a valid pprof
   */
  static byte[] encode(List<RawProfile> batch, boolean originalPayload, String scopeVersion)
      throws PprofException {
    OtlpEncoder encoder = new OtlpEncoder(originalPayload, scopeVersion);
    Map<LabelSet, List<RawProfile>> resources = new LinkedHashMap<>();
    for (RawProfile profile : batch) {
      resources
          .computeIfAbsent(resourceOf(profile.labels()), added -> new ArrayList<>())
          .add(profile);
    }
    for (Map.Entry<LabelSet, List<RawProfile>> resource : resources.entrySet()) {
      encoder.resource(resource.getKey(), resource.getValue());
    }
    encoder.dictionary.write(encoder.out, 2);
    return encoder.out.toByteArray();
  }

  private static LabelSet resourceOf(LabelSet series) {
    LabelSet.Builder resource = LabelSet.builder();
    series
        .toMap()
        .forEach(
            (name, value) -> {
              if (!name.equals(LabelSet.NAME)) {
                resource.set(name, value);
              }
            });
    return resource.build();
  }

  private void resource(LabelSet labels, List<RawProfile> profiles) throws PprofException {
    int resourceProfiles = out.begin(1);
    int resource = out.begin(1);
    ResourceNames.attributes(labels)
        .forEach(
            (name, value) -> {
              int attribute = out.begin(1);
              out.text(1, name);
              int any = out.begin(2);
              out.text(1, value);
              out.end(any);
              out.end(attribute);
            });
    out.end(resource);
    int scopeProfiles = out.begin(2);
    int scope = out.begin(1);
    out.text(1, "dev.psc");
    out.text(2, scopeVersion);
    out.end(scope);
    for (RawProfile profile : profiles) {
      pprof(profile);
    }
    out.end(scopeProfiles);
    out.end(resourceProfiles);
  }

  private void pprof(RawProfile raw) throws PprofException {
    Profile profile = Profile.parse(raw.pprof());
    int types = profile.sampleTypes().size();
    int samples = profile.sampleCount();
    int[] stacks = new int[samples];
    int[] labels = new int[samples];
    int[] links = new int[samples];
    long[] values = new long[Math.multiplyExact(samples, types)];
    TupleTable labelSets = new TupleTable();
    read(profile, stacks, labels, links, values, labelSets);
    LongList profileAttributes = profileAttributes(raw, profile);
    for (int type = 0; type < types; type++) {
      int message = out.begin(2);
      SampleType sampleType = profile.sampleTypes().get(type);
      valueType(1, sampleType);
      for (int i = 0; i < samples; i++) {
        long value = values[i * types + type];
        if (value != 0 || (type == 0 && isZero(values, i * types, types))) {
          int sample = out.begin(2);
          out.varint(1, stacks[i]);
          out.packed(
              2, labelSets.values(), labelSets.start(labels[i]), labelSets.length(labels[i]));
          out.varint(3, links[i]);
          int packed = out.begin(4);
          out.rawValue(value);
          out.end(packed);
          out.end(sample);
        }
      }
      out.fixed64(3, profile.timeNanos() == 0 ? raw.timeNanos() : profile.timeNanos());
      out.varint(4, profile.durationNanos() == 0 ? raw.durationNanos() : profile.durationNanos());
      SampleType periodType = profile.periodType();
      if (periodType != null) {
        valueType(5, periodType);
      }
      out.varint(6, profile.period());
      out.id(7, ThreadLocalRandom.current().nextLong() | 1, ThreadLocalRandom.current().nextLong());
      if (originalPayload && type == 0) {
        out.text(9, PPROF);
        out.bytes(10, raw.pprof());
      }
      out.packed(11, profileAttributes.array(), 0, profileAttributes.size());
      out.end(message);
    }
  }

  private static boolean isZero(long[] values, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (values[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void valueType(int field, SampleType type) {
    int message = out.begin(field);
    out.varint(1, dictionary.string(type.type()));
    out.varint(2, dictionary.string(type.unit()));
    out.end(message);
  }

  private LongList profileAttributes(RawProfile raw, Profile profile) {
    LongList list = new LongList();
    if (!raw.name().isEmpty()) {
      list.add(dictionary.attribute(PROFILE_NAME, raw.name()));
    }
    if (!profile.comments().isEmpty()) {
      list.add(dictionary.attribute(COMMENT, profile.comments()));
    }
    if (!profile.dropFrames().isEmpty()) {
      list.add(dictionary.attribute("pprof.profile.drop_frames", profile.dropFrames()));
    }
    if (!profile.keepFrames().isEmpty()) {
      list.add(dictionary.attribute("pprof.profile.keep_frames", profile.keepFrames()));
    }
    if (!profile.docUrl().isEmpty()) {
      list.add(dictionary.attribute("pprof.profile.doc_url", profile.docUrl()));
    }
    if (!profile.defaultSampleType().isEmpty()) {
      list.add(dictionary.attribute(DEFAULT_TYPE, profile.defaultSampleType()));
    }
    return list;
  }

  private void read(
      Profile profile,
      int[] stacks,
      int[] labels,
      int[] links,
      long[] values,
      TupleTable labelSets) {
    int[] mappings = mappings(profile);
    int[] locations = new int[profile.locationCount()];
    int types = profile.sampleTypes().size();
    SampleCursor cursor = profile.cursor();
    LongList stack = new LongList();
    for (int i = 0; cursor.next(); i++) {
      stack.clear();
      for (int depth = 0; depth < cursor.depth(); depth++) {
        int at = cursor.location(depth);
        if (locations[at] == 0) {
          locations[at] = location(profile.frames(at), mappings);
        }
        stack.add(locations[at]);
      }
      stacks[i] = dictionary.stacks.add(stack);
      for (int type = 0; type < types; type++) {
        values[i * types + type] = cursor.value(type);
      }
      if (cursor.labelCount() > 0) {
        links[i] = link(cursor);
        attributes.clear();
        for (int label = 0; label < cursor.labelCount(); label++) {
          String key = cursor.labelKey(label);
          if (links[i] != 0 && (key.equals("trace_id") || key.equals("span_id"))) {
            continue;
          }
          String text = cursor.labelText(label);
          attributes.add(
              text.isEmpty()
                  ? dictionary.attribute(key, cursor.labelNumber(label), cursor.labelUnit(label))
                  : dictionary.attribute(key, text));
        }
        labels[i] = labelSets.add(attributes);
      }
    }
  }

  /** Returns the link of a sample that has both ids, as hex digits, or 0. */
  private int link(SampleCursor cursor) {
    String trace = "";
    String span = "";
    for (int label = 0; label < cursor.labelCount(); label++) {
      String key = cursor.labelKey(label);
      if (key.equals("trace_id")) {
        trace = cursor.labelText(label);
      } else if (key.equals("span_id")) {
        span = cursor.labelText(label);
      }
    }
    if (trace.length() != 32 || span.length() != 16) {
      return 0;
    }
    try {
      tuple.clear();
      tuple.add(Long.parseUnsignedLong(trace, 0, 16, 16));
      tuple.add(Long.parseUnsignedLong(trace, 16, 32, 16));
      tuple.add(Long.parseUnsignedLong(span, 16));
    } catch (NumberFormatException e) {
      return 0; // a label of another meaning
    }
    return dictionary.links.add(tuple);
  }

  private int[] mappings(Profile profile) {
    List<Mapping> mappings = profile.mappings();
    int[] positions = new int[mappings.size()];
    for (int i = 0; i < positions.length; i++) {
      Mapping mapping = mappings.get(i);
      LongList entry = new LongList();
      entry.add(mapping.start());
      entry.add(mapping.limit());
      entry.add(mapping.offset());
      entry.add(dictionary.string(mapping.file()));
      if (!mapping.buildId().isEmpty()) {
        entry.add(dictionary.attribute(BUILD_ID, mapping.buildId()));
      }
      if (mapping.hasFunctions()) {
        entry.add(dictionary.flag("pprof.mapping.has_functions"));
      }
      if (mapping.hasFilenames()) {
        entry.add(dictionary.flag("pprof.mapping.has_filenames"));
      }
      if (mapping.hasLineNumbers()) {
        entry.add(dictionary.flag("pprof.mapping.has_line_numbers"));
      }
      if (mapping.hasInlineFrames()) {
        entry.add(dictionary.flag("pprof.mapping.has_inline_frames"));
      }
      positions[i] = dictionary.mappings.add(entry);
    }
    return positions;
  }

  private int location(List<Frame> frames, int[] mappings) {
    tuple.clear();
    Frame first = frames.get(0);
    tuple.add(first.mapping() < 0 ? 0 : mappings[first.mapping()]);
    tuple.add(first.address());
    boolean hasLines = frames.size() > 1 || !isBare(first);
    if (hasLines) {
      for (Frame frame : frames) {
        tuple.add(function(frame));
        tuple.add(frame.line());
        tuple.add(frame.column());
      }
    }
    return dictionary.locations.add(tuple);
  }

  private static boolean isBare(Frame frame) {
    return frame.function().isEmpty()
        && frame.systemName().isEmpty()
        && frame.file().isEmpty()
        && frame.line() == 0
        && frame.column() == 0;
  }

  private int function(Frame frame) {
    function[0] = dictionary.string(frame.function());
    function[1] = dictionary.string(frame.systemName());
    function[2] = dictionary.string(frame.file());
    function[3] = frame.startLine();
    return dictionary.functions.add(function, 4);
  }
}
