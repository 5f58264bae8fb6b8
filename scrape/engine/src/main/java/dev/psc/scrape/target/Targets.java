package dev.psc.scrape.target;

import dev.psc.label.LabelSet;
import java.util.List;

/**
 * What a job made of everything that was discovered. Immutable.
 *
 * @param kept to be scraped, each once
 * @param dropped by relabelling
 * @param invalid that cannot be scraped
 */
public record Targets(List<Target> kept, List<Dropped> dropped, List<Invalid> invalid) {

  /** Nothing. */
  public static final Targets NONE = new Targets(List.of(), List.of(), List.of());

  /** Copies the lists. */
  public Targets {
    kept = List.copyOf(kept);
    dropped = List.copyOf(dropped);
    invalid = List.copyOf(invalid);
  }

  /**
   * A target that a rule dropped.
   *
   * @param job the job's name
   * @param discovered the labels before relabelling
   * @param rule the index of the rule, counted from 0 over the job's rules and then the scraper's
   * @param ruleText the rule's settings
   */
  public record Dropped(String job, LabelSet discovered, int rule, String ruleText) {}

  /**
   * A target that cannot be scraped.
   *
   * @param job the job's name
   * @param discovered the labels before relabelling
   * @param reason what is wrong and what to do
   */
  public record Invalid(String job, LabelSet discovered, String reason) {}
}
