package dev.psc.testkit;

import dev.psc.delivery.RawProfile;
import dev.psc.pprof.LabelSet;
import dev.psc.store.proto.profilestore.ExecutableInfo;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/**
 * The strictness of a Parca-compatible store: one bad label or profile refuses the whole request,
 * and the answer does not say which one it was.
 */
final class StrictCheck {

  /** Says why a request is refused. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }

    RefusedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Returns the profiles of a request, all of them good. */
  List<RawProfile> check(WriteRawRequest request) throws RefusedException {
    List<RawProfile> batch = new ArrayList<>();
    for (RawProfileSeries series : request.getSeriesList()) {
      LabelSet labels = labels(series);
      for (RawSample sample : series.getSamplesList()) {
        batch.add(profile(labels, sample, request.getNormalized()));
      }
    }
    return batch;
  }

  private static LabelSet labels(RawProfileSeries series) throws RefusedException {
    Set<String> names = new HashSet<>();
    LabelSet.Builder labels = LabelSet.builder();
    for (Label label : series.getLabels().getLabelsList()) {
      if (!LabelSet.isLegalName(label.getName())) {
        throw new RefusedException("invalid label name: \"" + label.getName() + "\"");
      }
      if (!names.add(label.getName())) {
        throw new RefusedException("duplicate label name: \"" + label.getName() + "\"");
      }
      labels.set(label.getName(), label.getValue());
    }
    if (labels.get(LabelSet.NAME).isEmpty()) {
      throw new RefusedException("profile name not set: label __name__ is missing or empty");
    }
    return labels.build();
  }

  private static RawProfile profile(LabelSet labels, RawSample sample, boolean normalized)
      throws RefusedException {
    byte[] pprof = sample.getRawProfile().toByteArray();
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(pprof))) {
      if (in.read() < 0) {
        throw new RefusedException("invalid profile: empty");
      }
    } catch (IOException e) {
      throw new RefusedException("invalid profile: " + e.getMessage(), e);
    }
    return RawProfile.builder(labels, pprof)
        .normalizedAddresses(normalized)
        .timeNanos(System.currentTimeMillis() * 1_000_000)
        .executableInfo(executables(sample))
        .build();
  }

  private static List<RawProfile.ExecutableInfo> executables(RawSample sample) {
    List<RawProfile.ExecutableInfo> list = new ArrayList<>(sample.getExecutableInfoCount());
    for (ExecutableInfo info : sample.getExecutableInfoList()) {
      list.add(
          new RawProfile.ExecutableInfo(
              info.getElfType(),
              info.getLoadSegment().getOffset(),
              info.getLoadSegment().getVaddr()));
    }
    return list;
  }
}
