package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.JvmProfiles;
import java.io.File;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Go's tool reads every endpoint and names this program's methods. */
@Tag("interop")
class GoToolTest {

  private static JvmProfiling profiling;
  private static volatile boolean stopped;
  private static Thread worker;

  @TempDir Path home;

  @BeforeAll
  static void start() {
    assumeTrue(
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "go"))),
        "go is not on the PATH: its tool cannot be asked");
    profiling =
        JvmProfiling.builder()
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .profiles(JvmProfiles.of(JvmProfile.values()).minus(JvmProfile.NATIVE_MEMORY))
            .start();
    worker =
        new Thread(
            () -> {
              while (!stopped) {
                TruthProgram.burnShort(20_000_000);
                TruthProgram.allocateSmall(1 << 20);
                try {
                  TruthProgram.sleepAWhile();
                  throw new IllegalStateException("thrown for the profile");
                } catch (IllegalStateException | InterruptedException e) {
                  TruthProgram.sink = e.hashCode();
                }
              }
            });
    worker.setDaemon(true);
    worker.start();
  }

  @AfterAll
  static void stop() {
    stopped = true;
    if (profiling != null) {
      profiling.close();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "profile?seconds=3, TruthProgram.burn",
    "allocs?seconds=3, TruthProgram.allocateSmall",
    "block?seconds=3, TruthProgram.sleepAWhile",
    "wall?seconds=3, TruthProgram.burn",
    "exceptions?seconds=3, GoToolTest",
    "heap, byte[]",
    "goroutine, GoToolTest",
    "mutex, Showing nodes",
    "threadcreate, Showing nodes",
    "leak_suspects, Showing nodes",
  })
  void readsEveryEndpoint(String path, String expected) throws Exception {
    int port = profiling.pprofAddress().orElseThrow().getPort();
    ProcessBuilder go =
        new ProcessBuilder(
            "go",
            "tool",
            "pprof",
            "-top",
            "-nodefraction=0",
            "http://127.0.0.1:" + port + "/debug/pprof/" + path);
    go.environment().put("PPROF_TMPDIR", home.toString());
    Process process = go.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).contains(expected);
  }
}
