package dev.psc.auth.iam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class IamFileTest {

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("iam.json");
  }

  private static String header(ServiceAccountToken token) {
    return "Bearer " + token.reveal();
  }

  @Test
  void everythingSurvivesARestartAndNoTokenIsInTheFile() throws IOException {
    Iam iam = Iam.open(file);
    Organization acme = iam.createOrganization("acme", "ada");
    acme.addUser("eve \"quoted\" ü");
    Project project = acme.createProject("payments");
    ServiceAccount account = acme.createServiceAccount("scraper");
    ServiceAccountToken token = acme.createToken(account, "main").token();
    acme.createProjectToken(project.id(), "legacy");
    acme.createRole(Role.custom("uploader", Set.of(Permission.PROFILE_WRITE)));
    acme.bindInProject(Subject.of(account), "uploader", project.id());
    iam.decide(header(token), project.id().value(), Permission.PROFILE_WRITE);
    iam.close();

    Iam again = Iam.open(file);
    Organization found = again.organization("acme");
    assertThat(again.organizations()).hasSize(1);
    assertThat(found.users()).isEqualTo(acme.users());
    assertThat(found.projects()).isEqualTo(acme.projects());
    assertThat(found.serviceAccounts()).isEqualTo(acme.serviceAccounts());
    assertThat(found.tokens(account)).isEqualTo(acme.tokens(account));
    assertThat(found.tokens(account).get(0).lastUsed()).isPresent();
    assertThat(found.projectTokens(project.id())).isEqualTo(acme.projectTokens(project.id()));
    assertThat(found.roles()).isEqualTo(acme.roles());
    assertThat(found.bindings()).isEqualTo(acme.bindings());
    assertThat(again.decide(header(token), project.id().value(), Permission.PROFILE_WRITE))
        .isInstanceOf(AccessDecision.Granted.class);

    String text = Files.readString(file);
    assertThat(text).doesNotContain(token.reveal().substring(7), "psc_v1_", "eyJ");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void severalProcessesSeeEachOthersChangesWithTheNextCall() {
    Iam server = Iam.open(file);
    Iam tool = Iam.open(file);
    Organization acme = tool.createOrganization("acme", "ada");
    Project project = acme.createProject("payments");
    ServiceAccount account = acme.createServiceAccount("scraper");
    acme.bind(Subject.of(account), "Profile Writer");
    for (int i = 0; i < 50; i++) {
      IssuedToken<ServiceAccountToken> issued = acme.createToken(account, "t");
      assertThat(
              server.decide(header(issued.token()), project.id().value(), Permission.PROFILE_WRITE))
          .isInstanceOf(AccessDecision.Granted.class);
      acme.revokeToken(account, issued.info());
      assertThat(
              server.decide(header(issued.token()), project.id().value(), Permission.PROFILE_WRITE))
          .isInstanceOf(AccessDecision.Refused.class);
    }
  }

  @Test
  void noChangeOfSeveralWritersIsLost() throws Exception {
    Iam.open(file).createOrganization("acme", "ada");
    ExecutorService writers = Executors.newFixedThreadPool(4);
    List<Future<?>> done = new ArrayList<>();
    for (int w = 0; w < 4; w++) {
      String name = "writer-" + w;
      done.add(
          writers.submit(
              () -> {
                Organization own = Iam.open(file).organization("acme");
                for (int i = 0; i < 10; i++) {
                  own.addUser(name + "-" + i);
                }
              }));
    }
    for (Future<?> each : done) {
      each.get(30, TimeUnit.SECONDS);
    }
    writers.shutdown();
    assertThat(Iam.open(file).organization("acme").users()).hasSize(41);
  }

  @Test
  void otherProcessesSeeOnceAMinuteWhenATokenWasUsed() {
    FakeClock clock = new FakeClock();
    Iam server = Iam.builder().file(file).clock(clock).build();
    Organization acme = server.createOrganization("acme", "ada");
    ServiceAccount account = acme.createServiceAccount("scraper");
    ServiceAccountToken token = acme.createToken(account, "main").token();
    ProjectId project = acme.createProject("payments").id();
    String older = "Bearer " + acme.createProjectToken(project, "main").token().reveal();
    Organization elsewhere = Iam.open(file).organization("acme");

    clock.advance(Duration.ofMillis(59_999));
    server.decide(header(token), null, Permission.PROFILE_WRITE);
    assertThat(elsewhere.tokens(account).get(0).lastUsed()).isEmpty();
    clock.advance(Duration.ofMillis(1));
    Instant written = clock.instant();
    server.decide(header(token), null, Permission.PROFILE_WRITE);
    assertThat(elsewhere.tokens(account).get(0).lastUsed()).contains(written);

    clock.advance(Duration.ofMillis(59_999));
    server.decide(header(token), null, Permission.PROFILE_WRITE);
    assertThat(elsewhere.tokens(account).get(0).lastUsed()).contains(written);
    clock.advance(Duration.ofMillis(1));
    server.decide(header(token), null, Permission.PROFILE_WRITE);
    assertThat(elsewhere.tokens(account).get(0).lastUsed()).contains(clock.instant());

    assertThat(elsewhere.projectTokens(project).get(0).lastUsed()).isEmpty();
    clock.advance(Duration.ofMinutes(1));
    server.decide(older, project.value(), Permission.PROFILE_WRITE);
    assertThat(elsewhere.projectTokens(project).get(0).lastUsed()).contains(clock.instant());
  }

  @Test
  void waitsUntilTheNewFileAndThenItsNameAreOnTheDisk() {
    List<String> done = new ArrayList<>();
    Disk disk =
        new Disk() {
          @Override
          void writeAndSync(Path path, byte[] bytes) throws IOException {
            super.writeAndSync(path, bytes);
            done.add("write " + path.getFileName());
          }

          @Override
          void replace(Path by, Path path) throws IOException {
            super.replace(by, path);
            done.add("replace " + path.getFileName());
          }

          @Override
          void syncDirectory(Path synced) {
            super.syncDirectory(synced);
            done.add("sync " + synced);
          }
        };
    Iam iam = Iam.builder().file(file).disk(disk).build();
    done.clear();
    iam.createOrganization("acme", "ada");
    assertThat(done).containsExactly("write iam.json.new", "replace iam.json", "sync " + directory);
  }

  @Test
  void aChangeIsLaterThanTheOneBeforeAlsoWhenTheClockWasSetBack() throws IOException {
    Organization acme = Iam.open(file).createOrganization("acme", "ada");
    FileTime ahead = FileTime.from(Instant.now().plus(Duration.ofHours(1)));
    Files.setLastModifiedTime(file, ahead);
    acme.addUser("eve");
    assertThat(Files.getLastModifiedTime(file)).isGreaterThan(ahead);
  }

  /** The instant of a crash. */
  enum Crash {
    BEFORE_WRITING,
    HALF_WRITTEN,
    WRITTEN,
    REPLACED
  }

  /** A disk that stops working at a given instant. */
  private static final class CrashingDisk extends Disk {
    Crash crash = Crash.BEFORE_WRITING;

    @Override
    void writeAndSync(Path path, byte[] bytes) throws IOException {
      if (crash == Crash.BEFORE_WRITING) {
        throw new IOException("crash");
      }
      if (crash == Crash.HALF_WRITTEN) {
        super.writeAndSync(path, Arrays.copyOf(bytes, bytes.length / 2));
        throw new IOException("crash");
      }
      super.writeAndSync(path, bytes);
    }

    @Override
    void replace(Path by, Path path) throws IOException {
      if (crash == Crash.WRITTEN) {
        throw new IOException("crash");
      }
      super.replace(by, path);
      throw new IOException("crash");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aCrashLeavesTheFileBeforeOrAfterTheChange(Crash crash) {
    Iam.open(file).createOrganization("acme", "ada");
    CrashingDisk disk = new CrashingDisk();
    disk.crash = crash;
    Iam crashing = Iam.builder().file(file).disk(disk).build();
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> crashing.organization("acme").addUser("eve"))
        .withMessageContaining(file.toString());

    Organization after = Iam.open(file).organization("acme");
    List<String> expected = crash == Crash.REPLACED ? List.of("ada", "eve") : List.of("ada");
    assertThat(after.users()).isEqualTo(expected);
    assertThat(crashing.organization("acme").users()).isEqualTo(expected);
    assertThat(after.addUser("next")).isEqualTo(Subject.user("next"));
    assertThat(Iam.open(file).organization("acme").users()).contains("next");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[]",
        "{}",
        "{\"version\": 2, \"organizations\": []}",
        "{\"version\": 1}",
        "{\"version\": 1, \"organizations\": [{}]}",
        "{\"version\": 1, \"organizations\": [{\"name\": \"a\", \"users\": [1]}]}"
      })
  void aDamagedFileIsReportedAndLeftAsItIs(String text) throws IOException {
    Files.writeString(file, text);
    assertThatIllegalStateException()
        .isThrownBy(() -> Iam.open(file))
        .withMessageContaining(file.toString())
        .withMessageContaining("damaged");
    assertThat(Files.readString(file)).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"version\": 1, \"organizations\": [], \"organisations\": []}",
        "{\"version\": 1, \"organizations\": [{\"name\": \"a\", \"users\": [], \"projects\": [],"
            + " \"serviceAccounts\": [], \"roles\": [], \"bindings\": [{\"id\": \"b\", \"subjectKind\":"
            + " \"user\", \"subject\": \"a\", \"role\": \"Writer\", \"projects\": [\"p\"]}]}]}"
      })
  void refusesUnknownKeysSinceTheyMayRestrictAccess(String text) throws IOException {
    Files.writeString(file, text);
    assertThatIllegalStateException()
        .isThrownBy(() -> Iam.open(file))
        .withMessageContaining("unknown key")
        .withMessageContaining("known keys: ");
  }

  @Test
  void refusesPipes() throws Exception {
    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> Iam.open(file))
        .withStackTraceContaining("is not a regular file");
  }

  @Test
  @Timeout(60)
  void refusesAPipeAsLockFile() throws Exception {
    String lock = file.resolveSibling(file.getFileName() + ".lock").toString();
    assertThat(new ProcessBuilder("mkfifo", lock).start().waitFor()).isZero();
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> Iam.open(file).createOrganization("acme", "ada"))
        .withStackTraceContaining("is not a regular file");
  }

  @Test
  void refusesAFileThatIsTooLarge() throws IOException {
    try (RandomAccessFile large = new RandomAccessFile(file.toFile(), "rw")) {
      large.setLength((16 << 20) + 1);
    }
    assertThatExceptionOfType(UncheckedIOException.class)
        .isThrownBy(() -> Iam.open(file))
        .withStackTraceContaining("larger than");
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {0, 1, 2})
  void aMutatedFileOpensOrIsReported(long seed) throws IOException {
    Iam iam = Iam.open(file);
    Organization acme = iam.createOrganization("acme", "ada");
    Project project = acme.createProject("p");
    ServiceAccount account = acme.createServiceAccount("scraper");
    acme.createToken(account, "main");
    acme.bindInProject(Subject.of(account), "Writer", project.id());
    String good = Files.readString(file);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 300; i++) {
      StringBuilder text = new StringBuilder(good);
      for (int change = random.nextInt(3); change >= 0; change--) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, (char) (' ' + random.nextInt(95)));
      }
      Files.writeString(file, text);
      Throwable thrown = catchThrowable(() -> Iam.open(file).organizations());
      if (thrown != null) {
        assertThat(thrown).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void aFileThatIsDeletedTakesEverybodysAccess() throws IOException {
    Iam iam = Iam.open(file);
    iam.createOrganization("acme", "ada");
    Files.delete(file);
    assertThat(iam.organizations()).isEmpty();
  }
}
