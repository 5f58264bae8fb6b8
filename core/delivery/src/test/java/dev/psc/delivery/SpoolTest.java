package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.internal.queue.Segment;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.Durability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests queue, spool and sender without threads, in virtual time, with disk failures. */
class SpoolTest {

  @TempDir private Path temporary;
  private final FakeTicker time = new FakeTicker();
  private final FakeSink sink = new FakeSink();
  private final FaultyDisk disk = new FaultyDisk();
  private final List<DeliveryEvent> events = new ArrayList<>();
  private final List<Delivery> all = new ArrayList<>();
  private Path directory = Path.of("");

  @BeforeEach
  void nameDirectory() {
    directory = temporary.resolve("spool");
  }

  private Delivery open(UnaryOperator<DeliveryBuilder> settings) {
    DeliveryBuilder builder =
        Delivery.builder(sink)
            .ticker(time)
            .random(() -> 1.0)
            .disk(disk)
            .spool(directory)
            .manual()
            .listener(events::add);
    Delivery delivery = settings.apply(builder).build();
    all.add(delivery);
    delivery.start();
    return delivery;
  }

  private Delivery open() {
    return open(builder -> builder);
  }

  /** Releases the lock of a delivery, like the end of its process. */
  private void kill(Delivery delivery) {
    delivery.abandonSpool();
  }

  @AfterEach
  void countersAddUp() {
    for (Delivery delivery : all) {
      DeliverySnapshot s = delivery.snapshot();
      assertThat(s.accepted() + s.replayed())
          .as("%s", s)
          .isEqualTo(s.sent() + s.droppedTotal() + s.queued());
      if (s.queued() == 0) {
        assertThat(s.queueBytes()).isZero();
        assertThat(s.memoryBytes()).isZero();
      }
      delivery.close(Duration.ZERO);
    }
  }

  private void run(Delivery delivery, Duration length) {
    long left = length.toNanos();
    delivery.step();
    while (left > 0) {
      long wait = Math.min(left, Math.max(1, delivery.step()));
      time.advance(Duration.ofNanos(wait));
      left -= wait;
    }
    delivery.step();
  }

  private List<String> inSeries(String series) {
    return sink.received().stream().filter(id -> id.startsWith(series + "-")).toList();
  }

  private static List<String> ids(String series, int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> series + "-" + i).toList();
  }

  private List<Path> files(String suffix) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  @Test
  void doesNotOpenPipesInItsDirectory() throws Exception {
    Files.createDirectories(directory);
    Path pipe = directory.resolve("0000000000000001-00000001.spool");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Delivery delivery = open();
    delivery.accept(profile("a", "a-0"));
    run(delivery, Duration.ofSeconds(5));
    assertThat(sink.received()).containsExactly("a-0");
    assertThat(delivery.snapshot().spoolHealthy()).isTrue();
    assertThat(Files.exists(pipe)).isTrue();
  }

  @Test
  void keepsProfilesOverAClockThatIsDaysAheadIfTheirMaximumAgeAllows() {
    for (int days : new int[] {7, 30}) {
      directory = temporary.resolve("spool-" + days);
      sink.answers(FakeSink.retry());
      Delivery first = open();
      first.accept(profile("a", "a-" + days));
      first.step();
      kill(first);
      time.advance(Duration.ofDays(8));
      sink.answers(new SendOutcome.Accepted());
      Delivery second = open(builder -> builder.profileMaxAge(Duration.ofDays(days)));
      run(second, Duration.ofSeconds(5));
      assertThat(second.snapshot().dropped())
          .isEqualTo(days < 8 ? Map.of("expired", 1L) : Map.of());
    }
    assertThat(sink.received()).containsExactly("a-30");
  }

  @Test
  void replaysAfterAKillInOrderPerSeries() {
    sink.answers(FakeSink.retry());
    Delivery first = open();
    for (int i = 0; i < 200; i++) {
      first.accept(profile("s" + i % 5, "s" + i % 5 + "-" + i / 5));
    }
    first.step();
    kill(first);
    sink.answers(new SendOutcome.Accepted());
    Delivery second = open();
    assertThat(second.snapshot().replayed()).isEqualTo(200);
    for (int s = 0; s < 5; s++) {
      second.accept(profile("s" + s, "s" + s + "-40"));
    }
    run(second, Duration.ofSeconds(2));
    for (int s = 0; s < 5; s++) {
      assertThat(inSeries("s" + s)).isEqualTo(ids("s" + s, 0, 41));
    }
    assertThat(second.snapshot().queued()).isZero();
  }

  @Test
  void keepsEverythingThatIsKnownOfAProfile() {
    sink.answers(FakeSink.retry());
    RawProfile profile =
        profile("ä\u0000\uD83D\uDE00", "x", 300_000).toBuilder()
            .timeNanos(1234567890123456789L)
            .durationNanos(10_000_000_000L)
            .normalizedAddresses(true)
            .executableInfo(List.of(new RawProfile.ExecutableInfo(3, -1L, 0x400000L)))
            .build();
    Delivery first = open();
    first.accept(profile);
    first.step();
    kill(first);
    List<RawProfile> got = new ArrayList<>();
    sink.answers(
        batch -> {
          got.addAll(batch);
          return new SendOutcome.Accepted();
        });
    run(open(), Duration.ofSeconds(2));
    assertThat(got).hasSize(1);
    RawProfile back = got.get(0);
    assertThat(java.util.Arrays.equals(back.pprof(), profile.pprof())).isTrue();
    assertThat(back).usingRecursiveComparison().ignoringFields("pprof").isEqualTo(profile);
  }

  @Test
  void doesNotSendAgainWhatTheSinkHas() throws IOException {
    Delivery first = open();
    for (int i = 0; i < 50; i++) {
      first.accept(profile("a", "a-" + i));
    }
    run(first, Duration.ofSeconds(2));
    sink.answers(FakeSink.retry());
    for (int i = 50; i < 60; i++) {
      first.accept(profile("a", "a-" + i));
    }
    run(first, Duration.ofSeconds(2));
    kill(first);
    sink.answers(new SendOutcome.Accepted());
    Delivery second = open();
    assertThat(second.snapshot().replayed()).isEqualTo(10);
    run(second, Duration.ofSeconds(2));
    assertThat(sink.received()).isEqualTo(ids("a", 0, 60));
    second.close(Duration.ZERO);
    assertThat(files("")).extracting(file -> file.getFileName().toString()).containsExactly("lock");
  }

  @Test
  void holdsMoreThanMemoryInOrder() {
    sink.answers(FakeSink.retry());
    Delivery delivery = open(b -> b.queueMaxBytes(64 << 10).profileMaxBytes(8 << 10));
    for (int i = 0; i < 2000; i++) {
      assertThat(delivery.accept(profile("s" + i % 3, "s" + i % 3 + "-" + i / 3, 4096)))
          .isInstanceOf(Acceptance.Accepted.class);
      delivery.step();
      assertThat(delivery.snapshot().memoryBytes()).isLessThanOrEqualTo(64 << 10);
    }
    assertThat(delivery.snapshot().queued()).isEqualTo(2000);
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    for (int s = 0; s < 3; s++) {
      assertThat(inSeries("s" + s))
          .as("%s", delivery.snapshot())
          .isEqualTo(ids("s" + s, 0, s == 2 ? 666 : 667));
    }
  }

  @Test
  void dropsTheOldestSegmentWhenTheSpoolIsFull() {
    sink.answers(FakeSink.retry());
    Delivery delivery =
        open(b -> b.queueMaxBytes(128 << 10).profileMaxBytes(64 << 10).spoolMaxBytes(1 << 20));
    for (int i = 0; i < 1000; i++) {
      delivery.accept(profile("a", "a-" + i, 4096));
      delivery.step();
    }
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.spoolBytes()).isLessThanOrEqualTo(1 << 20);
    assertThat(snapshot.dropped()).containsOnlyKeys("spool_full");
    assertThat(snapshot.queued()).isBetween(200L, 256L);
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    int kept = (int) snapshot.queued();
    assertThat(sink.received()).isEqualTo(ids("a", 1000 - kept, 1000));
  }

  @Test
  void saysWhenAProfileIsSafe() {
    sink.answers(FakeSink.retry());
    Delivery delivery = open();
    CompletableFuture<Durability> durability =
        delivery.submit(profile("a", "1")).durability().toCompletableFuture();
    delivery.step();
    assertThat(durability).isNotDone();
    time.advance(Duration.ofMillis(200));
    delivery.step();
    assertThat(durability).isCompletedWithValue(Durability.SPOOLED);
  }

  /** Truncates three records at each byte: exactly the complete ones arrive, in order. */
  @Test
  void losesOnlyTheTailOfATruncatedLog() throws IOException {
    byte[] log = threeRecords();
    Path file = files(Segment.SUFFIX).get(0);
    for (int length = 0; length <= log.length; length++) {
      int record = log.length / 3;
      int whole = length / record;
      int torn = length % record == 0 ? 0 : 1;
      Set<String> received = replay(file, java.util.Arrays.copyOf(log, length), torn);
      assertThat(received).as("cut at %d", length).isEqualTo(new HashSet<>(ids("a", 0, whole)));
    }
  }

  /** Changes each byte of three records in turn: only its record is missing. */
  @Test
  void losesOnlyTheDamagedRecord() throws IOException {
    byte[] log = threeRecords();
    Path file = files(Segment.SUFFIX).get(0);
    SplittableRandom random = new SplittableRandom(3);
    for (int at = 0; at < log.length; at++) {
      byte[] damaged = log.clone();
      damaged[at] ^= (byte) (1 + random.nextInt(255));
      Set<String> expected = new HashSet<>(ids("a", 0, 3));
      expected.remove("a-" + at * 3 / log.length);
      assertThat(replay(file, damaged, 1)).as("changed at %d", at).isEqualTo(expected);
    }
  }

  @Test
  void losesNothingByDamagedAcknowledgements() throws IOException {
    Delivery first = open();
    for (int i = 0; i < 5; i++) {
      first.accept(profile("a", "a-" + i));
    }
    sink.answers(batch -> batch.size() > 2 ? FakeSink.rejected() : new SendOutcome.Accepted());
    run(first, Duration.ofMillis(1001));
    sink.answers(FakeSink.retry());
    first.accept(profile("a", "a-5"));
    first.step();
    kill(first);
    Path acksFile = files(Segment.ACKS_SUFFIX).get(0);
    Path file = files(Segment.SUFFIX).get(0);
    byte[] acks = Files.readAllBytes(acksFile);
    byte[] log = Files.readAllBytes(file);
    for (int at = 0; at < acks.length; at++) {
      byte[] damaged = acks.clone();
      damaged[at] ^= 0x40;
      Files.write(acksFile, damaged);
      assertThat(replay(file, log, 0)).contains("a-5");
    }
  }

  private byte[] threeRecords() throws IOException {
    sink.answers(FakeSink.retry());
    Delivery first = open();
    for (int i = 0; i < 3; i++) {
      first.accept(profile("a", "a-" + i, 20));
    }
    first.step();
    kill(first);
    byte[] log = Files.readAllBytes(files(Segment.SUFFIX).get(0));
    assertThat(log.length % 3).isZero();
    return log;
  }

  /**
   * Copies one segment into a new directory and returns the profiles that are sent from it.
   *
   * @param damaged the expected number of lost profiles
   */
  private Set<String> replay(Path file, byte[] log, int damaged) throws IOException {
    Path home = Files.createTempDirectory(temporary, "replay");
    Files.write(home.resolve(file.getFileName().toString()), log);
    Set<String> received = new HashSet<>();
    FakeSink other =
        new FakeSink()
            .answers(
                batch -> {
                  batch.forEach(
                      p -> {
                        assertThat(p.pprof()).hasSizeLessThanOrEqualTo(20);
                        assertThat(received.add(Profiles.id(p))).isTrue();
                      });
                  return new SendOutcome.Accepted();
                });
    Delivery delivery =
        Delivery.builder(other).ticker(time).disk(disk).spool(home).manual().build();
    all.add(delivery);
    delivery.start();
    run(delivery, Duration.ofSeconds(2));
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.queued()).isZero();
    assertThat(snapshot.sent()).isEqualTo(received.size());
    assertThat(snapshot.dropped())
        .isEqualTo(damaged == 0 ? Map.of() : Map.of("spool_damaged", (long) damaged));
    delivery.close(Duration.ZERO);
    return received;
  }

  @Test
  void keepsProfilesInMemoryWhileTheDiskIsFull() {
    sink.answers(FakeSink.retry());
    Delivery delivery = open();
    for (int i = 0; i < 10; i++) {
      delivery.accept(profile("a", "a-" + i));
    }
    delivery.step();
    disk.writeError("No space left on device");
    for (int i = 10; i < 20; i++) {
      delivery.accept(profile("a", "a-" + i));
    }
    run(delivery, Duration.ofSeconds(5));
    DeliverySnapshot full = delivery.snapshot();
    assertThat(full.spoolHealthy()).isFalse();
    assertThat(full.spoolMessage()).contains("No space left", directory.toString(), "free space");
    assertThat(full.queued()).isEqualTo(20);
    disk.writeError("");
    run(delivery, Duration.ofMinutes(1));
    assertThat(delivery.snapshot().spoolHealthy()).isTrue();
    assertThat(events.stream().filter(e -> e instanceof DeliveryEvent.SpoolChanged).toList())
        .hasSize(3);
    kill(delivery);
    sink.answers(new SendOutcome.Accepted());
    Delivery second = open();
    assertThat(second.snapshot().replayed()).isEqualTo(20);
    run(second, Duration.ofSeconds(2));
    assertThat(sink.received()).isEqualTo(ids("a", 0, 20));
  }

  @Test
  void dropsTheOldestInMemoryWhileTheDiskIsFull() {
    sink.answers(FakeSink.retry());
    disk.writeError("Read-only file system");
    Delivery delivery = open(b -> b.queueMaxBytes(64 << 10).profileMaxBytes(8 << 10));
    assertThat(delivery.snapshot().spoolHealthy()).isFalse();
    for (int i = 0; i < 40; i++) {
      assertThat(delivery.accept(profile("a", "a-" + i, 4096)).isAccepted()).isTrue();
    }
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("queue_full", 24L));
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    assertThat(sink.received()).isEqualTo(ids("a", 24, 40));
  }

  /** The disk fails and recovers at random: nothing is lost while memory lasts. */
  @Test
  void losesNothingWhileTheDiskComesAndGoes() {
    for (int seed = 0; seed < 20; seed++) {
      directory = temporary.resolve("spool-" + seed);
      SplittableRandom random = new SplittableRandom(seed);
      int before = sink.received().size();
      Delivery delivery = open(b -> b.queueMaxBytes(256 << 10).profileMaxBytes(8 << 10));
      sink.answers(batch -> random.nextInt(3) == 0 ? FakeSink.retry() : new SendOutcome.Accepted());
      int next = 0;
      for (int round = 0; round < 100; round++) {
        disk.writeError(random.nextInt(3) == 0 ? "No space left on device" : "");
        for (int i = random.nextInt(8); i > 0; i--, next++) {
          delivery.accept(profile("a", "a-" + next, 1 + 10 + random.nextInt(4000)));
        }
        run(delivery, Duration.ofMillis(random.nextInt(3000)));
      }
      disk.writeError("");
      sink.answers(new SendOutcome.Accepted());
      run(delivery, Duration.ofMinutes(2));
      assertThat(sink.received().subList(before, sink.received().size()))
          .as("seed %d", seed)
          .isEqualTo(ids("a", 0, next));
    }
  }

  @Test
  void continuesWhenItsFilesAreDeleted() throws IOException {
    sink.answers(FakeSink.retry());
    Delivery delivery = open();
    for (int i = 0; i < 10; i++) {
      delivery.accept(profile("a", "a-" + i));
    }
    run(delivery, Duration.ofSeconds(1));
    for (Path file : files("")) {
      Files.delete(file);
    }
    Files.delete(directory);
    for (int i = 10; i < 20; i++) {
      delivery.accept(profile("a", "a-" + i));
    }
    run(delivery, Duration.ofSeconds(10));
    assertThat(delivery.snapshot().spoolHealthy()).isTrue();
    assertThat(events)
        .anyMatch(
            e -> e instanceof DeliveryEvent.SpoolChanged c && c.message().contains("deleted"));
    kill(delivery);
    Delivery second = open();
    assertThat(second.snapshot().replayed()).isEqualTo(20);
    sink.answers(new SendOutcome.Accepted());
    run(second, Duration.ofSeconds(2));
    assertThat(sink.received()).hasSize(20).containsExactlyInAnyOrderElementsOf(ids("a", 0, 20));
  }

  @Test
  void countsWhatWasOnDiskOnlyWhenItsFilesAreDeleted() throws IOException {
    sink.answers(FakeSink.retry());
    Delivery delivery = open(b -> b.queueMaxBytes(64 << 10).profileMaxBytes(8 << 10));
    for (int i = 0; i < 20; i++) {
      delivery.accept(profile("a", "a-" + i, 4096));
      delivery.step();
    }
    for (Path file : files("")) {
      Files.delete(file);
    }
    run(delivery, Duration.ofSeconds(5));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("spool_lost", 12L));
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    assertThat(sink.received()).isEqualTo(ids("a", 0, 8));
  }

  @Test
  void tellsTwoUsersOfADirectoryApart() {
    sink.answers(FakeSink.retry());
    Delivery first = open();
    Delivery second = open();
    assertThat(second.snapshot().spoolHealthy()).isFalse();
    assertThat(second.snapshot().spoolMessage())
        .contains("process " + ProcessHandle.current().pid())
        .contains("use a separate directory");
    first.accept(profile("a", "a-0"));
    second.accept(profile("a", "a-1"));
    first.step();
    second.step();
    first.close(Duration.ZERO);
    sink.answers(new SendOutcome.Accepted());
    run(second, Duration.ofMinutes(1));
    assertThat(second.snapshot().spoolHealthy()).isTrue();
    assertThat(sink.received()).containsExactlyInAnyOrder("a-0", "a-1");
  }

  @Test
  void givesUpASegmentThatCannotBeRead() {
    sink.answers(FakeSink.retry());
    Delivery delivery = open(b -> b.queueMaxBytes(64 << 10).profileMaxBytes(8 << 10));
    for (int i = 0; i < 20; i++) {
      delivery.accept(profile("a", "a-" + i, 4096));
      delivery.step();
    }
    disk.readError("Input/output error");
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("spool_lost", 12L));
    disk.readError("");
    delivery.accept(profile("a", "a-20"));
    run(delivery, Duration.ofMinutes(1));
    assertThat(sink.received()).hasSize(9).endsWith("a-20");
  }

  @Test
  void doesNotCallItSafeWhenTheDeviceDoesNot() {
    sink.answers(FakeSink.retry());
    Delivery delivery = open();
    disk.forceError("Input/output error");
    CompletableFuture<Durability> durability =
        delivery.submit(profile("a", "a-0")).durability().toCompletableFuture();
    run(delivery, Duration.ofSeconds(1));
    assertThat(durability).isNotDone();
    assertThat(delivery.snapshot().spoolHealthy()).isFalse();
    disk.forceError("");
    sink.answers(new SendOutcome.Accepted());
    run(delivery, Duration.ofMinutes(1));
    assertThat(durability).isCompletedWithValue(Durability.SENT);
  }

  @Test
  void closeLeavesTheRestOnDisk() {
    sink.answers(FakeSink.retry());
    Delivery first = open();
    first.accept(profile("a", "a-0"));
    first.accept(profile("b", "a-1"));
    assertThat(first.close(Duration.ZERO)).isEqualTo(new CloseReport(0, 2, 0));
    sink.answers(new SendOutcome.Accepted());
    run(open(), Duration.ofSeconds(1));
    assertThat(sink.received()).containsExactly("a-0", "a-1");
  }
}
