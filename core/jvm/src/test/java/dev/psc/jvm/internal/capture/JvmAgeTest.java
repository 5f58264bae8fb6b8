package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JvmAgeTest {

  @TempDir private Path directory;

  private String agent(String file, String attribute) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue(attribute, "true");
    Path jar = directory.resolve(file);
    new JarOutputStream(Files.newOutputStream(jar), manifest).close();
    return "-javaagent:" + jar;
  }

  @Test
  void anAgentThatChangesClassesKeepsCompiledCode() throws Exception {
    assertThat(
            JvmAge.keepsCompiledCode(
                List.of("-Xmx1g", agent("first.jar", "Can-Retransform-Classes") + "=a=b,c=d")))
        .isTrue();
    assertThat(JvmAge.keepsCompiledCode(List.of(agent("second.jar", "Can-Redefine-Classes"))))
        .isTrue();
    assertThat(JvmAge.keepsCompiledCode(List.of("-agentlib:jdwp=transport=dt_socket"))).isTrue();
  }

  @Test
  void anyOtherAgentDoesNot() throws Exception {
    assertThat(
            JvmAge.keepsCompiledCode(
                List.of(
                    agent("third.jar", "Can-Set-Native-Method-Prefix"),
                    "-javaagent:" + directory.resolve("missing.jar"),
                    "-agentlib:other")))
        .isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "17, 600000, 5000, true",
    "22, 31000, 2001, true",
    "17, 10000, 8000, false", // a slow machine that is still starting
    "17, 600000, 500, false", // an idle application
    "23, 600000, 5000, false" // keeps its compiled code
  })
  void isLateOnceThereIsCompiledCodeToLose(
      int feature, long uptimeMillis, long compiledMillis, boolean late) {
    assertThat(JvmAge.isLate(feature, uptimeMillis, compiledMillis)).isEqualTo(late);
  }
}
