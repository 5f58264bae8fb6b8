package dev.psc.scraper.cli;

import java.util.List;

/** Signals an invalid command line, file or config, with all problems. The exit code is 2. */
public final class UsageException extends Exception {

  private static final long serialVersionUID = 1;

  @SuppressWarnings("serial")
  private final List<String> problems;

  public UsageException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  public UsageException(String problem) {
    this(List.of(problem));
  }

  public List<String> problems() {
    return problems;
  }
}
