package dev.psc.delivery.internal.queue;

import dev.psc.label.LabelSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Remembers series whose profiles were found bad one after the other, mostly because of a label or
 * of what writes them: their next profiles are sent alone, and a refusal of one needs no further
 * proof. Belongs to the {@link QueueState}'s lock.
 */
final class BadSeriesTracker {

  private static final int BAD_IN_A_ROW = 3;
  private static final int MAX_SERIES = 4096;

  private final Map<LabelSet, Integer> badInARow =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<LabelSet, Integer> eldest) {
          return size() > MAX_SERIES;
        }
      };

  /** Takes note that a profile of a series was to blame for a refusal. */
  void bad(LabelSet labels) {
    badInARow.merge(labels, 1, Integer::sum);
  }

  /** Takes note that a profile of a series was taken. */
  void good(LabelSet labels) {
    if (!badInARow.isEmpty()) {
      badInARow.remove(labels);
    }
  }

  boolean isBad(LabelSet labels) {
    return !badInARow.isEmpty() && badInARow.getOrDefault(labels, 0) >= BAD_IN_A_ROW;
  }
}
