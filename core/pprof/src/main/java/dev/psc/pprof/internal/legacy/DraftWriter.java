package dev.psc.pprof.internal.legacy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a converted profile. Not thread-safe. */
final class DraftWriter {

  private static final String BLOCK_BYTES = "bytes";

  private final Draft draft;
  private final PprofLimits limits;
  private final WireWriter out = new WireWriter(4096);
  private final Map<String, Integer> strings = new LinkedHashMap<>();

  DraftWriter(Draft draft, PprofLimits limits) {
    this.draft = draft;
    this.limits = limits;
    string("");
  }

  private int string(String text) {
    return strings.computeIfAbsent(text, unknown -> strings.size());
  }

  WireWriter write() throws PprofException {
    for (SampleType type : draft.types()) {
      type(ProfileFields.SAMPLE_TYPE, type);
    }
    List<Draft.Address> locations = draft.locations();
    for (Draft.Sample sample : draft.samples()) {
      sample(sample);
      requireRoom();
    }
    int mappings = 0;
    for (MemoryMapping mapping : draft.mappings()) {
      mapping.id = ++mappings;
      mapping(mapping);
    }
    for (Draft.Address location : locations) {
      location(location, location.mapping == null ? 0 : location.mapping.id);
      requireRoom();
    }
    FrameRules rules = FrameRules.of(draft.types().stream().map(SampleType::type).toList());
    out.number(ProfileFields.DROP_FRAMES, string(rules.drop()));
    out.number(ProfileFields.KEEP_FRAMES, string(rules.keep()));
    out.number(ProfileFields.DURATION_NANOS, draft.durationNanos());
    type(ProfileFields.PERIOD_TYPE, draft.periodType());
    out.number(ProfileFields.PERIOD, draft.period());
    for (String text : strings.keySet()) {
      byte[] bytes = text.getBytes(ISO_8859_1);
      out.bytes(ProfileFields.STRING, bytes, 0, bytes.length);
    }
    requireRoom();
    return out;
  }

  private void requireRoom() throws PprofException {
    if (out.size > limits.inflatedBytes()) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "byte 0",
          "the profile has more than the allowed "
              + limits.inflatedBytes()
              + " bytes after its conversion from a legacy format");
    }
  }

  private void type(int field, SampleType type) {
    int mark = out.begin(field);
    out.number(ProfileFields.VALUE_TYPE_TYPE, string(type.type()));
    out.number(ProfileFields.VALUE_TYPE_UNIT, string(type.unit()));
    out.end(mark);
  }

  private void sample(Draft.Sample sample) {
    int whole = out.begin(ProfileFields.SAMPLE);
    if (sample.stack.length > 0) {
      int ids = out.begin(ProfileFields.SAMPLE_LOCATION_ID);
      for (Draft.Address address : sample.stack) {
        out.varint(address.id);
      }
      out.end(ids);
    }
    int values = out.begin(ProfileFields.SAMPLE_VALUE);
    for (long value : sample.values) {
      out.varint(value);
    }
    out.end(values);
    if (draft.hasBlockBytes()) {
      int label = out.begin(ProfileFields.SAMPLE_LABEL);
      out.number(ProfileFields.LABEL_KEY, string(BLOCK_BYTES));
      out.number(ProfileFields.LABEL_NUM, sample.blockBytes);
      out.end(label);
    }
    out.end(whole);
  }

  private void mapping(MemoryMapping mapping) {
    int mark = out.begin(ProfileFields.MAPPING);
    out.number(ProfileFields.ID, mapping.id);
    out.number(ProfileFields.MAPPING_START, mapping.start);
    out.number(ProfileFields.MAPPING_LIMIT, mapping.limit);
    out.number(ProfileFields.MAPPING_OFFSET, mapping.offset);
    out.number(ProfileFields.MAPPING_FILENAME, string(mapping.file));
    out.number(ProfileFields.MAPPING_BUILD_ID, string(mapping.buildId));
    out.end(mark);
  }

  private int functions;

  private void location(Draft.Address location, int mapping) {
    Draft.Function function = location.function;
    if (function != null && function.id == 0) {
      function.id = ++functions;
      function(function);
    }
    int mark = out.begin(ProfileFields.LOCATION);
    out.number(ProfileFields.ID, location.id);
    out.number(ProfileFields.LOCATION_MAPPING_ID, mapping);
    out.number(ProfileFields.LOCATION_ADDRESS, location.address);
    if (function != null) {
      int line = out.begin(ProfileFields.LOCATION_LINE);
      out.number(ProfileFields.LINE_FUNCTION_ID, function.id);
      out.number(ProfileFields.LINE_LINE, location.line);
      out.end(line);
    }
    out.end(mark);
  }

  private void function(Draft.Function function) {
    int mark = out.begin(ProfileFields.FUNCTION);
    out.number(ProfileFields.ID, function.id);
    out.number(ProfileFields.FUNCTION_NAME, string(function.name));
    out.number(ProfileFields.FUNCTION_SYSTEM_NAME, string(function.name));
    out.number(ProfileFields.FUNCTION_FILENAME, string(function.file));
    out.end(mark);
  }
}
