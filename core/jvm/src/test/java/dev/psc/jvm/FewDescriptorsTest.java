package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A process without file descriptors, in which the flight recorder would abort the JVM. */
@EnabledOnOs(OS.LINUX)
class FewDescriptorsTest {

  @ParameterizedTest
  @CsvSource({"first", "later"})
  void theProcessSurvivesAndIsProfiledAgain(String when) throws Exception {
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n 150; exec \"$0\" \"$@\"",
                ChildJvm.thisJava().toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                ShortageProgram.class.getName(),
                when)
            .redirectErrorStream(true)
            .start();
    try {
      String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as(printed).isTrue();
      assertThat(process.exitValue()).as(printed).isZero();
      assertThat(printed).contains("taken: ", "profiled", "end");
    } finally {
      process.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"64, 16", "150, 18", "1024, 128", "1048576, 256", "9223372036854775807, 256"})
  void connectionsOfTheEndpointLeaveMostDescriptorsToTheApplication(long limit, int connections) {
    assertThat(PprofServer.maxConnections(limit)).isEqualTo(connections);
  }
}
