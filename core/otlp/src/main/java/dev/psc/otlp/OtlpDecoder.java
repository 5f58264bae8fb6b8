package dev.psc.otlp;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A decoder of an {@code ExportProfilesServiceRequest} to pprof profiles: those of one resource
 * that have equal time, duration, period and attributes, and different sample types, become one.
 * Not thread-safe.
 */
final class OtlpDecoder {

  private static final LongList NO_NUMBERS = new LongList();

  private final List<String> strings = new ArrayList<>();
  private final List<long[]> mappings = new ArrayList<>();
  private final List<LongList> mappingAttributes = new ArrayList<>();
  private final List<Location> locations = new ArrayList<>();
  private final List<long[]> functions = new ArrayList<>();
  private final List<byte[][]> links = new ArrayList<>();
  private final List<Attribute> attributes = new ArrayList<>();
  private final List<LongList> stacks = new ArrayList<>();

  /** A location: mapping, address, and lines of function, line and column. */
  private record Location(long mapping, long address, List<long[]> lines) {}

  /** An attribute whose value is a text, a number, or several texts. */
  private record Attribute(
      int key, @Nullable String text, long number, List<String> texts, int unit) {}

  /** The common properties of the profiles of one pprof. */
  private record Group(
      LabelSet series,
      long timeNanos,
      long durationNanos,
      String periodType,
      String periodUnit,
      long period,
      List<Long> attributes) {}

  /** A profile: its sample type and its samples, undecoded. */
  private record Typed(String type, String unit, List<WireReader> samples) {}

  private OtlpDecoder() {}

  /**
   * Returns the profiles of a request.
   *
   * @throws IllegalArgumentException if the bytes are not a request, or one of a protocol without a
   *     dictionary; the message states the problem
   */
  static List<RawProfile> decode(byte[] request) {
    try {
      return new OtlpDecoder().read(request);
    } catch (WireReader.WireException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException(
          "not an ExportProfilesServiceRequest of opentelemetry-proto 1.10 or later: "
              + e.getMessage(),
          e);
    }
  }

  private List<RawProfile> read(byte[] request) {
    List<WireReader> resources = new ArrayList<>();
    WireReader r = new WireReader(request);
    while (r.next()) {
      if (r.field() == 1) {
        resources.add(r.message());
      } else if (r.field() == 2) {
        dictionary(r.message());
      }
    }
    if (!resources.isEmpty() && strings.isEmpty()) {
      throw new IllegalArgumentException(
          "the request has no dictionary: it is not of opentelemetry-proto 1.10 or later");
    }
    Map<Group, List<List<Typed>>> groups = new LinkedHashMap<>();
    resources.forEach(resource -> resource(resource, groups));
    List<RawProfile> profiles = new ArrayList<>();
    groups.forEach((group, all) -> all.forEach(typed -> profiles.add(pprof(group, typed))));
    return profiles;
  }

  private void dictionary(WireReader r) {
    while (r.next()) {
      switch (r.field()) {
        case 1 -> mapping(r.message());
        case 2 -> locations.add(location(r.message()));
        case 3 -> functions.add(numbers(r.message(), 4));
        case 4 -> links.add(link(r.message()));
        case 5 -> strings.add(r.text());
        case 6 -> attributes.add(attribute(r.message()));
        case 7 -> stacks.add(list(r.message(), 1));
        default -> {}
      }
    }
  }

  private static long[] numbers(WireReader r, int count) {
    long[] numbers = new long[count + 1];
    while (r.next()) {
      if (r.field() <= count) {
        numbers[r.field()] = r.number();
      }
    }
    return numbers;
  }

  private static LongList list(WireReader r, int field) {
    LongList list = new LongList();
    while (r.next()) {
      if (r.field() == field) {
        r.numbers(list);
      }
    }
    return list;
  }

  private void mapping(WireReader r) {
    long[] numbers = new long[5];
    LongList list = new LongList();
    while (r.next()) {
      if (r.field() <= 4) {
        numbers[r.field()] = r.number();
      } else if (r.field() == 5) {
        r.numbers(list);
      }
    }
    mappings.add(numbers);
    mappingAttributes.add(list);
  }

  private static Location location(WireReader r) {
    long mapping = 0;
    long address = 0;
    List<long[]> lines = new ArrayList<>();
    while (r.next()) {
      switch (r.field()) {
        case 1 -> mapping = r.number();
        case 2 -> address = r.number();
        case 3 -> lines.add(numbers(r.message(), 3));
        default -> {}
      }
    }
    return new Location(mapping, address, lines);
  }

  private static byte[][] link(WireReader r) {
    byte[][] ids = {new byte[0], new byte[0]};
    while (r.next()) {
      if (r.field() == 1 || r.field() == 2) {
        ids[r.field() - 1] = r.bytes();
      }
    }
    return ids;
  }

  private static Attribute attribute(WireReader r) {
    int key = 0;
    int unit = 0;
    Attribute value = new Attribute(0, null, 0, List.of(), 0);
    while (r.next()) {
      switch (r.field()) {
        case 1 -> key = (int) r.number();
        case 2 -> value = any(r.message());
        case 3 -> unit = (int) r.number();
        default -> {}
      }
    }
    return new Attribute(key, value.text(), value.number(), value.texts(), unit);
  }

  private static Attribute any(WireReader r) {
    String text = null;
    long number = 0;
    List<String> texts = new ArrayList<>();
    while (r.next()) {
      switch (r.field()) {
        case 1 -> text = r.text();
        case 2 -> text = r.number() == 0 ? "false" : "true";
        case 3 -> number = r.number();
        case 4 -> text = String.valueOf(Double.longBitsToDouble(r.number()));
        case 5 -> {
          WireReader array = r.message();
          while (array.next()) {
            String element = any(array.message()).text();
            texts.add(element == null ? "" : element);
          }
        }
        default -> {}
      }
    }
    return new Attribute(0, text, number, texts, 0);
  }

  private void resource(WireReader r, Map<Group, List<List<Typed>>> groups) {
    LabelSet.Builder series = LabelSet.builder();
    List<WireReader> scopes = new ArrayList<>();
    while (r.next()) {
      if (r.field() == 1) {
        WireReader resource = r.message();
        while (resource.next()) {
          if (resource.field() == 1) {
            label(resource.message(), series);
          }
        }
      } else if (r.field() == 2) {
        scopes.add(r.message());
      }
    }
    LabelSet labels = series.build();
    for (WireReader scope : scopes) {
      while (scope.next()) {
        if (scope.field() == 2) {
          profile(scope.message(), labels, groups);
        }
      }
    }
  }

  private static void label(WireReader r, LabelSet.Builder into) {
    String key = "";
    String value = "";
    while (r.next()) {
      if (r.field() == 1) {
        key = r.text();
      } else if (r.field() == 2) {
        Attribute any = any(r.message());
        value = any.text() == null ? String.valueOf(any.number()) : any.text();
      }
    }
    if (!key.isEmpty() && !value.isEmpty()) {
      into.set(ResourceNames.label(key), value);
    }
  }

  private void profile(WireReader r, LabelSet series, Map<Group, List<List<Typed>>> groups) {
    long[] type = new long[3];
    long[] periodType = new long[3];
    long time = 0;
    long duration = 0;
    long period = 0;
    LongList list = new LongList();
    List<WireReader> samples = new ArrayList<>();
    while (r.next()) {
      switch (r.field()) {
        case 1 -> type = numbers(r.message(), 2);
        case 2 -> samples.add(r.message());
        case 3 -> time = r.number();
        case 4 -> duration = r.number();
        case 5 -> periodType = numbers(r.message(), 2);
        case 6 -> period = r.number();
        case 11 -> r.numbers(list);
        default -> {}
      }
    }
    List<Long> profileAttributes = new ArrayList<>();
    String name = "";
    for (int i = 0; i < list.size(); i++) {
      Attribute attribute = attributes.get((int) list.get(i));
      profileAttributes.add(list.get(i));
      if (string(attribute.key()).equals(OtlpEncoder.PROFILE_NAME)) {
        name = String.valueOf(attribute.text());
      }
    }
    LabelSet labels =
        series.with(LabelSet.NAME, name.isEmpty() ? ResourceNames.label(string(type[1])) : name);
    Group group =
        new Group(
            labels,
            time,
            duration,
            string(periodType[1]),
            string(periodType[2]),
            period,
            profileAttributes);
    add(
        groups.computeIfAbsent(group, added -> new ArrayList<>()),
        new Typed(string(type[1]), string(type[2]), samples));
  }

  /** Adds a profile to the last pprof of a group, or to a new one if that has the sample type. */
  private static void add(List<List<Typed>> group, Typed added) {
    if (group.isEmpty()
        || group.get(group.size() - 1).stream().anyMatch(t -> t.type().equals(added.type()))) {
      group.add(new ArrayList<>());
    }
    group.get(group.size() - 1).add(added);
  }

  private String string(long index) {
    return strings.get((int) index);
  }

  private RawProfile pprof(Group group, List<Typed> typed) {
    ProfileBuilder profile = ProfileBuilder.create();
    typed.forEach(one -> profile.sampleType(one.type(), one.unit()));
    if (!group.periodType().isEmpty()) {
      profile.periodType(group.periodType(), group.periodUnit(), group.period());
    }
    profile.timeNanos(group.timeNanos()).durationNanos(group.durationNanos());
    for (long at : group.attributes()) {
      Attribute attribute = attributes.get((int) at);
      String key = string(attribute.key());
      if (key.equals(OtlpEncoder.COMMENT)) {
        attribute.texts().forEach(profile::comment);
      } else if (key.equals(OtlpEncoder.DEFAULT_TYPE) && attribute.text() != null) {
        profile.defaultSampleType(attribute.text());
      }
    }
    int[] known = new int[locations.size()];
    long[] values = new long[typed.size()];
    for (int type = 0; type < typed.size(); type++) {
      for (WireReader sample : typed.get(type).samples()) {
        sample(sample, profile, known, values, type);
      }
    }
    return RawProfile.builder(group.series(), profile.build())
        .timeNanos(group.timeNanos())
        .durationNanos(group.durationNanos())
        .build();
  }

  private void sample(WireReader r, ProfileBuilder profile, int[] known, long[] values, int type) {
    LongList stack = NO_NUMBERS;
    LongList list = new LongList();
    LongList given = new LongList();
    long link = 0;
    while (r.next()) {
      switch (r.field()) {
        case 1 -> stack = stacks.get((int) r.number());
        case 2 -> r.numbers(list);
        case 3 -> link = r.number();
        case 4 -> r.numbers(given);
        default -> {}
      }
    }
    int[] frames = new int[stack.size()];
    for (int i = 0; i < frames.length; i++) {
      int at = (int) stack.get(i);
      if (known[at] == 0) {
        known[at] = location(locations.get(at), profile);
      }
      frames[i] = known[at];
    }
    for (int i = 0; i < given.size(); i++) {
      values[type] += given.get(i);
    }
    profile.sample(frames, 0, frames.length, labels(profile, list, (int) link), values);
    values[type] = 0;
  }

  private int labels(ProfileBuilder profile, LongList list, int link) {
    List<String> pairs = new ArrayList<>();
    if (link > 0) {
      byte[][] ids = links.get(link);
      pairs.add("trace_id");
      pairs.add(java.util.HexFormat.of().formatHex(ids[0]));
      pairs.add("span_id");
      pairs.add(java.util.HexFormat.of().formatHex(ids[1]));
    }
    for (int i = 0; i < list.size(); i++) {
      Attribute attribute = attributes.get((int) list.get(i));
      if (attribute.text() != null) {
        pairs.add(string(attribute.key()));
        pairs.add(attribute.text());
      }
    }
    int labels =
        pairs.isEmpty() ? ProfileBuilder.NO_LABELS : profile.labels(pairs.toArray(String[]::new));
    for (int i = 0; i < list.size(); i++) {
      Attribute attribute = attributes.get((int) list.get(i));
      if (attribute.text() == null) {
        labels =
            profile.withNumber(
                labels, string(attribute.key()), attribute.number(), string(attribute.unit()));
      }
    }
    return labels;
  }

  private int location(Location location, ProfileBuilder profile) {
    int mapping = location.mapping() == 0 ? 0 : mapping((int) location.mapping(), profile);
    if (location.lines().isEmpty()) {
      return profile.location(mapping, location.address(), 0, 0);
    }
    int[] functionIds = new int[location.lines().size()];
    long[] lines = new long[functionIds.length];
    for (int i = 0; i < functionIds.length; i++) {
      long[] line = location.lines().get(i);
      long[] function = functions.get((int) line[1]);
      functionIds[i] =
          profile.function(
              string(function[1]), string(function[2]), string(function[3]), function[4]);
      lines[i] = line[2];
    }
    return functionIds.length == 1
        ? profile.location(mapping, location.address(), functionIds[0], lines[0])
        : profile.inlinedLocation(mapping, location.address(), functionIds, lines);
  }

  private int mapping(int at, ProfileBuilder profile) {
    long[] mapping = mappings.get(at);
    String buildId = "";
    LongList list = mappingAttributes.get(at);
    for (int i = 0; i < list.size(); i++) {
      Attribute attribute = attributes.get((int) list.get(i));
      if (string(attribute.key()).equals(OtlpEncoder.BUILD_ID)) {
        buildId = Objects.requireNonNullElse(attribute.text(), "");
      }
    }
    return mapping[1] == 0 && mapping[2] == 0
        ? profile.mapping(string(mapping[4]), buildId)
        : profile.nativeMapping(mapping[1], mapping[2], mapping[3], string(mapping[4]), buildId);
  }
}
