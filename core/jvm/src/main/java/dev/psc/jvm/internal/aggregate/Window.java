package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;

/** A span of time with the sums of each profile. Guarded by its {@link Aggregator}. */
public final class Window {

  private final EnumMap<JvmProfile, ProfileTable> tables = new EnumMap<>(JvmProfile.class);
  private final long startNanos;
  private long lockThresholdNanos;

  /**
   * @param profiles the profiles to count
   * @param startNanos its start, in nanoseconds since 1970
   */
  Window(Set<JvmProfile> profiles, long startNanos) {
    this.startNanos = startNanos;
    for (JvmProfile profile : profiles) {
      tables.put(profile, new ProfileTable());
    }
  }

  long startNanos() {
    return startNanos;
  }

  public boolean counts(JvmProfile profile) {
    return tables.containsKey(profile);
  }

  public void count(Set<JvmProfile> profiles) {
    tables.keySet().retainAll(profiles);
    for (JvmProfile profile : profiles) {
      tables.computeIfAbsent(profile, added -> new ProfileTable());
    }
  }

  void add(JvmProfile profile, int stack, int labels, long first, long second) {
    ProfileTable table = tables.get(profile);
    if (table != null) {
      table.add(stack, labels, first, second);
    }
  }

  public ProfileTable table(JvmProfile profile) {
    ProfileTable table = tables.get(profile);
    return table == null ? new ProfileTable(1) : table;
  }

  public long folded() {
    long folded = 0;
    for (ProfileTable table : tables.values()) {
      folded += table.folded();
    }
    return folded;
  }

  /** Returns the highest lock threshold of the window, in nanoseconds; 0 if none was noted. */
  public long lockThresholdNanos() {
    return lockThresholdNanos;
  }

  void noteLockThreshold(long nanos) {
    lockThresholdNanos = Math.max(lockThresholdNanos, nanos);
  }

  void markStacks(BitSet used) {
    tables.values().forEach(table -> table.markStacks(used));
  }

  void renumber(int[] stacks) {
    for (Map.Entry<JvmProfile, ProfileTable> entry : tables.entrySet()) {
      entry.setValue(entry.getValue().renumbered(stacks));
    }
  }
}
