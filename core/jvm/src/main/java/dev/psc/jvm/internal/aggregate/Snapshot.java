package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceLabels;
import dev.psc.label.Label;
import java.util.ArrayList;
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
 * @param traces resolves spans
 * @param traceLabels the labels of spans
 */
public record Snapshot(
    JvmProfile profile,
    StackPool stackPool,
    LabelTable labels,
    ProfileTable table,
    long startNanos,
    long durationNanos,
    List<String> comments,
    TraceTable traces,
    TraceLabels traceLabels) {

  /** Creates a snapshot without comments. */
  public Snapshot(
      JvmProfile profile,
      StackPool stackPool,
      LabelTable labels,
      ProfileTable table,
      long startNanos,
      long durationNanos) {
    this(
        profile,
        stackPool,
        labels,
        table,
        startNanos,
        durationNanos,
        List.of(),
        TraceTable.NONE,
        TraceLabels.openTelemetry());
  }

  /** Returns alternating names and values of all labels of samples with these tags. */
  List<String> labelPairs(int tags) {
    List<String> pairs = new ArrayList<>();
    for (Label label : labels.get(TraceTable.labelsOf(tags))) {
      pairs.add(label.name());
      pairs.add(label.value());
    }
    TraceContext span = traces.get(TraceTable.spanOf(tags));
    if (span != null) {
      pairs.addAll(traceLabels.pairs(span));
    }
    return pairs;
  }

  /**
   * Returns this snapshot with the samples that make up its values: stores show the number of
   * samples times the period, and samples of the JVM represent different times.
   */
  public Snapshot inPeriods(long periodNanos) {
    return withTable(table.inPeriods(periodNanos));
  }

  /** Returns this snapshot with other sums. */
  Snapshot withTable(ProfileTable sums) {
    return new Snapshot(
        profile, stackPool, labels, sums, startNanos, durationNanos, comments, traces, traceLabels);
  }

  /** Returns this snapshot with other comments. */
  public Snapshot withComments(List<String> others) {
    return new Snapshot(
        profile, stackPool, labels, table, startNanos, durationNanos, others, traces, traceLabels);
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
