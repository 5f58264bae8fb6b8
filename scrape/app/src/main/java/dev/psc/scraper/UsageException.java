package dev.psc.scraper;

import java.util.List;

/** The command line, a file it names or the config is wrong: every problem at once. Exit code 2. */
final class UsageException extends Exception {

  private static final long serialVersionUID = 1;

  @SuppressWarnings("serial")
  private final List<String> problems;

  UsageException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  UsageException(String problem) {
    this(List.of(problem));
  }

  List<String> problems() {
    return problems;
  }
}
