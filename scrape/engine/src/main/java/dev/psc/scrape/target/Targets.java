package dev.psc.scrape.target;

import dev.psc.label.LabelSet;
import dev.psc.scrape.relabel.Relabeling;
import java.util.List;

/**
 * The result of relabelling a job's discovered targets: kept, dropped and invalid ones. Immutable.
 *
 * @param kept to be scraped, each once
 * @param dropped by relabelling
 * @param invalid that cannot be scraped
 */
public record Targets(List<Target> kept, List<Dropped> dropped, List<Invalid> invalid) {

  /** No targets. */
  public static final Targets NONE = new Targets(List.of(), List.of(), List.of());

  /** Copies the lists. */
  public Targets {
    kept = List.copyOf(kept);
    dropped = List.copyOf(dropped);
    invalid = List.copyOf(invalid);
  }

  /**
   * A target that a rule dropped. As there can be very many, it refers to its parts, and its labels
   * are joined on request. Immutable.
   */
  public static final class Dropped {

    private final ScrapeJob job;
    private final Relabeling rules;
    private final LabelSet group;
    private final LabelSet target;
    private final String profile;
    private final int rule;

    /**
     * @param rules the rules, of which {@code rule} is an index
     */
    Dropped(
        ScrapeJob job,
        Relabeling rules,
        LabelSet group,
        LabelSet target,
        String profile,
        int rule) {
      this.job = job;
      this.rules = rules;
      this.group = group;
      this.target = target;
      this.profile = profile;
      this.rule = rule;
    }

    /** Returns the job's name. */
    public String job() {
      return job.name();
    }

    /** Returns the labels before relabelling. */
    public LabelSet discovered() {
      ProfileSettings settings = job.profiles().get(profile);
      LabelSet labels = group.withAll(target);
      return settings == null
          ? labels
          : TargetFactory.withDefaults(labels, TargetFactory.defaults(job, profile, settings));
    }

    /** Returns whether the other is a profile of the same discovered target. */
    @SuppressWarnings("ReferenceEquality") // profiles of one target share its label sets
    public boolean isSameTarget(Dropped other) {
      return group == other.group && target == other.target;
    }

    /**
     * Returns the index of the rule, counted from 0 over the job's rules and then the scraper's.
     */
    public int rule() {
      return rule;
    }

    /** Returns the rule's settings. */
    public String ruleText() {
      return rules.rules().get(rule).toString();
    }

    @Override
    public String toString() {
      return "Dropped[" + job() + ", rule " + rule + ", " + discovered() + "]";
    }
  }

  /**
   * A target that cannot be scraped.
   *
   * @param job the job's name
   * @param discovered the labels before relabelling
   * @param reason the problem and its remedy
   */
  public record Invalid(String job, LabelSet discovered, String reason) {}
}
