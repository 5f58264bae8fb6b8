package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs({OS.LINUX, OS.MAC})
@Timeout(60)
class JfrRepositoryTest {

  @TempDir private Path parent;

  private Path base() {
    return parent.toAbsolutePath().resolve("psc-jfr-" + System.getProperty("user.name"));
  }

  @Test
  void onlyTheUserCanReadIt() throws IOException {
    JfrRepository repository = new JfrRepository(parent);
    Path directory = repository.create();
    assertThat(directory.getParent()).isEqualTo(base());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(base())))
        .isEqualTo("rwx------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)))
        .isEqualTo("rwx------");
    repository.close();
    assertThat(base()).doesNotExist();
  }

  @Test
  void closesADirectoryOfTheSameUserToOthers() throws IOException {
    Files.createDirectory(base());
    Files.setPosixFilePermissions(base(), PosixFilePermissions.fromString("rwxrwxrwx"));
    JfrRepository repository = new JfrRepository(parent);
    repository.create();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(base())))
        .isEqualTo("rwx------");
    repository.close();
  }

  @Test
  void refusesADirectoryOfAnotherUser() throws Exception {
    Files.createDirectory(base());
    Process chown =
        new ProcessBuilder("chown", "65534", base().toString()).redirectErrorStream(true).start();
    assumeThat(chown.waitFor()).as("only root can give a directory away").isZero();
    assertThatThrownBy(new JfrRepository(parent)::create)
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessageContaining("belongs to another user")
        .hasMessageContaining("set repository to a writable directory");
    assertThat(base()).isEmptyDirectory();
  }

  @Test
  void refusesALinkToADirectory() throws IOException {
    Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
    Files.createSymbolicLink(base(), elsewhere);
    assertThatThrownBy(new JfrRepository(parent)::create)
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessageContaining("is not a directory");
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void leavesPipesAndLinksAlone() throws Exception {
    Path killed = Files.createDirectories(base().resolve("1-a"));
    Process pipe = new ProcessBuilder("mkfifo", killed.resolve("lock").toString()).start();
    assertThat(pipe.waitFor(30, TimeUnit.SECONDS)).isTrue();
    Path elsewhere = Files.createDirectory(parent.resolve("elsewhere"));
    Files.writeString(elsewhere.resolve("lock"), "");
    Path link = Files.createSymbolicLink(base().resolve("2-b"), elsewhere);
    JfrRepository repository = new JfrRepository(parent);
    repository.create();
    repository.close();
    assertThat(killed).exists();
    assertThat(link).isSymbolicLink();
    assertThat(elsewhere.resolve("lock")).exists();
  }

  @Test
  void removesADirectoryOfAKilledProcess() throws IOException {
    Path killed = Files.createDirectories(base().resolve("1-a"));
    Files.writeString(killed.resolve("lock"), "");
    Files.writeString(killed.resolve("chunk.jfr"), "x");
    JfrRepository repository = new JfrRepository(parent);
    repository.create();
    assertThat(killed).doesNotExist();
    repository.close();
  }
}
