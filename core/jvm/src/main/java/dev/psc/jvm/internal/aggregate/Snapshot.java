package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.profile.JvmProfile;

/**
 * One profile of a window, which is encoded without a lock. Must not be changed.
 *
 * @param profile the kind of profile
 * @param stackPool resolves stacks
 * @param labels resolves labels
 * @param table the sums
 * @param startNanos the start of the window, in nanoseconds since 1970
 * @param durationNanos its length
 */
public record Snapshot(
    JvmProfile profile,
    StackPool stackPool,
    LabelTable labels,
    ProfileTable table,
    long startNanos,
    long durationNanos) {

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
