package dev.psc.scrape.settings;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A collector of the problems of one configuration, so that all are reported together. Not
 * thread-safe.
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

  /** Adds a setting that is legal, but most likely a mistake. */
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

  /** Returns the problems in the order of their positions. */
  public List<ConfigProblem> list() {
    return sorted(problems);
  }

  /** Returns the warnings in the order of their positions. */
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
   * Throws all problems as one exception, if there are any.
   *
   * @throws ConfigException with all of them
   */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ConfigException(list());
    }
  }
}
