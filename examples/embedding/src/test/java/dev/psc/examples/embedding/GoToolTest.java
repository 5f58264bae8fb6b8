package dev.psc.examples.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that go tool pprof shows the methods of the service. */
@Tag("interop")
@Timeout(120)
class GoToolTest {

  private static @Nullable Embedding embedding;

  @TempDir private Path home;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "go"))),
        "go is not on the PATH: its tool cannot be asked");
    embedding = Embedding.start(Arguments.read("--pprof-address=127.0.0.1:0"));
  }

  @AfterAll
  static void stop() {
    if (embedding != null) {
      embedding.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "profile?seconds=5, Shop.price",
    "allocs, Shop.writeInvoice",
    "heap, Shop$Order",
    "mutex, Shop.reserve",
    "block, Shop.askForPayment",
    "goroutine, Customers.shopUntilClosed",
  })
  void namesTheMethods(String path, String expected) throws Exception {
    int port = embedding.profiling().pprofAddress().orElseThrow().getPort();
    ProcessBuilder go =
        new ProcessBuilder(
            "go", "tool", "pprof", "-top", "http://127.0.0.1:" + port + "/debug/pprof/" + path);
    go.environment().put("PPROF_TMPDIR", home.toString());
    Process process = go.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).contains("dev.psc.examples.embedding." + expected);
  }
}
