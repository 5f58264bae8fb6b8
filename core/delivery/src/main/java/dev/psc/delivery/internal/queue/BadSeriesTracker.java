package dev.psc.delivery.internal.queue;

import dev.psc.label.LabelSet;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A tracker of series whose profiles were rejected several times in a row. Their next profiles are
 * sent alone, and dropped when they are rejected. Belongs to the {@link QueueState}'s lock.
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

  /** Records that a profile of a series was the cause of a rejection. */
  void bad(LabelSet labels) {
    badInARow.merge(labels, 1, Integer::sum);
  }

  /** Records that a profile of a series was accepted. */
  void good(LabelSet labels) {
    if (!badInARow.isEmpty()) {
      badInARow.remove(labels);
    }
  }

  boolean isBad(LabelSet labels) {
    return !badInARow.isEmpty() && badInARow.getOrDefault(labels, 0) >= BAD_IN_A_ROW;
  }
}
