package dev.psc.scrape.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Collects the problems of one configuration, so that all are reported at once. Not thread-safe.
 */
public final class ConfigProblems {

  private final List<ConfigProblem> problems = new ArrayList<>();

  /** Creates an empty collector. */
  public ConfigProblems() {}

  /** Adds a problem. */
  public void add(ConfigProblem problem) {
    if (!problems.contains(problem)) {
      problems.add(problem);
    }
  }

  /** Returns whether there are none. */
  public boolean isEmpty() {
    return problems.isEmpty();
  }

  /** Returns the number of problems so far. */
  public int size() {
    return problems.size();
  }

  /** Returns the problems in the order of their places. */
  public List<ConfigProblem> list() {
    List<ConfigProblem> sorted = new ArrayList<>(problems);
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
