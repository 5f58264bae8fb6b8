package dev.psc.scrape.discovery;

import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A group of targets that share labels and appear and disappear together: one pod, one entry of a
 * file. Immutable.
 *
 * @param source names the group within its discovery; a later group of the same source replaces it
 * @param targets the labels of each target, {@code __address__} among them; a target's labels win
 *     over the group's. Without targets the group is gone.
 * @param labels what all its targets have in common
 */
public record TargetGroup(String source, List<LabelSet> targets, LabelSet labels) {

  /** The label that holds {@code host:port} of a target. */
  public static final String ADDRESS = "__address__";

  /** Copies the list. */
  public TargetGroup {
    Objects.requireNonNull(source, "source");
    targets = List.copyOf(targets);
    Objects.requireNonNull(labels, "labels");
  }

  /** Returns a group of targets of which only the addresses are known. */
  public static TargetGroup ofAddresses(String source, List<String> addresses, LabelSet labels) {
    List<LabelSet> targets = new ArrayList<>(addresses.size());
    for (String address : addresses) {
      targets.add(LabelSet.of(ADDRESS, address));
    }
    return new TargetGroup(source, targets, labels);
  }
}
