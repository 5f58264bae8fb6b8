package dev.psc.examples.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.examples.benchmarks.Measurement.Measured;
import dev.psc.examples.benchmarks.Measurement.Skipped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GoRatiosTest {

  @TempDir private Path directory;

  private static Path script(Path directory, String text) {
    try {
      Path go = Files.writeString(directory.resolve("go"), "#!/bin/sh\n" + text + "\n");
      assumeTrue(go.toFile().setExecutable(true), "no program can be made here");
      return go;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parse", "keep"})
  void saysThatThereIsNoGo(String operation) throws Exception {
    assertThat(GoRatios.measure(operation, 1, directory.toString()))
        .isInstanceOf(Skipped.class)
        .asString()
        .contains("not measured: ");
  }

  @Test
  void saysWhyTheModuleIsNotThere() throws Exception {
    script(directory, "echo one; echo no network; exit 3");
    assumeTrue(System.getProperty("os.name").equals("Linux"), "elsewhere Go is not asked");
    assertThat(GoRatios.measure("parse", 1, directory.toString()))
        .isEqualTo(
            new Skipped(
                "not measured: the module google/pprof is not available: status 3, no network"));
  }

  /** Runs one round of each ratio and compares the totals. */
  @Tag("interop")
  @ParameterizedTest
  @ValueSource(strings = {"parse", "keep"})
  void comparesWithGo(String operation) throws Exception {
    Measurement measurement = GoRatios.measure(operation, 1, System.getenv("PATH"));
    assumeTrue(measurement instanceof Measured, measurement.toString());
    assertThat(((Measured) measurement).ratio()).isBetween(0.001, 10.0);
    assertThat(((Measured) measurement).detail()).contains("the generated profile: ours ");
  }
}
