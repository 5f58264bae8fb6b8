package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.profile.JvmProfile;
import java.util.List;

/**
 * One profile of a window, which is encoded without a lock. Must not be changed.
 *
 * @param profile the kind of profile
 * @param stackPool resolves stacks
 * @param labels resolves labels
 * @param table the sums
 * @param startNanos the start of the window, in nanoseconds since 1970
 * @param durationNanos its length
 * @param comments what a reader of the profile should know
 */
public record Snapshot(
    JvmProfile profile,
    StackPool stackPool,
    LabelTable labels,
    ProfileTable table,
    long startNanos,
    long durationNanos,
    List<String> comments) {

  /** Creates a snapshot without comments. */
  public Snapshot(
      JvmProfile profile,
      StackPool stackPool,
      LabelTable labels,
      ProfileTable table,
      long startNanos,
      long durationNanos) {
    this(profile, stackPool, labels, table, startNanos, durationNanos, List.of());
  }

  /**
   * Returns this snapshot with the samples that make up its values: stores show the number of
   * samples times the period, and samples of the JVM stand for different times.
   */
  public Snapshot inPeriods(long periodNanos) {
    return withTable(table.inPeriods(periodNanos));
  }

  /** Returns this snapshot with other sums. */
  Snapshot withTable(ProfileTable sums) {
    return new Snapshot(profile, stackPool, labels, sums, startNanos, durationNanos, comments);
  }

  /** Returns this snapshot with other comments. */
  public Snapshot withComments(List<String> others) {
    return new Snapshot(profile, stackPool, labels, table, startNanos, durationNanos, others);
  }

  /** Returns a snapshot without samples, taken now. */
  public static Snapshot empty(JvmProfile profile) {
    return new Snapshot(
        profile,
        new StackPool(StackPool.Limits.DEFAULT),
        new LabelTable(),
        new ProfileTable(1),
        Clocks.epochNanos(),
        0);
  }
}
