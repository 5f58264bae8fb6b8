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
}
