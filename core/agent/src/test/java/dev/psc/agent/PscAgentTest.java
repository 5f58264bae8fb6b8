package dev.psc.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;

class PscAgentTest {

  @TempDir private Path directory;

  /** The program that runs after the agent. */
  static final class Application {
    private Application() {}

    public static void main(String[] arguments) {
      System.out.println("APP RAN");
    }
  }

  private Path agentJar() throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", PscAgent.class.getName());
    Path jar = directory.resolve("agent.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
      for (String name : List.of("PscAgent", "PscAgent$OwnLoader")) {
        String entry = "dev/psc/agent/" + name + ".class";
        out.putNextEntry(new JarEntry(entry));
        try (InputStream in = PscAgent.class.getResourceAsStream("/" + entry)) {
          in.transferTo(out);
        }
        out.closeEntry();
      }
    }
    return jar;
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_23)
  void aSecurityManagerThatDeniesProfilingStopsNothing() throws Exception {
    Path classes =
        Path.of(Application.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.security.manager",
                "-javaagent:" + agentJar() + "=pprof-address=127.0.0.1:0",
                "-cp",
                classes.toString(),
                Application.class.getName())
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed)
        .contains("APP RAN", "psc-jvm-agent: not started: the security manager denies it")
        .doesNotContain("\tat ");
  }
}
