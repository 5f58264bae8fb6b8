package dev.psc.examples.benchmarks.overhead;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class OverheadTableTest {

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(printed, true, UTF_8);

  @Test
  void saysWhichArgumentIsWrong() throws Exception {
    assertThat(new OverheadTable(out, out).run(List.of("--runs=5"))).isEqualTo(2);
    assertThat(new OverheadTable(out, out).run(List.of("--agent=missing.jar"))).isEqualTo(2);
    assertThat(printed.toString(UTF_8))
        .contains("unknown argument --runs=5: use --rounds", "missing.jar does not exist");
  }

  @Test
  void measuresOnlyKnownPrograms() throws Exception {
    assertThat(new OverheadTable(out, out).run(List.of("--only=lazy"))).isEqualTo(2);
    assertThat(printed.toString(UTF_8)).contains("--only=lazy: use [busy, short, paced, idle]");
  }

  @Test
  void comparesWithTheGoalOfTheProgramAndItsHeap() {
    OverheadProgram small = OverheadProgram.of("busy", "250m", 100);
    OverheadProgram large = OverheadProgram.of("busy", "1g", 100);
    assertThat(OverheadGoals.check(small, "pushed", 2.5, 0.1, 9, 99, 9)).isEqualTo("3.0 %: met");
    assertThat(OverheadGoals.check(large, "pushed", 2.5, 0.1, 9, 99, 9)).isEqualTo("1.0 %: missed");
    assertThat(OverheadGoals.check(large, "pushed", 2.5, 1.6, 9, 99, 9))
        .isEqualTo("1.0 %: within the error");
    assertThat(OverheadGoals.check(small, "recorder", 2.5, 0.1, 9, 99, 9)).isEmpty();
    assertThat(OverheadGoals.check(OverheadProgram.of("short", "250m", 9), "pushed", 9, 0, 1, 0, 0))
        .isEqualTo("1 s: met");
  }

  @Test
  @Tag("interop")
  void printsWhatEachProfilerAdds() throws Exception {
    int status =
        new OverheadTable(out, out)
            .run(
                List.of(
                    "--jdks=" + System.getProperty("java.home"),
                    "--agent=../../core/agent/target/psc-jvm-agent.jar",
                    "--only=short,idle",
                    "--scale=2",
                    "--rounds=1"));
    assertThat(status).as(printed.toString(UTF_8)).isZero();
    assertThat(printed.toString(UTF_8))
        .contains("| none, 1 rounds | (")
        .containsPattern("\\| short, 250m \\| \\d+ \\| served \\| -?[0-9.]+ % \\(")
        .containsPattern(
            "\\| short, 250m \\| \\d+ \\| pushed-otlp-http .*\\| 1 s: (met|missed) \\|")
        .containsPattern("\\| idle, 200m \\| \\d+ \\| pushed \\|.* -?[0-9.]+ % of a core \\|")
        .containsPattern("0.1 % of a core: .+; 40 MiB: .+; 6 threads: .+ \\|");
  }
}
