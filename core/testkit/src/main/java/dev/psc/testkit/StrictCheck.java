package dev.psc.testkit;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.Violation;
import dev.psc.pprof.repair.PprofCheck;
import dev.psc.store.proto.profilestore.ExecutableInfo;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The checks of a Parca-compatible store: one invalid label or profile causes the rejection of the
 * whole request, and the answer does not name the profile.
 */
final class StrictCheck {

  /** Violations that a store accepts: it dates the profile 1970, and replaces label names. */
  private static final Set<PprofRule> TAKEN =
      EnumSet.of(PprofRule.TIME_MISSING, PprofRule.LABEL_NAME);

  /** Thrown for a request that must be rejected. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    RefusedException(String message) {
      super(message);
    }

    RefusedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Returns the profiles of a valid request. */
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
    if (!LabelSet.isLegalName(labels.get(LabelSet.NAME))) {
      throw new RefusedException(
          "profile name \"" + labels.get(LabelSet.NAME) + "\" makes no legal profile type");
    }
    return labels.build();
  }

  private static RawProfile profile(LabelSet labels, RawSample sample, boolean normalized)
      throws RefusedException {
    byte[] pprof = sample.getRawProfile().toByteArray();
    long timeNanos;
    try {
      PprofCheck check = PprofCheck.check(pprof);
      for (Violation violation : check.violations()) {
        if (!TAKEN.contains(violation.rule())) {
          throw new RefusedException("invalid profile: " + violation);
        }
      }
      int executables = sample.getExecutableInfoCount();
      if (executables != 0 && executables != check.mappings()) {
        throw new RefusedException(
            "invalid profile: "
                + executables
                + " executable infos, "
                + check.mappings()
                + " mappings");
      }
      timeNanos = Profile.parse(pprof).timeNanos();
    } catch (PprofException e) {
      throw new RefusedException("invalid profile: " + e.getMessage(), e);
    }
    return RawProfile.builder(labels, pprof)
        .normalizedAddresses(normalized)
        .timeNanos(timeNanos)
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
