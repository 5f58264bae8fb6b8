package dev.psc.scrape.settings;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown if a configuration cannot be used; the message lists every problem, one per line. */
public final class ConfigException extends IllegalArgumentException {

  private static final long serialVersionUID = 1;

  private final transient List<ConfigProblem> problems;

  /** Creates the exception for at least one problem. */
  public ConfigException(List<ConfigProblem> problems) {
    super(message(problems));
    this.problems = List.copyOf(problems);
  }

  private static String message(List<ConfigProblem> problems) {
    if (problems.size() == 1) {
      return problems.get(0).toString();
    }
    return problems.stream()
        .map(problem -> "  " + problem)
        .collect(
            Collectors.joining("\n", problems.size() + " problems in the configuration:\n", ""));
  }

  /** Returns the problems in the order of their positions. */
  public List<ConfigProblem> problems() {
    return problems;
  }
}
