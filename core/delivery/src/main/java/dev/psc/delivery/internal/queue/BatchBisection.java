package dev.psc.delivery.internal.queue;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of rejected batches. The parts of one batch are a group and are sent one after the
 * other, oldest first. Groups alternate, so that a group of bad profiles does not delay others.
 * Belongs to the {@link QueueState}'s lock.
 */
final class BatchBisection {

  /** The remaining parts of one rejected batch. */
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

  /** Returns the next part of the next group, or null. */
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

  /** Adds parts at the head of their group, in order. */
  void add(Group group, List<Batch> parts) {
    if (!groups.contains(group)) {
      groups.add(group);
    }
    for (int i = parts.size() - 1; i >= 0; i--) {
      group.parts.addFirst(parts.get(i));
    }
  }

  /** Marks the part of a group as no longer in flight. */
  void landed(Group group) {
    group.inFlight = false;
    if (group.parts.isEmpty()) {
      groups.remove(group);
    }
  }

  /** Removes and returns all parts that are not in flight. */
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
