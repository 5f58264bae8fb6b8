package dev.psc.examples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ScraperProcessTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  @Tag("interop")
  @Test
  void measuresTheScraperAsAProcess() throws Exception {
    Path jar = Path.of(System.getProperty("psc.root", "../..")).resolve("scrape/app/target");
    assumeTrue(Files.exists(jar.resolve("psc-scraper.jar")), "the scraper's jar is not built");

    int status =
        new ScraperProcess(print, print)
            .run(
                List.of(
                    "--targets=3",
                    "--seconds=3",
                    "--interval=1",
                    "--command=" + ScraperProcess.OURS.replace("scrape/app/target", "" + jar)));

    assertThat(status).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"targets\":3", "\"start_ms\":", "\"cpu_percent\":")
        .containsPattern("\"profiles_per_s\":[1-9]");
  }

  @Test
  void saysWhichArgumentsThereAre() throws Exception {
    assertThat(new ScraperProcess(print, print).run(List.of("--target=3"))).isEqualTo(2);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("--targets");
  }
}
