package dev.psc.examples.benchmarks.scraper;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * The goals for the scraper as a process, compared with a reference scraper in the same run. A goal
 * whose measurement is not there is not judged.
 */
final class ScraperGoals {

  private static final String FIRST = "1";
  private static final String STEADY = "8-10";
  private static final int SMALL = 12;

  private final List<ScraperWindow> windows;
  private final String command;
  private final String reference;
  private final List<String> lines = new ArrayList<>();

  private ScraperGoals(List<ScraperWindow> windows, String command, String reference) {
    this.windows = windows;
    this.command = command;
    this.reference = reference;
  }

  /**
   * Returns a line per goal: name, measured, goal, and met, NOT MET or not measured.
   *
   * @param windows of all commands; of several rounds the median counts
   * @param command the name of the judged command
   * @param reference the name of the command that it is compared with
   */
  static List<String> judge(List<ScraperWindow> windows, String command, String reference) {
    ScraperGoals goals = new ScraperGoals(windows, command, reference);
    goals.run();
    return goals.lines;
  }

  private void run() {
    add("start to ready, s", median(command, 100, SMALL, FIRST, w -> w.readyMillis() / 1e3), 0.5);
    ratio("CPU of minute 1, 100 targets", 100, SMALL, FIRST, ScraperWindow::totalSeconds, 1);
    steady("CPU per profile, 1,000 targets, 12 kB", 1_000, SMALL, 0.5);
    steady("CPU per profile, 1,000 targets, 50 kB", 1_000, 50, 0.4);
    steady("CPU per profile, 1,000 targets, 200 kB", 1_000, 200, 0.4);
    memory("resident memory, 1,000 targets", 1_000, 0.4);
    memory("resident memory, 100 targets", 100, 1);
  }

  /** Uses minutes 8 to 10, and the last minutes there are if these were not measured. */
  private void steady(String name, int targets, int kilobytes, double goal) {
    for (String minutes : List.of(STEADY, "2-3")) {
      if (median(command, targets, kilobytes, minutes, ScraperWindow::millisPerProfile)
          .isPresent()) {
        ratio(
            name + ", minutes " + minutes,
            targets,
            kilobytes,
            minutes,
            ScraperWindow::millisPerProfile,
            goal);
        return;
      }
    }
    add(name + ", minutes " + STEADY, Optional.empty(), goal);
  }

  private void memory(String name, int targets, double goal) {
    for (String minutes : List.of(STEADY, "2-3", FIRST)) {
      if (median(command, targets, SMALL, minutes, ScraperWindow::residentMebibytes).isPresent()) {
        ratio(name, targets, SMALL, minutes, ScraperWindow::peakMebibytes, goal);
        return;
      }
    }
    add(name, Optional.empty(), goal);
  }

  private void ratio(
      String name,
      int targets,
      int kilobytes,
      String minutes,
      ToDoubleFunction<ScraperWindow> cost,
      double goal) {
    Optional<Double> ours = median(command, targets, kilobytes, minutes, cost);
    Optional<Double> theirs =
        command.equals(reference)
            ? Optional.empty()
            : median(reference, targets, kilobytes, minutes, cost);
    add(
        name + ", of " + reference + "'s",
        ours.flatMap(value -> theirs.map(other -> value / other)),
        goal);
  }

  private void add(String name, Optional<Double> measured, double goal) {
    lines.add(
        String.format(
            Locale.ROOT,
            "%-16s %-64s %-8s goal <= %-5s %s",
            command,
            name,
            measured.map(value -> String.format(Locale.ROOT, "%.2f", value)).orElse("-"),
            goal,
            measured.map(value -> value <= goal ? "met" : "NOT MET").orElse("not measured")));
  }

  private Optional<Double> median(
      String of,
      int targets,
      int kilobytes,
      String minutes,
      ToDoubleFunction<ScraperWindow> value) {
    double[] values =
        windows.stream()
            .filter(window -> window.command().equals(of))
            .filter(window -> window.targets() == targets)
            .filter(window -> window.profileKilobytes() == kilobytes)
            .filter(window -> window.minutes().equals(minutes))
            .mapToDouble(value)
            .sorted()
            .toArray();
    if (values.length == 0) {
      return Optional.empty();
    }
    int middle = values.length / 2;
    return Optional.of(
        values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2);
  }
}
