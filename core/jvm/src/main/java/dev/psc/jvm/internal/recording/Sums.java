package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.ProfileTable;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.internal.event.JfrField;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Set;

/** The sums of one origin of samples, in the numbering of stacks that all origins share. */
final class Sums {

  private final Aggregator aggregator;
  private final Set<JvmProfile> profiles;
  private Window window;
  private long folded;

  Sums(Aggregator tables, JvmProfile... profiles) {
    this.aggregator = new Aggregator(tables);
    this.profiles = Set.of(profiles);
    this.window = aggregator.open(this.profiles, 0);
  }

  Aggregator aggregator() {
    return aggregator;
  }

  void add(JvmProfile profile, JfrEvent event, int stack, long first, long second) {
    aggregator.add(profile, stack, labels(event), first, second);
  }

  static int labels(JfrEvent event) {
    JfrField field =
        event.has(JfrField.SAMPLED_THREAD) ? JfrField.SAMPLED_THREAD : JfrField.EVENT_THREAD;
    return event.thread(field).labels();
  }

  boolean has(JvmProfile profile) {
    return window.table(profile).size() > 0;
  }

  ProfileTable table(JvmProfile profile) {
    return window.table(profile);
  }

  /** Returns the sum of all first values. */
  long samples(JvmProfile profile) {
    ProfileTable table = window.table(profile);
    long samples = 0;
    for (int row = 0; row < table.size(); row++) {
      samples += table.first(row);
    }
    return samples;
  }

  /** Returns the number of samples in {@code [other]}. */
  long folded() {
    return folded + window.folded();
  }

  /** Adds the sums of another origin; with a period, second values are samples times period. */
  void addAll(Sums from, JvmProfile profile, long periodNanos) {
    ProfileTable table = from.table(profile);
    window.table(profile).addAll(periodNanos == 0 ? table : table.timesPeriod(periodNanos));
  }

  /** Starts from zero. */
  void clear() {
    folded += window.folded();
    aggregator.close(window);
    window = aggregator.open(profiles, 0);
  }
}
