package dev.psc.scrape.relabel;

import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A list of relabelling rules that are applied in order. Immutable and thread-safe. */
public record Relabeling(List<RelabelRule> rules) {

  /** No rules: every target is kept as it is. */
  public static final Relabeling NONE = new Relabeling(List.of());

  /** Copies the list. */
  public Relabeling {
    rules = List.copyOf(rules);
  }

  /** Returns these rules and then others. */
  public Relabeling then(Relabeling others) {
    List<RelabelRule> all = new ArrayList<>(rules);
    all.addAll(others.rules);
    return new Relabeling(all);
  }

  /**
   * The result of relabelling: the labels, or the rule that dropped the target.
   *
   * @param labels as the last rule that ran left them; a dropping rule leaves them as they were
   * @param droppedBy the index of the rule that dropped the target, counted from 0
   */
  public record Result(LabelSet labels, Optional<Integer> droppedBy) {

    /** Returns whether the target is kept. */
    public boolean kept() {
      return droppedBy.isEmpty();
    }
  }

  /**
   * The effect of one rule on a target.
   *
   * @param index of the rule, counted from 0
   * @param rule the rule
   * @param before the labels before it
   * @param after the labels after it
   * @param kept whether the target was kept; no further rule runs otherwise
   */
  public record Step(int index, RelabelRule rule, LabelSet before, LabelSet after, boolean kept) {

    /** Returns one line: the rule and what it changed. */
    @Override
    public String toString() {
      StringBuilder text = new StringBuilder("rule ").append(index).append(' ').append(rule);
      if (!kept) {
        return text.append(": dropped the target").toString();
      }
      List<String> changes = new ArrayList<>();
      before.forEach(
          label -> {
            if (!after.contains(label.name())) {
              changes.add("-" + label.name());
            }
          });
      after.forEach(
          label -> {
            if (!label.value().equals(before.get(label.name()))) {
              changes.add(label.name() + "=\"" + label.value() + "\"");
            }
          });
      return text.append(": ")
          .append(changes.isEmpty() ? "changed nothing" : String.join(", ", changes))
          .toString();
    }
  }

  /** Applies the rules; never throws. */
  public Result apply(LabelSet labels) {
    if (rules.isEmpty()) {
      return new Result(labels, Optional.empty());
    }
    LabelSet.Builder builder = labels.toBuilder();
    for (int i = 0; i < rules.size(); i++) {
      if (!rules.get(i).apply(builder)) {
        return new Result(builder.build(), Optional.of(i));
      }
    }
    return new Result(builder.build(), Optional.empty());
  }

  /** Applies the rules and returns the effect of each, up to the one that dropped the target. */
  public List<Step> explain(LabelSet labels) {
    List<Step> steps = new ArrayList<>();
    LabelSet before = labels;
    for (int i = 0; i < rules.size(); i++) {
      LabelSet.Builder builder = before.toBuilder();
      boolean kept = rules.get(i).apply(builder);
      LabelSet after = builder.build();
      steps.add(new Step(i, rules.get(i), before, after, kept));
      if (!kept) {
        break;
      }
      before = after;
    }
    return steps;
  }
}
