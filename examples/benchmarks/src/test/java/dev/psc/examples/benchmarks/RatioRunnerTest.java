package dev.psc.examples.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.examples.benchmarks.Measurement.Measured;
import dev.psc.examples.benchmarks.Measurement.Skipped;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class RatioRunnerTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private interface Work {
    Measurement measure() throws Exception;
  }

  private record Fake(String name, double goal, Work work) implements Ratio {
    @Override
    public Measurement measure() throws Exception {
      return work.measure();
    }
  }

  private int run(List<Ratio> ratios, String... arguments) {
    return new RatioRunner(
            ratios, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8))
        .run(List.of(arguments));
  }

  @Test
  void printsALineOfJsonForEach() {
    int code =
        run(
            List.of(
                new Fake("a", 2, () -> new Measured(1.23456, "1 \"ms\"\n")),
                new Fake("b", 0.2, () -> new Measured(0.5, "")),
                new Fake("c", 1, () -> new Skipped("no Go"))),
            "--json");
    assertThat(code).isZero();
    assertThat(out.toString(UTF_8).lines())
        .containsExactly(
            "{\"name\":\"a\",\"ratio\":1.23,\"goal\":2,\"met\":true,\"detail\":\"1 \\\"ms\\\"\\u000a\"}",
            "{\"name\":\"b\",\"ratio\":0.5,\"goal\":0.2,\"met\":false,\"detail\":\"\"}",
            "{\"name\":\"c\",\"ratio\":null,\"goal\":1,\"met\":null,\"detail\":\"no Go\"}");
  }

  @Test
  void aRatioThatThrowsDoesNotHideTheOthers() {
    int code =
        run(
            List.of(
                new Fake(
                    "a",
                    2,
                    () -> {
                      throw new IllegalStateException("broken");
                    }),
                new Fake("b", 2, () -> new Measured(1, "fine"))));
    assertThat(code).isEqualTo(1);
    assertThat(out.toString(UTF_8)).contains("broken").contains("fine");
    assertThat(err.toString(UTF_8)).contains("IllegalStateException");
  }

  @Test
  void measuresOnlyWhatIsAskedFor() {
    List<Ratio> ratios =
        List.of(
            new Fake("a", 2, () -> new Measured(1, "")),
            new Fake("b", 2, () -> new Measured(1, "")));
    assertThat(run(ratios, "--json", "--only=b")).isZero();
    assertThat(out.toString(UTF_8)).contains("\"b\"").doesNotContain("\"a\"");
    assertThat(run(ratios, "--only=x,a")).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("unknown ratio x");
    assertThat(run(ratios, "--jsn")).isEqualTo(2);
  }

  @Test
  void everyRegisteredRatioHasANameOfItsOwnAndAGoal() {
    List<Ratio> registered = RatioRunner.registered();
    assertThat(registered).extracting(Ratio::name).doesNotHaveDuplicates();
    assertThat(registered)
        .allSatisfy(
            ratio -> {
              assertThat(ratio.name()).matches("[a-z0-9]+(-[a-z0-9]+)*");
              assertThat(ratio.goal()).isFinite();
            });
  }
}
