package dev.psc.store;

import com.google.protobuf.UnsafeByteOperations;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.store.proto.profilestore.ExecutableInfo;
import dev.psc.store.proto.profilestore.LoadSegment;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A converter of batches to requests: profiles with equal labels share a series, in the order of
 * the batch.
 */
final class WriteRawRequests {

  private WriteRawRequests() {}

  /**
   * Returns one request, or two for a batch with both normalized and not normalized addresses,
   * since the flag applies to a whole request.
   */
  static List<WriteRawRequest> of(List<RawProfile> batch) {
    List<WriteRawRequest> requests = new ArrayList<>(1);
    for (boolean normalized : new boolean[] {false, true}) {
      Map<LabelSet, RawProfileSeries.Builder> series = new LinkedHashMap<>();
      for (RawProfile profile : batch) {
        if (profile.normalizedAddresses() == normalized) {
          series
              .computeIfAbsent(profile.labels(), WriteRawRequests::series)
              .addSamples(sample(profile));
        }
      }
      if (!series.isEmpty()) {
        WriteRawRequest.Builder request = WriteRawRequest.newBuilder().setNormalized(normalized);
        series.values().forEach(request::addSeries);
        requests.add(request.build());
      }
    }
    return requests;
  }

  private static RawProfileSeries.Builder series(LabelSet labels) {
    var set = dev.psc.store.proto.profilestore.LabelSet.newBuilder();
    for (Label label : labels) {
      set.addLabels(
          dev.psc.store.proto.profilestore.Label.newBuilder()
              .setName(label.name())
              .setValue(label.value()));
    }
    return RawProfileSeries.newBuilder().setLabels(set);
  }

  private static RawSample sample(RawProfile profile) {
    RawSample.Builder sample =
        RawSample.newBuilder().setRawProfile(UnsafeByteOperations.unsafeWrap(profile.pprof()));
    for (RawProfile.ExecutableInfo info : profile.executableInfo()) {
      sample.addExecutableInfo(
          ExecutableInfo.newBuilder()
              .setElfType(info.elfType())
              .setLoadSegment(
                  LoadSegment.newBuilder()
                      .setOffset(info.loadSegmentOffset())
                      .setVaddr(info.loadSegmentVaddr())));
    }
    return sample.build();
  }
}
