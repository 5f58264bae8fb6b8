package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.LongTable;
import java.util.Arrays;

/** The mean sizes of the objects that are allocated at stacks. Not thread-safe. */
final class AllocationSites {

  private static final int MAX = 16_384;

  private final LongTable sites = new LongTable(64);
  private double[] reciprocals = new double[128];
  private int[] events = new int[128];

  /**
   * Learns from an event of a buffer. Events come per byte allocated, so the mean size over objects
   * is the harmonic one.
   */
  void learn(int stack, long size) {
    if (sites.size() == MAX && sites.indexOf(stack) < 0) {
      clear();
    }
    int site = sites.add(stack);
    if (site == events.length) {
      reciprocals = Arrays.copyOf(reciprocals, site * 2);
      events = Arrays.copyOf(events, site * 2);
    }
    reciprocals[site] += 1.0 / size;
    events[site]++;
  }

  /** Returns the number of objects that some bytes are, or another number if it is not known. */
  long objects(int stack, long bytes, long otherwise) {
    int site = sites.indexOf(stack);
    return site < 0 ? otherwise : Math.max(1, Math.round(bytes * reciprocals[site] / events[site]));
  }

  /** Forgets all stacks, as after their numbers have changed. */
  void clear() {
    Arrays.fill(reciprocals, 0);
    Arrays.fill(events, 0);
    sites.clear();
  }
}
