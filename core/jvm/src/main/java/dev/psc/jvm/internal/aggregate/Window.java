package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.TraceContext;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A span of time with the sums of each profile. Guarded by its {@link Aggregator}. */
public final class Window {

  private final EnumMap<JvmProfile, ProfileTable> tables = new EnumMap<>(JvmProfile.class);
  private final EnumMap<JvmProfile, LongTable> traces = new EnumMap<>(JvmProfile.class);
  private final EnumMap<JvmProfile, Long> untraced = new EnumMap<>(JvmProfile.class);
  private final long startNanos;
  private final int maxTraces;
  private long lockThresholdNanos;

  /**
   * @param profiles the profiles to count
   * @param startNanos its start, in nanoseconds since 1970
   * @param maxTraces the maximum number of trace ids of each profile
   */
  Window(Set<JvmProfile> profiles, long startNanos, int maxTraces) {
    this.startNanos = startNanos;
    this.maxTraces = maxTraces;
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

  void add(JvmProfile profile, int stack, int tags, TraceTable known, long first, long second) {
    ProfileTable table = tables.get(profile);
    if (table != null) {
      table.add(stack, kept(profile, table, stack, tags, known), first, second);
    }
  }

  /** Returns the tags that fit: a sample loses its span before it loses its stack. */
  private int kept(JvmProfile profile, ProfileTable table, int stack, int tags, TraceTable known) {
    int span = TraceTable.spanOf(tags);
    if (span == 0) {
      return tags;
    }
    if (maxTraces > 0 && table.hasRoomForSpan(stack, tags)) {
      LongTable kept = traces.computeIfAbsent(profile, added -> new LongTable(64));
      int trace = known.traceOf(span);
      if (kept.indexOf(trace) >= 0 || kept.size() < maxTraces) {
        kept.add(trace);
        return tags;
      }
    }
    if (maxTraces > 0) {
      untraced.merge(profile, 1L, Long::sum);
    }
    return TraceTable.labelsOf(tags);
  }

  /** Returns a comment on the samples that lost their trace id at a limit, if there are any. */
  public Optional<String> untraced(JvmProfile profile) {
    return Optional.ofNullable(untraced.get(profile))
        .map(
            count ->
                count
                    + " samples have no trace id: there were more than maxTraces = "
                    + maxTraces
                    + " traces, or too many stacks");
  }

  /** Replaces the numbers of all spans. */
  void retag(TraceTable from, TraceTable to) {
    if (traces.isEmpty()) {
      return;
    }
    traces.clear();
    for (Map.Entry<JvmProfile, ProfileTable> entry : tables.entrySet()) {
      LongTable kept = new LongTable(64);
      entry.setValue(
          entry
              .getValue()
              .retagged(
                  tags -> {
                    TraceContext span = from.get(TraceTable.spanOf(tags));
                    if (span == null) {
                      return tags;
                    }
                    int number = to.id(span);
                    kept.add(to.traceOf(number));
                    return TraceTable.tags(TraceTable.labelsOf(tags), number);
                  }));
      if (kept.size() > 0) {
        traces.put(entry.getKey(), kept);
      }
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
