package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceLabels;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An aggregator of the events of a recording or a live stream. It adds each sample to every open
 * {@link Window} that counts its profile. Callers hold its lock, {@code synchronized (aggregator)},
 * for all reads and writes; a stream acquires it once per event, uncontended.
 */
public final class Aggregator {

  private final StackPool.Limits limits;
  private final LabelTable labels;
  private final List<Window> windows = new ArrayList<>();
  private final int maxTraces;
  private final TraceLabels traceLabels;
  private StackPool stackPool;
  private TraceTable traces = new TraceTable();
  private long epoch;
  private long folded;

  public Aggregator(StackPool.Limits limits) {
    this(limits, 0, TraceLabels.openTelemetry());
  }

  /**
   * Creates an aggregator.
   *
   * @param maxTraces the maximum number of distinct trace ids of a profile; the samples of others
   *     have no trace id
   * @param traceLabels the labels of trace ids
   */
  public Aggregator(StackPool.Limits limits, int maxTraces, TraceLabels traceLabels) {
    this.limits = limits;
    this.maxTraces = maxTraces;
    this.traceLabels = traceLabels;
    this.labels = new LabelTable();
    this.stackPool = new StackPool(limits);
  }

  /** Creates an aggregator with its own windows that shares stacks and labels with another. */
  public Aggregator(Aggregator other) {
    this.limits = other.limits;
    this.maxTraces = 0;
    this.traceLabels = other.traceLabels;
    this.labels = other.labels;
    this.stackPool = other.stackPool;
  }

  public StackPool stackPool() {
    return stackPool;
  }

  public LabelTable labels() {
    return labels;
  }

  /** Returns a number that changes when all numbers of stacks and functions become invalid. */
  public long epoch() {
    return epoch;
  }

  /** Returns the tags of a sample with labels and, if it has one, the span of its thread. */
  public int tags(int labels, @Nullable TraceContext span) {
    return span == null || maxTraces == 0 ? labels : TraceTable.tags(labels, traces.id(span));
  }

  /**
   * Forgets the spans that no open window uses. Call it when no tags are kept outside of windows.
   */
  public void forgetTraces() {
    if (traces.isEmpty()) {
      return;
    }
    TraceTable fresh = new TraceTable();
    for (Window window : windows) {
      window.retag(traces, fresh);
    }
    traces = fresh;
  }

  /**
   * Adds a sample to every window that counts the profile.
   *
   * @param tags the number of its labels, or what {@link #tags} returned
   */
  public void add(JvmProfile profile, int stack, int tags, long first, long second) {
    for (int i = 0; i < windows.size(); i++) {
      windows.get(i).add(profile, stack, tags, traces, first, second);
    }
  }

  /** Returns whether a window counts the profile. */
  public boolean counts(JvmProfile profile) {
    for (int i = 0; i < windows.size(); i++) {
      if (windows.get(i).counts(profile)) {
        return true;
      }
    }
    return false;
  }

  /** Opens a window whose samples have trace ids. */
  public Window open(Set<JvmProfile> profiles, long startNanos) {
    return open(new Window(profiles, startNanos, maxTraces));
  }

  /** Opens a window of running totals, whose samples have no trace ids. */
  public Window openTotals(Set<JvmProfile> profiles, long startNanos) {
    return open(new Window(profiles, startNanos, 0));
  }

  private Window open(Window window) {
    windows.add(window);
    return window;
  }

  /** Ends a window; no more samples are added to it. */
  public void close(Window window) {
    if (windows.remove(window)) {
      folded += window.folded();
    }
  }

  /** Ends a window and returns what a function makes of each of its profiles. */
  public List<Snapshot> close(Window window, Function<JvmProfile, Snapshot> snapshot) {
    close(window);
    return Stream.of(JvmProfile.values()).filter(window::counts).map(snapshot).toList();
  }

  /** Returns the current sums of one profile of a window, for use without the lock. */
  public Snapshot snapshot(Window window, JvmProfile profile, long endNanos) {
    return new Snapshot(
        profile,
        stackPool,
        labels,
        window.table(profile).copy(),
        window.startNanos(),
        endNanos - window.startNanos(),
        List.of(),
        traces,
        traceLabels);
  }

  /** Notes from which length on waits for locks are counted in all open windows. */
  public void noteLockThreshold(long nanos) {
    for (Window window : windows) {
      window.noteLockThreshold(nanos);
    }
  }

  /** Returns the number of samples that went to {@code [other]} since the start. */
  public long folded() {
    long all = folded;
    for (Window window : windows) {
      all += window.folded();
    }
    return all;
  }

  /**
   * Removes stacks and functions that no open window uses, if their tables are full.
   *
   * @return whether numbers of stacks have changed; then {@link #epoch} changes too
   */
  public boolean compactIfFull() {
    if (!stackPool.isFull()) {
      return false;
    }
    BitSet used = new BitSet(stackPool.stackCount());
    for (Window window : windows) {
      window.markStacks(used);
    }
    if (used.cardinality() > stackPool.stackCount() - stackPool.stackCount() / 4) {
      return false;
    }
    int[] renumbered = new int[stackPool.stackCount()];
    stackPool = stackPool.compact(used, renumbered);
    for (Window window : windows) {
      window.renumber(renumbered);
    }
    epoch++;
    return true;
  }
}
