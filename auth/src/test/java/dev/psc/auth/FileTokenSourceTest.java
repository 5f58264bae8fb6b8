package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.psc.net.DaemonThreads;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileTokenSourceTest {

  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration QUICK = Duration.ofMillis(10);
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ServiceAccountToken first = ServiceAccountToken.generate(RANDOM);
  private final ServiceAccountToken second = ServiceAccountToken.generate(RANDOM);
  private final List<TokenFileStatus> heard = new CopyOnWriteArrayList<>();
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void writeFirst() throws IOException {
    file = directory.resolve("token");
    write(first.reveal());
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
    if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
  }

  private FileTokenSource open() {
    return FileTokenSource.builder(file).interval(QUICK).listener(heard::add).open();
  }

  private void awaitSecond(FileTokenSource source) {
    await().atMost(LONG).until(() -> source.token().equals(second));
  }

  private void awaitProblem(String words) {
    await()
        .atMost(LONG)
        .untilAsserted(
            () -> {
              assertThat(heard).isNotEmpty();
              assertThat(heard.get(heard.size() - 1).problem().orElse("")).contains(words);
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"%s", "%s\n", "%s\r\n", "  %s", "\t%s \n\n", "\ufeff%s\n"})
  void ignoresWhatEditorsAndShellsAdd(String format) throws IOException {
    write(String.format(format, first.reveal()));
    try (FileTokenSource source = open()) {
      assertThat(source.token()).isEqualTo(first);
      assertThat(source.status().current()).isTrue();
    }
  }

  @Test
  void isAnErrorAtStartWhenThereIsNoToken() throws IOException {
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(directory.resolve("absent")))
        .withMessageContaining("absent")
        .withMessageContaining("file not found");
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(directory))
        .withMessageContaining(directory.toString());
    for (String bad :
        List.of("", " \n", "x", "\"" + first.reveal() + "\"", first.reveal().substring(5))) {
      write(bad);
      assertThatExceptionOfType(TokenUnavailableException.class)
          .isThrownBy(() -> TokenSource.file(file))
          .withMessageContaining(file.toString())
          .withCauseInstanceOf(TokenFormatException.class);
    }
  }

  @Test
  void saysThatAFileIsUtf16() throws IOException {
    Files.write(file, ("\ufeff" + first.reveal()).getBytes(StandardCharsets.UTF_16LE));
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("UTF-16");
    Files.write(file, new byte[] {(byte) 0xfe, (byte) 0xff});
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("UTF-16");
  }

  @Test
  void doesNotKeepTheProcessAlive() {
    Thread thread = DaemonThreads.named("psc-token-file").newThread(() -> {});
    assertThat(thread.isDaemon()).isTrue();
    assertThat(thread.getName()).isEqualTo("psc-token-file");
  }

  @Test
  void readsOnAThreadOfTheFactory() throws Exception {
    CompletableFuture<Thread> created = new CompletableFuture<>();
    try (FileTokenSource source =
        FileTokenSource.builder(file)
            .threadFactory(
                task -> {
                  Thread thread = new Thread(task, "of-the-application");
                  created.complete(thread);
                  return thread;
                })
            .open()) {
      write(second.reveal());
      assertThat(source.reread().toCompletableFuture().get(30, TimeUnit.SECONDS)).isEqualTo(second);
      assertThat(created).isCompleted();
    }
    created.join().join(30_000);
    assertThat(created.join().isAlive()).isFalse();
  }

  @Test
  void refusesAFileThatCannotBeAToken() throws IOException {
    write("x".repeat(20_000));
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("16384");
  }

  @Test
  void refusesAFileThatItMayNotRead() throws IOException {
    assumeThat(System.getProperty("user.name")).isNotEqualTo("root");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("permission denied");
  }

  @Test
  void takesAProjectTokenOnlyWhenAskedTo() throws IOException {
    String jwt = JwtProjectTokenTest.jwt("{}");
    write(jwt + "\n");
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("old project token");
    try (FileTokenSource source = FileTokenSource.builder(file).allowProjectToken().open()) {
      assertThat(source.token()).isEqualTo(JwtProjectToken.parse(jwt));
    }
  }

  @Test
  void followsARewriteThatKeepsSizeAndTime() throws IOException {
    FileTime time = Files.getLastModifiedTime(file);
    try (FileTokenSource source = open()) {
      write(second.reveal());
      Files.setLastModifiedTime(file, time);
      awaitSecond(source);
      assertThat(heard).extracting(TokenFileStatus::fingerprint).contains(second.fingerprint());
    }
  }

  @Test
  void followsARename() throws IOException {
    try (FileTokenSource source = open()) {
      Path fresh = directory.resolve("fresh");
      Files.writeString(fresh, second.reveal());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      awaitSecond(source);
    }
  }

  @Test
  void followsTheLinkSwapOfAMountedSecret() throws IOException {
    Path v1 = Files.createDirectory(directory.resolve("..v1"));
    Path v2 = Files.createDirectory(directory.resolve("..v2"));
    Files.writeString(v1.resolve("token"), first.reveal());
    Files.writeString(v2.resolve("token"), second.reveal());
    Path data = Files.createSymbolicLink(directory.resolve("..data"), v1.getFileName());
    Files.delete(file);
    Files.createSymbolicLink(file, Path.of("..data", "token"));
    try (FileTokenSource source = open()) {
      assertThat(source.token()).isEqualTo(first);
      Path next = Files.createSymbolicLink(directory.resolve("..next"), v2.getFileName());
      Files.move(next, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      awaitSecond(source);
    }
  }

  @Test
  void keepsTheLastGoodTokenAndSaysSo() throws IOException {
    try (FileTokenSource source = open()) {
      Files.delete(file);
      awaitProblem("file not found");
      write("");
      awaitProblem("empty");
      write(second.reveal().substring(0, 40));
      awaitProblem("40 characters");
      assertThat(source.token()).isEqualTo(first);
      assertThat(source.status().current()).isFalse();
      assertThat(source.status().fingerprint()).isEqualTo(first.fingerprint());
      write(second.reveal());
      awaitSecond(source);
      await().atMost(LONG).until(() -> source.status().current());
    }
    assertThat(SecretGuard.captured())
        .contains("the last good token #" + first.fingerprint() + " stays in use");
  }

  @Test
  void saysWhenTheSameTokenIsBack() throws IOException {
    try (FileTokenSource source = open()) {
      Files.delete(file);
      awaitProblem("file not found");
      write(first.reveal());
      await().atMost(LONG).until(() -> source.status().current());
      await()
          .atMost(LONG)
          .untilAsserted(() -> assertThat(heard).last().matches(TokenFileStatus::current));
    }
  }

  @Test
  void readsImmediatelyWhenAsked() throws Exception {
    try (FileTokenSource source =
        FileTokenSource.builder(file).interval(Duration.ofSeconds(60)).open()) {
      write(second.reveal());
      assertThat(source.token()).isEqualTo(first);
      assertThat(source.reread().toCompletableFuture().get(30, TimeUnit.SECONDS)).isEqualTo(second);
      assertThat(source.token()).isEqualTo(second);
    }
  }

  @Test
  void everyoneWhoAsksGetsAnAnswerWhateverTheyDoWithIt() throws Exception {
    try (FileTokenSource source = open()) {
      for (int i = 0; i < 200; i++) {
        CompletableFuture<BearerToken> abused = source.reread().toCompletableFuture();
        abused.complete(second);
        assertThat(source.reread().toCompletableFuture().get(30, TimeUnit.SECONDS))
            .isEqualTo(first);
      }
    }
  }

  @Test
  void answersWithTheLastTokenAfterClose() throws Exception {
    FileTokenSource source = open();
    source.close();
    source.close();
    write(second.reveal());
    assertThat(source.reread().toCompletableFuture().get(30, TimeUnit.SECONDS)).isEqualTo(first);
    assertThat(source.token()).isEqualTo(first);
    await()
        .atMost(LONG)
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(t -> t.getName().equals("psc-token-file") && t.isAlive()));
  }

  @Test
  void survivesAListenerThatThrows() throws IOException {
    try (FileTokenSource source =
        FileTokenSource.builder(file)
            .interval(QUICK)
            .listener(
                status -> {
                  throw new IllegalStateException("listener");
                })
            .open()) {
      write("");
      await().atMost(LONG).until(() -> !source.status().current());
      write(second.reveal());
      awaitSecond(source);
    }
  }

  @Test
  void warnsAboutAFileThatEverybodyMayRead() throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    FileTokenSource source = open();
    source.close();
    assertThat(SecretGuard.captured()).contains(file + " is readable by every user");
  }

  @Test
  void checksTheIntervalAndNeverPrintsTheToken() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FileTokenSource.builder(file).interval(Duration.ofMinutes(2)))
        .withMessageContaining("PT2M");
    try (FileTokenSource source = open()) {
      assertThat(source).hasToString("FileTokenSource(" + file + ", #" + first.fingerprint() + ")");
      assertThat(SecretGuard.firstSecretIn(source.status().toString())).isNull();
    }
  }

  @Test
  void readsTheEnvironmentOnce() {
    String padded = " " + first.reveal() + "\n";
    assertThat(TokenSource.environment("T", Map.of("T", padded)).token()).isEqualTo(first);
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.environment("T", Map.of()))
        .withMessageContaining("environment variable T is not set");
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.environment("T", Map.of("T", first.reveal() + "0")))
        .withMessageContaining("72 characters");
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.environment("PSC_NO_SUCH_VARIABLE_IS_SET"));
  }

  @Test
  void asksTheFunctionEachTime() {
    List<ServiceAccountToken> tokens = new CopyOnWriteArrayList<>(List.of(first, second));
    TokenSource source = TokenSource.of(() -> tokens.remove(0));
    assertThat(source.token()).isEqualTo(first);
    assertThat(source.reread().toCompletableFuture()).isCompletedWithValue(second);
    assertThat(source.reread().toCompletableFuture()).isCompletedExceptionally();
  }

  @Test
  void refusesDirectoriesPipesAndDevices() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    for (Path notAFile : List.of(directory, pipe, Path.of("/dev/zero"))) {
      assertThatExceptionOfType(TokenUnavailableException.class)
          .isThrownBy(() -> TokenSource.file(notAFile))
          .withMessageContaining(notAFile + ": is not a regular file");
    }
  }

  @Test
  void takesAFileOfExactlyTheLargestSize() throws IOException {
    write(first.reveal() + " ".repeat(16_384 - first.reveal().length()));
    try (FileTokenSource source = open()) {
      assertThat(source.token()).isEqualTo(first);
    }
    write(first.reveal() + " ".repeat(16_385 - first.reveal().length()));
    assertThatExceptionOfType(TokenUnavailableException.class)
        .isThrownBy(() -> TokenSource.file(file))
        .withMessageContaining("16384");
  }

  @Test
  void tellsNothingWhileNothingChanges() throws Exception {
    try (FileTokenSource source = open()) {
      for (int i = 0; i < 5; i++) {
        assertThat(source.reread().toCompletableFuture().get(30, TimeUnit.SECONDS))
            .isEqualTo(first);
      }
      assertThat(heard).isEmpty();
    }
  }
}
