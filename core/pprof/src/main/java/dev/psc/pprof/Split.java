package dev.psc.pprof;

import dev.psc.label.LabelSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A split of a profile by the labels of its samples. Together the parts have all samples with all
 * their labels; each part has the time, duration, period and comments of the whole.
 *
 * <p>Characters that names of series' labels cannot have become {@code _}; a numeric label counts
 * with its number as text.
 */
public final class Split {

  private Split() {}

  /**
   * Returns the parts of a profile by the chosen labels. Samples without any of them are in the
   * part of the empty set; a profile without samples is one such part.
   *
   * @param names the labels to split by, by their names in the samples
   * @param series is called once per combination of values, and returns the labels of the part that
   *     gets these samples; it bounds the number of parts
   * @return each part as pprof, gzip'd
   */
  public static Map<LabelSet, byte[]> byLabels(
      Profile profile, List<String> names, UnaryOperator<LabelSet> series) {
    Map<LabelSet, LabelSet> known = new LinkedHashMap<>();
    Map<LabelSet, ProfileCopier> parts = new LinkedHashMap<>();
    LabelSet[] seriesOf = new LabelSet[profile.sampleCount()];
    SampleCursor sample = profile.cursor();
    for (int i = 0; sample.next(); i++) {
      seriesOf[i] = known.computeIfAbsent(chosen(sample, names), series);
      parts.computeIfAbsent(seriesOf[i], added -> new ProfileCopier(profile));
    }
    if (parts.isEmpty()) {
      parts.put(LabelSet.empty(), new ProfileCopier(profile));
    }
    Map<LabelSet, byte[]> built = new LinkedHashMap<>();
    parts.forEach(
        (labels, part) -> {
          part.add(profile, 1, i -> labels.equals(seriesOf[i]));
          part.period(profile.period());
          built.put(
              labels,
              part.builder()
                  .timeNanos(profile.timeNanos())
                  .durationNanos(profile.durationNanos())
                  .comments(profile.comments())
                  .build());
        });
    return built;
  }

  private static LabelSet chosen(SampleCursor sample, List<String> names) {
    LabelSet.Builder chosen = LabelSet.builder();
    for (int i = 0; i < sample.labelCount(); i++) {
      if (names.contains(sample.labelKey(i))) {
        String text = sample.labelText(i);
        chosen.set(
            legalName(sample.labelKey(i)),
            text.isEmpty() ? Long.toString(sample.labelNumber(i)) : text);
      }
    }
    return chosen.build();
  }

  private static String legalName(String name) {
    String legal = name.replaceAll("[^a-zA-Z0-9_]", "_");
    return LabelSet.isLegalName(legal) ? legal : "_" + legal;
  }
}
