package dev.psc.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Compares the answers in proxy-rules.txt with those of Go. */
@Tag("interop")
@Timeout(300)
class ProxyRulesGoTest {

  @TempDir private Path home;

  @Test
  void goAnswersWhatTheTableSays() throws Exception {
    assumeTrue(
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "go"))),
        "go is not on the PATH: it cannot be asked");
    Path source = home.resolve("proxyfromenvironment.go");
    try (InputStream in =
        Objects.requireNonNull(getClass().getResourceAsStream("proxyfromenvironment.go"))) {
      Files.copy(in, source);
    }
    Path program = home.resolve("proxyfromenvironment");
    run(
        new ProcessBuilder("go", "build", "-o", program.toString(), source.toString())
            .directory(home.toFile()));
    SoftAssertions soft = new SoftAssertions();
    // Go reads the environment once per process.
    for (ProxyCases.Case proxyCase : ProxyCases.all().toList()) {
      ProcessBuilder go = new ProcessBuilder(program.toString(), proxyCase.url());
      go.environment().clear();
      go.environment().putAll(proxyCase.variables());
      soft.assertThat(run(go)).as(proxyCase.toString()).isEqualTo(proxyCase.expected());
    }
    soft.assertAll();
    assertThat(ProxyCases.all().map(ProxyCases.Case::expected).distinct().toList())
        .containsAll(List.of("direct", "error"));
  }

  private static String run(ProcessBuilder builder) throws Exception {
    Process process = builder.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed.strip();
  }
}
