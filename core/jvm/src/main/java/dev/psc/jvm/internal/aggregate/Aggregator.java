package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * An aggregator of the events of a recording or a live stream. It adds each sample to every open
 * {@link Window} that counts its profile. Callers hold its lock, {@code synchronized (aggregator)},
 * for all reads and writes; a stream acquires it once per event, uncontended.
 */
public final class Aggregator {

  private final StackPool.Limits limits;
  private final LabelTable labels;
  private final List<Window> windows = new ArrayList<>();
  private StackPool stackPool;
  private long epoch;
  private long folded;

  public Aggregator(StackPool.Limits limits) {
    this.limits = limits;
    this.labels = new LabelTable();
    this.stackPool = new StackPool(limits);
  }

  /** Creates an aggregator with its own windows that shares stacks and labels with another. */
  public Aggregator(Aggregator other) {
    this.limits = other.limits;
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

  /** Adds a sample to every window that counts the profile. */
  public void add(JvmProfile profile, int stack, int labels, long first, long second) {
    for (int i = 0; i < windows.size(); i++) {
      windows.get(i).add(profile, stack, labels, first, second);
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

  public Window open(Set<JvmProfile> profiles, long startNanos) {
    Window window = new Window(profiles, startNanos);
    windows.add(window);
    return window;
  }

  /** Ends a window; no more samples are added to it. */
  public void close(Window window) {
    if (windows.remove(window)) {
      folded += window.folded();
    }
  }

  /** Returns the current sums of one profile of a window, for use without the lock. */
  public Snapshot snapshot(Window window, JvmProfile profile, long endNanos) {
    return new Snapshot(
        profile,
        stackPool,
        labels,
        window.table(profile).copy(),
        window.startNanos(),
        endNanos - window.startNanos());
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

  StackPool.Limits limits() {
    return limits;
  }
}
