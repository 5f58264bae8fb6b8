package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.JvmProfile;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;

/**
 * Where the events of a recording or of a live stream are counted: every open {@link Window} gets
 * every sample of a profile that it counts. Callers hold its lock, {@code synchronized
 * (aggregator)}, around anything that reads or writes; a stream takes it once per event,
 * uncontended.
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

  /** Makes one that has its own windows, and stacks and labels in common with another. */
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

  /** Ends a window; it is not written any more. */
  public void close(Window window) {
    if (windows.remove(window)) {
      folded += window.folded();
    }
  }

  /** Returns what one profile of a window has now, for use without the lock. */
  public Snapshot snapshot(Window window, JvmProfile profile, long endNanos) {
    return new Snapshot(
        profile,
        stackPool,
        labels,
        window.table(profile).copy(),
        window.startNanos(),
        endNanos - window.startNanos());
  }

  /** Returns how many samples went to {@code [other]} since the start. */
  public long folded() {
    long all = folded;
    for (Window window : windows) {
      all += window.folded();
    }
    return all;
  }

  /**
   * Makes room when the tables of stacks or functions are full, by forgetting what no open window
   * has.
   *
   * @return whether numbers of stacks have changed; {@link #epoch} tells too
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
