package dev.psc.scrape.internal.transform;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Split;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A receiver that splits profiles of a target into series by labels of their samples. The number of
 * series is bounded: samples with values that come later stay in the target's own series.
 * Thread-safe.
 */
public final class SplitReceiver implements ProfileReceiver {

  private final ProfileReceiver receiver;
  private final List<String> names;
  private final int maxSeries;
  private final PprofLimits limits;

  // Guarded by itself.
  private final Set<LabelSet> known = new HashSet<>();

  /**
   * @param receiver the receiver of the parts
   * @param names the labels to split by
   * @param maxSeries the maximum number of combinations of their values per profile
   * @param maxInflatedBytes the largest profile, inflated
   */
  public SplitReceiver(
      ProfileReceiver receiver, List<String> names, int maxSeries, long maxInflatedBytes) {
    this.receiver = receiver;
    this.names = names;
    this.maxSeries = maxSeries;
    this.limits = PprofLimits.defaults().withInflatedBytes(maxInflatedBytes);
  }

  @Override
  public Acceptance accept(RawProfile profile) {
    Map<LabelSet, byte[]> parts;
    try {
      Profile parsed = Profile.parse(profile.pprof(), limits);
      parts = Split.byLabels(parsed, names, labels -> series(profile.labels(), labels));
    } catch (PprofException e) {
      return new Acceptance.Refused(e.code(), "not split by " + names + ": " + e.getMessage());
    }
    if (parts.size() == 1 && parts.containsKey(LabelSet.empty())) {
      return receiver.accept(profile);
    }
    Acceptance worst = new Acceptance.Accepted();
    for (Map.Entry<LabelSet, byte[]> part : parts.entrySet()) {
      LabelSet.Builder labels = profile.labels().toBuilder();
      part.getKey().forEach(labels::set);
      RawProfile split = profile.toBuilder().labels(labels.build()).pprof(part.getValue()).build();
      Acceptance decision = receiver.accept(split);
      if (!decision.isAccepted() && !(worst instanceof Acceptance.Refused)) {
        worst = decision;
      }
    }
    return worst;
  }

  private LabelSet series(LabelSet ofTarget, LabelSet ofSamples) {
    LabelSet.Builder further = LabelSet.builder();
    for (Label label : ofSamples) {
      if (ofTarget.get(label.name()) == null) {
        further.set(label);
      }
    }
    LabelSet series = further.build();
    if (series.isEmpty()) {
      return series;
    }
    // Each profile of the target has its own series.
    LabelSet counted = further.set(LabelSet.NAME, ofTarget.valueOf(LabelSet.NAME)).build();
    synchronized (known) {
      return known.contains(counted) || (known.size() < maxSeries && known.add(counted))
          ? series
          : LabelSet.empty();
    }
  }
}
