package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scraper.cli.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TokenGuardTest {

  @TempDir private Path directory;

  private static void assertRefused(Path file, String reason) {
    assertThatThrownBy(() -> TokenGuard.ofFile(file))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("--http-token-file: " + file)
        .hasMessageContaining(reason);
  }

  @Test
  @EnabledOnOs({OS.LINUX, OS.MAC})
  void refusesAPipeInsteadOfWaitingForIt() throws Exception {
    Path pipe = directory.resolve("pipe");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).start();
    assertThat(mkfifo.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertRefused(pipe, "not a regular file");
    assertRefused(Path.of("/dev/zero"), "not a regular file");
  }

  @Test
  void refusesFilesThatHaveNoToken() throws Exception {
    assertRefused(directory, "not a regular file");
    assertRefused(directory.resolve("missing"), "cannot be read");
    assertRefused(Files.writeString(directory.resolve("empty"), " \n"), "empty");
    assertRefused(
        Files.writeString(directory.resolve("large"), "x".repeat(100_000)), "larger than 65536");
  }

  @Test
  void acceptsATokenWithALineBreak() throws Exception {
    assertThat(TokenGuard.ofFile(Files.writeString(directory.resolve("token"), "t\n")).isRequired())
        .isTrue();
  }
}
