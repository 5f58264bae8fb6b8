package dev.psc.examples.benchmarks.scraper;

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

class ScraperTableTest {

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);

  @Tag("interop")
  @Test
  void measuresTheScraperAsAProcess() throws Exception {
    Path jar = Path.of(System.getProperty("psc.root", "../..")).resolve("scrape/app/target");
    assumeTrue(Files.exists(jar.resolve("psc-scraper.jar")), "the scraper's jar is not built");

    int status =
        new ScraperTable(print, print)
            .run(
                List.of(
                    "--targets=3",
                    "--profile-kb=4",
                    "--interval=1",
                    "--command=" + ScraperTable.OURS.replace("scrape/app/target", "" + jar)));

    assertThat(status).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("\"targets\":3,\"profile_kb\":4,\"minutes\":\"1\"", "\"ready_ms\":", "\"jit\":")
        .contains("start to ready", "not measured", "0 intervals missed, 0 scrapes failed")
        .containsPattern("\"profiles_per_s\":1[0-9]");
  }

  @Test
  void printsItsArguments() throws Exception {
    assertThat(new ScraperTable(print, print).run(List.of("--target=3"))).isEqualTo(2);
    assertThat(out.toString(StandardCharsets.UTF_8)).contains("--targets");
  }
}
