package dev.psc.scrape.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Collects the problems of one configuration, so that all are reported together. Not thread-safe.
 */
public final class ConfigProblems {

  private final List<ConfigProblem> problems = new ArrayList<>();
  private final List<ConfigProblem> warnings = new ArrayList<>();

  /** Creates an empty collector. */
  public ConfigProblems() {}

  /** Adds a problem. */
  public void add(ConfigProblem problem) {
    if (!problems.contains(problem)) {
      problems.add(problem);
    }
  }

  /** Adds what is legal and most likely not meant. */
  public void warn(ConfigProblem warning) {
    if (!warnings.contains(warning)) {
      warnings.add(warning);
    }
  }

  /** Returns whether there are no problems; warnings do not count. */
  public boolean isEmpty() {
    return problems.isEmpty();
  }

  /** Returns the number of problems so far. */
  public int size() {
    return problems.size();
  }

  /** Returns the problems in the order of their places. */
  public List<ConfigProblem> list() {
    return sorted(problems);
  }

  /** Returns the warnings in the order of their places. */
  public List<ConfigProblem> warnings() {
    return sorted(warnings);
  }

  private static List<ConfigProblem> sorted(List<ConfigProblem> some) {
    List<ConfigProblem> sorted = new ArrayList<>(some);
    sorted.sort(
        Comparator.comparingInt(ConfigProblem::line).thenComparingInt(ConfigProblem::column));
    return sorted;
  }

  /**
   * Does nothing when there are none.
   *
   * @throws ConfigException with all of them
   */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ConfigException(list());
    }
  }
}
