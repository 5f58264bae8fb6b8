package dev.psc.jvm.internal.aggregate;

import dev.psc.label.LabelSet;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * A bounded table of label sets by number; 0 is the empty set. When it is full, a sample keeps its
 * labels without the new one. Written by one thread at a time; readers resolve numbers without a
 * lock.
 */
public final class LabelTable {

  /** The maximum number of distinct label sets of a process. */
  static final int MAX_SETS = 10_000;

  private final Map<LabelSet, Integer> ids = new HashMap<>();
  private final LongTable merges = new LongTable(64);
  private int[] merged = new int[64];
  private volatile LabelSet[] sets = new LabelSet[64];
  private int size;
  private long refused;

  public LabelTable() {
    id(LabelSet.empty());
  }

  /** Returns the number of a set, or 0 if the table is full. */
  public int id(LabelSet labels) {
    Integer known = ids.get(labels);
    if (known != null) {
      return known;
    }
    if (size >= MAX_SETS) {
      refused++;
      return 0;
    }
    if (size == sets.length) {
      sets = Arrays.copyOf(sets, size * 2);
    }
    sets[size] = labels;
    ids.put(labels, size);
    return size++;
  }

  /** Returns the number of a set that is overwritten by another. */
  public int merge(int base, int over) {
    if (base == 0 || over == 0) {
      return base | over;
    }
    int known = merges.add(((long) base << 32) | over);
    if (known == merges.size() - 1 && (known >= merged.length || merged[known] == 0)) {
      if (known >= merged.length) {
        merged = Arrays.copyOf(merged, merged.length * 2);
      }
      int id = id(sets[base].withAll(sets[over]));
      merged[known] = id == 0 ? base : id;
    }
    return merged[known];
  }

  LabelSet get(int id) {
    return sets[id];
  }

  int size() {
    return size;
  }

  /** Returns how often a set was refused because the table was full. */
  public long refused() {
    return refused;
  }
}
