package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.repair.PprofCheck;
import dev.psc.pprof.report.Top;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import org.assertj.core.data.Percentage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

public class JfrFilesTest {

  @TempDir private static Path directory;
  private static Path recorded;

  /** The recording has wall-clock samples, and no setting of their period. */
  private static final String WALL_ASSUMED = "wall: the recording does not state the sampling";

  @Name("profiler.WallClockSample")
  static final class WallClockSample extends Event {
    Thread sampledThread;
    String state;
    int samples;
  }

  @Name("profiler.LiveObject")
  static final class LiveObject extends Event {
    Class<?> objectClass;
    long allocationSize;
  }

  /** A recording of two chunks: a second recording that starts begins a new one. */
  @BeforeAll
  static void record() throws Exception {
    recorded = directory.resolve("recorded.jfr");
    try (Recording recording = new Recording();
        Recording second = new Recording()) {
      recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(20));
      recording.enable("jdk.ObjectAllocationInNewTLAB").withStackTrace();
      recording.enable("jdk.ObjectAllocationOutsideTLAB").withStackTrace();
      recording.enable("jdk.ObjectAllocationSample").with("throttle", "1000/s").withStackTrace();
      recording.enable("jdk.ThreadSleep").withThreshold(Duration.ZERO).withStackTrace();
      recording.enable("jdk.ThreadStart").withStackTrace();
      recording.enable("jdk.ActiveSetting");
      recording.enable(WallClockSample.class);
      recording.enable(LiveObject.class);
      recording.start();
      // On a new thread: the first sample of a thread covers what it allocated in its whole life.
      FutureTask<Void> works =
          new FutureTask<>(
              () -> {
                work();
                second.start();
                work();
                return null;
              });
      new Thread(works, "work").start();
      works.get();
      recording.stop();
      recording.dump(recorded);
    }
  }

  private static void work() throws Exception {
    TruthProgram.burnShort(300_000_000);
    TruthProgram.allocateSmall(20 << 20);
    Thread sleeper =
        new Thread(
            () -> {
              try {
                TimeUnit.MILLISECONDS.sleep(30);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    sleeper.start();
    sleeper.join();
    WallClockSample wall = new WallClockSample();
    wall.sampledThread = Thread.currentThread();
    wall.state = "STATE_SLEEPING";
    wall.samples = 5;
    wall.commit();
    LiveObject live = new LiveObject();
    live.objectClass = String.class;
    live.allocationSize = 24;
    live.commit();
  }

  @Test
  void countsWhatTheJdkRecordedAsOftenAsTheJdkCountsIt() throws Exception {
    JfrConversion conversion = JfrFiles.convert(recorded);
    assertThat(conversion.remarks()).singleElement().asString().startsWith(WALL_ASSUMED);
    Map<String, Long> summary = summary(recorded);
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 0))
        .isPositive()
        .isEqualTo(summary.get("jdk.ExecutionSample"));
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1))
        .isEqualTo(summary.get("jdk.ExecutionSample") * 20_000_000);
    assertThat(sum(conversion, JvmProfile.BLOCK, 0))
        .isPositive()
        .isEqualTo(summary.get("jdk.ThreadSleep"));
    assertThat(sum(conversion, JvmProfile.THREADCREATE, 0))
        .isEqualTo(summary.get("jdk.ThreadStart"));
    assertThat(sum(conversion, JvmProfile.WALL, 0)).as("profiler.WallClockSample").isEqualTo(10);
    assertThat(sum(conversion, JvmProfile.HEAP, 2)).as("profiler.LiveObject").isEqualTo(2);
    assertThat(sum(conversion, JvmProfile.HEAP, 3)).isEqualTo(48);
    summary.forEach(
        (event, count) -> {
          if (!event.equalsIgnoreCase("jdk.CheckPoint") && !event.equals("jdk.Metadata")) {
            assertThat(conversion.events().getOrDefault(event, 0L)).as(event).isEqualTo(count);
          }
        });
    for (JvmProfile profile : conversion.profiles()) {
      assertThat(PprofCheck.check(conversion.pprof(profile).orElseThrow()).violations())
          .as("what a strict store refuses in " + profile)
          .isEmpty();
    }
    // The caller of what works: the leaf is whatever the compiler and the JDK's sampler make of it.
    assertThat(Top.of(profile(conversion, JvmProfile.PROCESS_CPU), 1).rows(Top.Order.CUMULATIVE))
        .filteredOn(row -> row.function().equals("dev.psc.jvm.TruthProgram.burnShort"))
        .singleElement()
        .satisfies(
            row ->
                assertThat(row.cumulative())
                    .isGreaterThan(sum(conversion, JvmProfile.PROCESS_CPU, 1) / 2));
    assertThat(top(conversion, JvmProfile.MEMORY, 1)).contains("TruthProgram.allocateSmall");
  }

  @Test
  void theLeafOfAStackComesFirst() throws Exception {
    Profile cpu = profile(JfrFiles.convert(recorded), JvmProfile.PROCESS_CPU);
    List<String> stack =
        cpu.samples().stream()
            .map(sample -> sample.stack().stream().map(Frame::function).toList())
            // Not what burn(..) calls: newer JDKs look at safepoints, of which that has none.
            .filter(functions -> functions.contains("dev.psc.jvm.TruthProgram.burn"))
            .findFirst()
            .orElseThrow();
    assertThat(stack)
        .containsSubsequence(
            "dev.psc.jvm.TruthProgram.burn",
            "dev.psc.jvm.TruthProgram.burnShort",
            "dev.psc.jvm.JfrFilesTest.work");
    assertThat(stack.get(0)).startsWith("dev.psc.jvm.TruthProgram");
  }

  @Test
  void samplesOfAllocationsAreNotCountedTwiceBesideExactOnes() throws Exception {
    JfrConversion conversion = JfrFiles.convert(recorded);
    // By its own stacks, as other threads of this JVM allocate meanwhile.
    long bytes =
        profile(conversion, JvmProfile.MEMORY).samples().stream()
            .filter(
                sample ->
                    sample.stack().stream()
                        .anyMatch(
                            frame ->
                                frame.function().equals("dev.psc.jvm.TruthProgram.allocateSmall")))
            .mapToLong(sample -> sample.value(1))
            .sum();
    assertThat(bytes).isCloseTo(40L << 20, Percentage.withPercentage(10));
    assertThat(conversion.events()).containsKey("jdk.ObjectAllocationInNewTLAB");
  }

  @Test
  void profilesAreReadyToBeSent() throws Exception {
    List<RawProfile> profiles = JfrFiles.convert(recorded).profiles(LabelSet.of("job", "batch"));
    RawProfile cpu =
        profiles.stream().filter(p -> p.name().equals("process_cpu")).findFirst().orElseThrow();
    assertThat(cpu.labels().get("job")).isEqualTo("batch");
    assertThat(cpu.timeNanos()).isPositive();
    assertThat(cpu.durationNanos()).isBetween(600_000_000L, 600_000_000_000L);
  }

  @Test
  void whatWasCutOffGivesItsWholeChunks() throws Exception {
    byte[] whole = Files.readAllBytes(recorded);
    Path cut = directory.resolve("cut.jfr");
    Files.write(cut, Arrays.copyOf(whole, whole.length - 100));
    JfrConversion conversion = JfrFiles.convert(cut);
    assertThat(conversion.remarks()).hasSize(2);
    assertThat(conversion.remarks().get(0)).contains("cut off");
    assertThat(conversion.remarks().get(1)).startsWith(WALL_ASSUMED);
    long firstHalf = sum(conversion, JvmProfile.PROCESS_CPU, 0);
    assertThat(firstHalf)
        .isPositive()
        .isLessThan(sum(JfrFiles.convert(recorded), JvmProfile.PROCESS_CPU, 0));
    assertThat(sum(conversion, JvmProfile.WALL, 0)).isEqualTo(5);
  }

  @Test
  void readsGzipAlsoWhenItIsCutOff() throws Exception {
    Path gzip = directory.resolve("recorded.jfr.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gzip))) {
      Files.copy(recorded, out);
    }
    assertThat(JfrFiles.convert(gzip).events()).isEqualTo(JfrFiles.convert(recorded).events());
    byte[] whole = Files.readAllBytes(gzip);
    Files.write(gzip, Arrays.copyOf(whole, whole.length - 200));
    JfrConversion cut = JfrFiles.convert(gzip);
    assertThat(cut.remarks()).hasSize(3).last().asString().startsWith(WALL_ASSUMED);
    assertThat(sum(cut, JvmProfile.WALL, 0)).isEqualTo(5);
  }

  @Test
  void aDamagedChunkDoesNotHideTheOthers() throws Exception {
    byte[] bytes = Files.readAllBytes(recorded);
    Arrays.fill(bytes, 100, 4_000, (byte) 0x7f);
    Path damaged = directory.resolve("damaged.jfr");
    Files.write(damaged, bytes);
    JfrConversion conversion = JfrFiles.convert(damaged);
    assertThat(conversion.remarks()).anyMatch(remark -> remark.contains("chunk 1"));
    assertThat(sum(conversion, JvmProfile.WALL, 0)).isEqualTo(5);
  }

  @Test
  void saysWhatIsNoRecording() throws Exception {
    Path text = Files.writeString(directory.resolve("text.jfr"), "no recording at all");
    assertThatThrownBy(() -> JfrFiles.convert(text))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not begin with FLR");
    Path empty = Files.write(directory.resolve("empty.jfr"), new byte[0]);
    assertThatThrownBy(() -> JfrFiles.convert(empty)).hasMessageContaining("it is empty");
    Path head =
        Files.write(
            directory.resolve("head.jfr"), Arrays.copyOf(Files.readAllBytes(recorded), 1_000));
    assertThatThrownBy(() -> JfrFiles.convert(head)).hasMessageContaining("no complete chunk");
    assertThatThrownBy(() -> JfrFiles.builder().maxBytes(1 << 20).convert(large()))
        .hasMessageContaining("maxBytes = 1048576");
  }

  private static Path large() throws IOException {
    return Files.write(directory.resolve("large.jfr"), new byte[2 << 20]);
  }

  @ParameterizedTest
  @CsvSource({
    "FastSlow_2024_01_16_180855, jdk.ExecutionSample, WALL, 1012",
    "FastSlow_2024_01_16_180855, jdk.ObjectAllocationSample, MEMORY, 6",
    "cortex-dev-01__kafka-0__cpu_lock_alloc__0, jdk.ExecutionSample, PROCESS_CPU, 554",
    "cortex-dev-01__kafka-0__cpu_lock_alloc__0, jdk.ObjectAllocationInNewTLAB, MEMORY, 766",
    "dd-trace-java, jdk.ExecutionSample, PROCESS_CPU, 113",
    "dd-trace-java, jdk.ObjectAllocationInNewTLAB, MEMORY, 3725",
    "dd-trace-java, jdk.ObjectAllocationOutsideTLAB, MEMORY, 93",
    "dd-trace-java, jdk.ThreadPark, BLOCK, 122",
    "dd-trace-java, jdk.OldObjectSample, LEAK_SUSPECTS, 9",
  })
  void readsWhatOtherProfilersWrite(String file, String event, JvmProfile profile, long count)
      throws Exception {
    Optional<Path> corpus = corpus();
    assumeTrue(corpus.isPresent(), "there is no corpus of recordings here");
    JfrConversion conversion = JfrFiles.convert(corpus.get().resolve(file + ".jfr.gz"));
    assertThat(conversion.events()).containsEntry(event, count);
    assertThat(conversion.profiles()).contains(profile);
    if (profile == JvmProfile.PROCESS_CPU || event.equals("jdk.OldObjectSample")) {
      assertThat(sum(conversion, profile, 0)).isEqualTo(count);
    }
    if (profile == JvmProfile.BLOCK) {
      assertThat(sum(conversion, JvmProfile.BLOCK, 0) + sum(conversion, JvmProfile.MUTEX, 0))
          .isEqualTo(waits(conversion.events()));
    }
  }

  private static long waits(Map<String, Long> events) {
    return events.entrySet().stream()
        .filter(
            event ->
                event
                    .getKey()
                    .matches(
                        "jdk\\.(ThreadPark|JavaMonitorEnter|JavaMonitorWait|ThreadSleep|(Socket|File)(Read|Write|Force))"))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  @Test
  void aChunkThatTheJdkRefusesIsRead() throws Exception {
    Optional<Path> corpus = corpus();
    assumeTrue(corpus.isPresent(), "there is no corpus of recordings here");
    JfrConversion conversion =
        JfrFiles.convert(corpus.get().resolve("FastSlow_2024_01_16_180855.jfr.gz"));
    assertThat(conversion.remarks()).isEmpty();
    assertThat(conversion.duration()).isBetween(Duration.ofSeconds(9), Duration.ofSeconds(11));
  }

  /** Prints what a file has; for a separate JVM. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws IOException {
      JfrConversion conversion = JfrFiles.convert(Path.of(arguments[0]));
      System.out.println(conversion.profiles() + " " + conversion.events());
    }
  }

  @Test
  void theModuleOfTheFlightRecorderIsNotNeeded() throws Exception {
    JfrConversion here = JfrFiles.convert(recorded);
    assertThat(
            ChildJvm.run(
                ChildJvm.thisJava(),
                List.of("--limit-modules", "java.base,java.logging"),
                Program.class,
                recorded.toString()))
        .contains(here.profiles() + " " + here.events());
  }

  public static Optional<Path> corpus() {
    @Nullable Path at = Path.of(System.getProperty("psc.root", "")).toAbsolutePath();
    while (at != null) {
      if (Files.isDirectory(at.resolve("shared/corpus/jfr"))) {
        return Optional.of(at.resolve("shared/corpus/jfr"));
      }
      at = at.getParent();
    }
    return Optional.empty();
  }

  private static Profile profile(JfrConversion conversion, JvmProfile profile) throws Exception {
    return Profile.parse(conversion.pprof(profile).orElseThrow(), PprofLimits.defaults());
  }

  private static long sum(JfrConversion conversion, JvmProfile profile, int column)
      throws Exception {
    return conversion.profiles().contains(profile)
        ? Top.of(profile(conversion, profile), column).total()
        : 0;
  }

  private static String top(JfrConversion conversion, JvmProfile profile, int column)
      throws Exception {
    return Top.of(profile(conversion, profile), column).toString();
  }

  /** Returns what {@code jfr summary} counts. */
  private static Map<String, Long> summary(Path file) throws Exception {
    Path jfr = Path.of(System.getProperty("java.home"), "bin", "jfr");
    Process process =
        new ProcessBuilder(jfr.toString(), "summary", file.toString())
            .redirectErrorStream(true)
            .start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    Map<String, Long> counts = new TreeMap<>();
    for (String line : printed.lines().toList()) {
      String[] columns = line.strip().split("\\s+", -1);
      if (columns.length == 3 && columns[1].matches("\\d+") && columns[2].matches("\\d+")) {
        counts.put(columns[0], Long.parseLong(columns[1]));
      }
    }
    return counts;
  }
}
