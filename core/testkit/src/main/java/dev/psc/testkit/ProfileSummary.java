package dev.psc.testkit;

import dev.psc.pprof.Frame;
import dev.psc.pprof.PprofException;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleType;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Sums over several profiles of one kind. Immutable. */
public final class ProfileSummary {

  private final List<Profile> profiles;

  private ProfileSummary(List<Profile> profiles) {
    this.profiles = profiles;
  }

  /**
   * Reads profiles.
   *
   * @param pprofs gzip'd or bare
   * @throws IllegalArgumentException when one of them is no profile; says why
   */
  public static ProfileSummary of(Collection<byte[]> pprofs) {
    return new ProfileSummary(pprofs.stream().map(ProfileSummary::parse).toList());
  }

  private static Profile parse(byte[] pprof) {
    try {
      return Profile.parse(pprof);
    } catch (PprofException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** Returns the number of profiles. */
  public int profileCount() {
    return profiles.size();
  }

  /** Returns the sum of all samples for each sample type, in the order of the first profile. */
  public Map<SampleType, Long> totals() {
    Map<SampleType, Long> totals = new LinkedHashMap<>();
    for (Profile profile : profiles) {
      long[] values = profile.totals();
      for (int i = 0; i < values.length; i++) {
        totals.merge(profile.sampleTypes().get(i), values[i], Long::sum);
      }
    }
    return totals;
  }

  /**
   * Returns the functions with the highest flat value: those that do it themselves.
   *
   * @param type the type of the values, e.g. {@code cpu}; profiles without it count nothing
   * @param limit how many at the most
   */
  public List<TopFunction> top(String type, int limit) {
    return sorted(
        type,
        limit,
        Comparator.comparingLong(TopFunction::flat).thenComparingLong(TopFunction::cumulative));
  }

  /**
   * Returns the functions with the highest cumulative value: those that call who does it.
   *
   * @param type the type of the values, e.g. {@code cpu}; profiles without it count nothing
   * @param limit how many at the most
   */
  public List<TopFunction> topCumulative(String type, int limit) {
    return sorted(
        type,
        limit,
        Comparator.comparingLong(TopFunction::cumulative).thenComparingLong(TopFunction::flat));
  }

  private List<TopFunction> sorted(String type, int limit, Comparator<TopFunction> ascending) {
    Map<String, long[]> sums = new HashMap<>();
    for (Profile profile : profiles) {
      int column = profile.sampleTypeIndex(type);
      if (column >= 0) {
        profile.samples().forEach(sample -> add(sums, sample, sample.value(column)));
      }
    }
    return sums.entrySet().stream()
        .map(entry -> new TopFunction(entry.getKey(), entry.getValue()[0], entry.getValue()[1]))
        .sorted(ascending.reversed().thenComparing(TopFunction::function))
        .limit(limit)
        .toList();
  }

  private static void add(Map<String, long[]> sums, Sample sample, long value) {
    Set<String> seen = new HashSet<>();
    boolean leaf = true;
    for (Frame frame : sample.stack()) {
      String function =
          frame.function().isEmpty() ? "0x" + Long.toHexString(frame.address()) : frame.function();
      long[] sum = sums.computeIfAbsent(function, name -> new long[2]);
      if (leaf) {
        sum[0] += value;
        leaf = false;
      }
      if (seen.add(function)) {
        sum[1] += value;
      }
    }
  }
}
