package dev.psc.examples.benchmarks.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScraperGoalsTest {

  @Test
  void comparesWithTheReferenceAndNamesWhatWasNotMeasured() {
    List<ScraperWindow> windows =
        List.of(
            window("ours", 100, "1", 400, 12.0, 120),
            window("other", 100, "1", 200, 10.0, 130),
            window("ours", 1_000, "8-10", 400, 30.0, 200),
            window("other", 1_000, "8-10", 200, 90.0, 800));

    List<String> goals = ScraperGoals.judge(windows, "ours", "other");

    assertThat(goals)
        .anySatisfy(goal -> assertThat(goal).contains("start to ready", "0.40", " met"))
        .anySatisfy(goal -> assertThat(goal).contains("minute 1", "1.20", "NOT MET"))
        .anySatisfy(goal -> assertThat(goal).contains("1,000 targets, 12 kB", "0.33", " met"))
        .anySatisfy(goal -> assertThat(goal).contains("200 kB", "not measured"))
        .anySatisfy(goal -> assertThat(goal).contains("memory, 1,000", "0.25", " met"));
  }

  @Test
  void takesTheMedianOfTheRounds() {
    List<ScraperWindow> windows =
        List.of(
            window("ours", 100, "1", 400, 1, 1),
            window("ours", 100, "1", 900, 1, 1),
            window("ours", 100, "1", 450, 1, 1));

    assertThat(ScraperGoals.judge(windows, "ours", "other").get(0)).contains("0.45");
  }

  @Test
  void groupsThreadsByTheCutNamesOfTheKernel() {
    assertThat(ProcessCost.group("C2 CompilerThre")).isEqualTo("jit");
    assertThat(ProcessCost.group("G1 Conc#0")).isEqualTo("gc");
    assertThat(ProcessCost.group("VM Thread")).isEqualTo("gc");
    assertThat(ProcessCost.group("HttpClient-1-Se")).isEqualTo("http");
    assertThat(ProcessCost.group("psc-scrape-work")).isEqualTo("workers");
    assertThat(ProcessCost.group("grpc-default-wo")).isEqualTo("sending");
    assertThat(ProcessCost.group("main")).isEqualTo("rest");
  }

  private static ScraperWindow window(
      String command, int targets, String minutes, long readyMillis, double cpu, long memory) {
    return new ScraperWindow(
        command,
        targets,
        12,
        minutes,
        readyMillis,
        60,
        Map.of("rest", cpu),
        1_000,
        memory,
        memory,
        1);
  }
}
