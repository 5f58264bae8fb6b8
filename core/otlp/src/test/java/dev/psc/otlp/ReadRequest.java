package dev.psc.otlp;

import dev.psc.otlp.reader.AnyValue;
import dev.psc.otlp.reader.ExportProfilesServiceRequest;
import dev.psc.otlp.reader.Function;
import dev.psc.otlp.reader.KeyValueAndUnit;
import dev.psc.otlp.reader.Line;
import dev.psc.otlp.reader.Link;
import dev.psc.otlp.reader.Location;
import dev.psc.otlp.reader.Mapping;
import dev.psc.otlp.reader.OtlpProfile;
import dev.psc.otlp.reader.OtlpSample;
import dev.psc.otlp.reader.ProfilesDictionary;
import dev.psc.otlp.reader.ResourceProfiles;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads requests with generated code, which knows nothing of the writer. */
final class ReadRequest {

  private ReadRequest() {}

  static List<OtlpProfile> profiles(ExportProfilesServiceRequest request) {
    List<OtlpProfile> profiles = new ArrayList<>();
    for (ResourceProfiles resource : request.getResourceProfilesList()) {
      resource.getScopeProfilesList().forEach(scope -> profiles.addAll(scope.getProfilesList()));
    }
    return profiles;
  }

  /** Returns the values of the samples of one pprof by their stack and labels, as text. */
  static Map<String, List<Long>> samples(
      ProfilesDictionary dictionary, List<OtlpProfile> profiles) {
    Map<String, List<Long>> sums = new TreeMap<>();
    for (int type = 0; type < profiles.size(); type++) {
      for (OtlpSample sample : profiles.get(type).getSamplesList()) {
        add(sums, key(dictionary, sample), type, profiles.size(), sample.getValues(0));
      }
    }
    return sums;
  }

  /** Returns the same of a pprof. */
  static Map<String, List<Long>> samples(Profile profile) {
    Map<String, List<Long>> sums = new TreeMap<>();
    int types = profile.sampleTypes().size();
    for (Sample sample : profile.samples()) {
      StringBuilder key = new StringBuilder();
      for (Frame frame : sample.stack()) {
        key.append(
            "%s|%s|%s|%d|%d|%d|%x|%s%n"
                .formatted(
                    frame.function(),
                    frame.systemName(),
                    frame.file(),
                    frame.startLine(),
                    frame.line(),
                    frame.column(),
                    frame.address(),
                    frame.mapping() < 0 ? "" : mapping(profile.mappings().get(frame.mapping()))));
      }
      TreeSet<String> labels = new TreeSet<>();
      for (SampleLabel label : sample.labels()) {
        labels.add(
            label.isNumber()
                ? label.key() + "=" + label.number() + " " + label.unit()
                : label.key() + "=" + label.text());
      }
      String full = key.append(labels).toString();
      for (int type = 0; type < types; type++) {
        add(sums, full, type, types, sample.value(type));
      }
    }
    return sums;
  }

  private static void add(
      Map<String, List<Long>> sums, String key, int type, int types, long value) {
    List<Long> values =
        sums.computeIfAbsent(
            key, added -> new ArrayList<>(java.util.Collections.nCopies(types, 0L)));
    values.set(type, values.get(type) + value);
  }

  private static String mapping(dev.psc.pprof.Mapping mapping) {
    return "%x-%x+%x %s %s %s%s%s%s"
        .formatted(
            mapping.start(),
            mapping.limit(),
            mapping.offset(),
            mapping.file(),
            mapping.buildId(),
            mapping.hasFunctions(),
            mapping.hasFilenames(),
            mapping.hasLineNumbers(),
            mapping.hasInlineFrames());
  }

  private static String mapping(ProfilesDictionary dictionary, int index) {
    if (index == 0) {
      return "";
    }
    Mapping mapping = dictionary.getMappingTable(index);
    Map<String, String> attributes = new TreeMap<>();
    for (int at : mapping.getAttributeIndicesList()) {
      KeyValueAndUnit attribute = dictionary.getAttributeTable(at);
      AnyValue value = attribute.getValue();
      attributes.put(
          dictionary.getStringTable(attribute.getKeyStrindex()),
          value.hasBoolValue() ? String.valueOf(value.getBoolValue()) : value.getStringValue());
    }
    return "%x-%x+%x %s %s %s%s%s%s"
        .formatted(
            mapping.getMemoryStart(),
            mapping.getMemoryLimit(),
            mapping.getFileOffset(),
            dictionary.getStringTable(mapping.getFilenameStrindex()),
            attributes.getOrDefault("process.executable.build_id.gnu", ""),
            attributes.getOrDefault("pprof.mapping.has_functions", "false"),
            attributes.getOrDefault("pprof.mapping.has_filenames", "false"),
            attributes.getOrDefault("pprof.mapping.has_line_numbers", "false"),
            attributes.getOrDefault("pprof.mapping.has_inline_frames", "false"));
  }

  private static String key(ProfilesDictionary dictionary, OtlpSample sample) {
    StringBuilder key = new StringBuilder();
    for (int at : dictionary.getStackTable(sample.getStackIndex()).getLocationIndicesList()) {
      Location location = dictionary.getLocationTable(at);
      List<Line> lines =
          location.getLinesCount() == 0
              ? List.of(Line.getDefaultInstance())
              : location.getLinesList();
      for (Line line : lines) {
        Function function = dictionary.getFunctionTable(line.getFunctionIndex());
        key.append(
            "%s|%s|%s|%d|%d|%d|%x|%s%n"
                .formatted(
                    dictionary.getStringTable(function.getNameStrindex()),
                    dictionary.getStringTable(function.getSystemNameStrindex()),
                    dictionary.getStringTable(function.getFilenameStrindex()),
                    function.getStartLine(),
                    line.getLine(),
                    line.getColumn(),
                    location.getAddress(),
                    mapping(dictionary, location.getMappingIndex())));
      }
    }
    TreeSet<String> labels = new TreeSet<>();
    for (int at : sample.getAttributeIndicesList()) {
      KeyValueAndUnit attribute = dictionary.getAttributeTable(at);
      String name = dictionary.getStringTable(attribute.getKeyStrindex());
      labels.add(
          attribute.getValue().hasIntValue()
              ? name
                  + "="
                  + attribute.getValue().getIntValue()
                  + " "
                  + dictionary.getStringTable(attribute.getUnitStrindex())
              : name + "=" + attribute.getValue().getStringValue());
    }
    if (sample.getLinkIndex() != 0) {
      Link link = dictionary.getLinkTable(sample.getLinkIndex());
      labels.add("trace_id=" + HexFormat.of().formatHex(link.getTraceId().toByteArray()));
      labels.add("span_id=" + HexFormat.of().formatHex(link.getSpanId().toByteArray()));
    }
    return key.append(labels).toString();
  }
}
