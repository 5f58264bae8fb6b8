package dev.psc.otlp;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import java.lang.ref.SoftReference;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

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

  /** An encoder whose arrays are larger is not kept for the next batch. */
  private static final long MAX_KEPT_BYTES = 16L << 20;

  private static final AtomicReference<@Nullable SoftReference<OtlpEncoder>> SPARE =
      new AtomicReference<>();

  private final Dictionary dictionary = new Dictionary();
  private final PprofSamples samples = new PprofSamples(dictionary);
  private final WireWriter out = new WireWriter(64 << 10);
  private boolean originalPayload;
  private String scopeVersion = "";

  private OtlpEncoder() {}

  /**
   * Returns a batch as a request.
   *
   * @param originalPayload whether each first profile of a pprof also has the pprof itself
   * @throws PprofException if a profile is not a valid pprof
   */
  static byte[] encode(List<RawProfile> batch, boolean originalPayload, String scopeVersion)
      throws PprofException {
    SoftReference<OtlpEncoder> spare = SPARE.getAndSet(null);
    OtlpEncoder encoder = spare == null ? null : spare.get();
    if (encoder == null) {
      encoder = new OtlpEncoder();
    }
    byte[] request = encoder.request(batch, originalPayload, scopeVersion);
    if (encoder.capacity() <= MAX_KEPT_BYTES) {
      SPARE.set(new SoftReference<>(encoder));
    }
    return request;
  }

  private long capacity() {
    return out.capacity() + dictionary.capacity() + samples.capacity();
  }

  private byte[] request(List<RawProfile> batch, boolean payload, String version)
      throws PprofException {
    originalPayload = payload;
    scopeVersion = version;
    dictionary.clear();
    out.size(0);
    Map<LabelSet, List<RawProfile>> resources = new LinkedHashMap<>();
    for (RawProfile profile : batch) {
      resources
          .computeIfAbsent(
              profile.labels().without(List.of(LabelSet.NAME)), added -> new ArrayList<>())
          .add(profile);
    }
    for (Map.Entry<LabelSet, List<RawProfile>> resource : resources.entrySet()) {
      resource(resource.getKey(), resource.getValue());
    }
    dictionary.write(out, 2);
    return out.toByteArray();
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
    samples.read(profile.uncompressed(), profile.sampleCount(), types);
    LongList profileAttributes = profileAttributes(raw, profile);
    for (int type = 0; type < types; type++) {
      int message = out.begin(2);
      SampleType sampleType = profile.sampleTypes().get(type);
      valueType(1, sampleType);
      samples.write(out, type);
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
      out.packed(11, profileAttributes);
      out.end(message);
    }
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
}
