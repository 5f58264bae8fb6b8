package dev.psc.scrape.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that are small and would take all time or memory. */
@Timeout(60)
class HostileYamlTest {

  private static ConfigProblem problem(String text) {
    ConfigProblems problems = new ConfigProblems();
    assertThat(YamlNodes.read(text, "psc.yaml", Path.of("."), problems)).isEmpty();
    assertThat(problems.list()).hasSize(1);
    return problems.list().get(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a: 1\nx: &x {<<: *x}\n",
        "a: 1\nx: &x {b: [*x]}\n",
        "a: 1\nx: &x {? *x : 1}\n",
        "a: 1\nx: &x {b: &y {<<: [*x, *y]}}\n",
      })
  void refusesAnAnchorThatContainsItself(String text) {
    ConfigProblem problem = problem(text);
    assertThat(problem.message()).contains("anchor &x contains itself");
    assertThat(problem.line()).isEqualTo(2);
    assertThat(problem.column()).isGreaterThan(1);
  }

  @Test
  void refusesAMergeOfAJobIntoItself() {
    assertThat(problem("scrape_configs:\n- &x\n  job_name: x\n  <<: *x\n").toString())
        .contains("psc.yaml:4:7")
        .contains("anchor &x contains itself");
  }

  @ParameterizedTest
  @ValueSource(ints = {101, 2_000, 1_000_000})
  void refusesDeepNestingOfEveryKind(int depth) {
    assertThat(problem("[".repeat(depth)).message()).contains("deeper than 100 levels");
    assertThat(problem("{a: ".repeat(depth)).message()).contains("deeper than 100 levels");
    ConfigProblem block = problem("a: 1\nb:\n  " + "- ".repeat(depth) + "x\n");
    assertThat(block.message()).contains("deeper than 100 levels");
    assertThat(block.line()).isEqualTo(3);
  }

  @Test
  void refusesAliasesThatExpandExponentially() {
    for (String form : new String[] {"[%s, %s]", "{<<: [%s, %s]}", "{a: %s, b: %s}"}) {
      StringBuilder text = new StringBuilder("v0: &v0 {k: 1}\n");
      for (int i = 1; i <= 60; i++) {
        String before = "*v" + (i - 1);
        text.append("v" + i + ": &v" + i + " ").append(form.formatted(before, before)).append('\n');
      }
      ConfigProblem problem = problem(text.toString());
      assertThat(problem.message()).contains("aliases expand to more than 200000 values");
      assertThat(problem.line()).isBetween(10, 20);
    }
  }

  @Test
  void resolvesManyAliasesOfAnOrdinaryConfig() {
    StringBuilder text = new StringBuilder("x: &x {a: 1, b: [1, 2], c: {d: 3}}\njobs:\n");
    for (int i = 0; i < 10_000; i++) {
      text.append("- {<<: *x, job: j").append(i).append("}\n");
    }
    ConfigProblems problems = new ConfigProblems();
    Optional<ConfigNode> root = YamlNodes.read(text.toString(), "x", Path.of("."), problems);
    assertThat(problems.list()).isEmpty();
    ConfigNode last = root.orElseThrow().entries().get("jobs").items().get(9_999);
    assertThat(last.entries().keySet()).containsExactlyInAnyOrder("a", "b", "c", "job");
  }

  /** Any text gives a result or a problem with a place. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void readsOrRefusesRandomTexts(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    String[] tokens = {
      "a", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ", ", "&x ", "*x", "<<: ", "? ", "| ", "> ",
      "'", "\"", "#", "!!map ", "%", "---\n", "...\n", "\t", "\u0000", "é", "1", "~", "*y", "&y "
    };
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(30); j >= 0; j--) {
        text.append(tokens[random.nextInt(tokens.length)]);
      }
      ConfigProblems problems = new ConfigProblems();
      Optional<ConfigNode> root =
          YamlNodes.read(text.toString(), "psc.yaml", Path.of("."), problems);
      assertThat(root.isPresent() || problems.list().size() <= 1).as(text.toString()).isTrue();
    }
  }
}
