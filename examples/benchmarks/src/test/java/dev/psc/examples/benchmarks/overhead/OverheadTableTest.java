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
        .contains("| none | (")
        .containsPattern("\\| short \\| \\d+ \\| served \\| -?[0-9.]+ % \\(")
        .containsPattern("\\| idle \\| \\d+ \\| pushed \\| -?[0-9.]+ % of a core \\|");
  }
}
