package dev.psc.delivery.internal.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of refused batches. What one batch became is a group, whose parts are sent one after
 * the other, oldest first; groups take turns, so that one of bad profiles only does not hide that
 * the sink takes others. Belongs to the {@link QueueState}'s lock.
 */
final class BatchBisection {

  /** What is left of one refused batch: unless a part is in flight, there is one to send. */
  static final class Group {
    private final ArrayDeque<Batch> parts = new ArrayDeque<>();
    private boolean inFlight;
  }

  private final ArrayDeque<Group> groups = new ArrayDeque<>();

  /** Returns whether a part could be sent now. */
  boolean hasPart() {
    for (Group group : groups) {
      if (!group.inFlight) {
        return true;
      }
    }
    return false;
  }

  /** Takes the next part of the group whose turn it is, or null. */
  @Nullable Batch take() {
    for (int i = groups.size(); i > 0; i--) {
      Group group = groups.remove();
      groups.add(group);
      if (!group.inFlight) {
        group.inFlight = true;
        return group.parts.remove();
      }
    }
    return null;
  }

  /** Puts parts at the head of their group, the first of them first. */
  void add(Group group, List<Batch> parts) {
    if (!groups.contains(group)) {
      groups.add(group);
    }
    for (int i = parts.size() - 1; i >= 0; i--) {
      group.parts.addFirst(parts.get(i));
    }
  }

  /** Takes note that the part of a group that was taken is no longer in flight. */
  void landed(Group group) {
    group.inFlight = false;
    if (group.parts.isEmpty()) {
      groups.remove(group);
    }
  }

  /** Takes all parts that are not in flight. */
  List<Batch> takeAll() {
    List<Batch> all = new ArrayList<>();
    Group group;
    while ((group = groups.poll()) != null) {
      all.addAll(group.parts);
      group.parts.clear();
    }
    return all;
  }
}
