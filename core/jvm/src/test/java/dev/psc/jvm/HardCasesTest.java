package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs that make profiling hard. */
@Tag("slow")
class HardCasesTest {

  @TempDir private Path temporary;

  static List<Path> javas() {
    return ChildJvm.allJavas();
  }

  static List<Path> javasWithVirtualThreads() {
    return ChildJvm.allJavas().stream()
        .filter(java -> ChildJvm.feature(java.getParent().resolveSibling("release")) >= 21)
        .toList();
  }

  private String run(Path java, String... arguments) throws Exception {
    return ChildJvm.run(
        java, List.of("-Djava.io.tmpdir=" + temporary), HardProgram.class, arguments);
  }

  @ParameterizedTest
  @MethodSource("javas")
  void deepStacksAreDeepAndEndInTruncated(Path java) throws Exception {
    assertThat(run(java, "deep")).contains("DEEPEST 257 [truncated]", "DEPTH 256");
  }

  @ParameterizedTest
  @MethodSource("javas")
  void theDepthOfAFlightRecorderThatRunsAlreadyStays(Path java) throws Exception {
    assertThat(run(java, "late")).contains("DEEPEST 65 [truncated]", "DEPTH 0");
  }

  @ParameterizedTest
  @MethodSource("javas")
  void fiveThousandThreadsAreCounted(Path java) throws Exception {
    String printed = run(java, "threads", "5000");
    assertThat(number(printed, "GOROUTINES ")).as(printed).isBetween(5_000L, 5_100L);
    assertThat(number(printed, "ROWS ")).as("equal stacks are one row").isLessThan(100);
    assertThat(number(printed, "CPU ")).as(printed).isPositive();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("javasWithVirtualThreads")
  void virtualThreadsAreProfiledByOneName(Path java) throws Exception {
    String printed = run(java, "virtual");
    assertThat(number(printed, "SHARE ")).as(printed).isGreaterThan(60);
    assertThat(printed.lines().filter(line -> line.startsWith("LABELS")))
        .isNotEmpty()
        .allMatch(line -> line.contains("thread") && line.contains("virtual"));
    assertThat(printed).contains("ERROR -");
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("javasWithVirtualThreads")
  void waitsOfVirtualThreadsAreInMutexBlockAndWall(Path java) throws Exception {
    String printed =
        ChildJvm.run(java, List.of("-Djava.io.tmpdir=" + temporary), VirtualWaitsProgram.class);
    for (String wait :
        List.of(
            "MUTEX plantedLock ",
            "MUTEX plantedMonitor ",
            "BLOCK plantedCall ",
            "WALL plantedLock ",
            "WALL plantedMonitor ",
            "WALL plantedCall ")) {
      assertThat(number(printed, wait)).as(printed).isBetween(2_000L, 6_500L);
    }
    // Of some 4,000; the sample of a wait that ends just then may not have the lock's frames.
    assertThat(number(printed, "BLOCK plantedLock ")).as(printed).isLessThan(100);
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("javasWithVirtualThreads")
  void everyKindOfWaitOfVirtualThreadsIsMeasured(Path java) throws Exception {
    String printed =
        ChildJvm.run(java, List.of("-Djava.io.tmpdir=" + temporary), VirtualWaitKindsProgram.class);
    assertThat(printed).contains("TIME left true");
    for (String wait : List.of("plantedLock ", "plantedMonitor ")) {
      assertIsMeasured(printed, "MUTEX " + wait, wait);
      assertIsMeasured(printed, "WALL " + wait, wait);
    }
    for (String wait :
        List.of(
            "plantedPark ", "plantedFuture ", "plantedQueue ", "plantedSocket ", "plantedHttp ")) {
      assertIsMeasured(printed, "BLOCK " + wait, wait);
      assertIsMeasured(printed, "WALL " + wait, wait);
    }
  }

  private static void assertIsMeasured(String printed, String measured, String wait) {
    double truth = number(printed, "TRUTH " + wait);
    assertThat((double) number(printed, measured))
        .as("%s in%n%s", measured, printed)
        .isBetween(truth * 0.9, truth * 1.1);
  }

  @ParameterizedTest
  @MethodSource("javas")
  void startingAndStoppingTwoHundredTimesCostsNothing(Path java) throws Exception {
    String printed =
        ChildJvm.run(
            java,
            List.of(
                "-Djava.io.tmpdir=" + temporary,
                "-Xms64m",
                "-Xmx64m",
                "-XX:+AlwaysPreTouch"), // so that all growth is outside of the heap
            HardProgram.class,
            "flat",
            "200");
    assertThat(number(printed, "THREADS ")).as(printed).isLessThanOrEqualTo(1);
    assertThat(number(printed, "FILES ")).as(printed).isLessThanOrEqualTo(5);
    assertThat(number(printed, "KILOBYTES ")).as(printed).isLessThan(32 << 10);
    assertThat(leftovers()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("javas")
  void manyStacksAreKeptInLittleHeap(Path java) throws Exception {
    String printed = run(java, "stacks", "6000");
    assertThat(number(printed, "MEGABYTES ")).as(printed).isBetween(1L, 32L);
  }

  @Test
  void tenThousandFlushesLeaveMemoryFlat() throws Exception {
    assumeThat(Runtime.version().feature()).as("internals of the JDK").isLessThan(22);
    String printed =
        ChildJvm.run(
            ChildJvm.thisJava(),
            List.of(
                "-Djava.io.tmpdir=" + temporary,
                "--add-exports=jdk.jfr/jdk.jfr.internal=ALL-UNNAMED",
                "-Xms64m",
                "-Xmx64m",
                "-XX:+AlwaysPreTouch"), // so that all growth is outside of the heap
            HardProgram.class,
            "flushes",
            "10000");
    assertThat(number(printed, "HEAP ")).as(printed).isLessThan(4 << 10);
    assertThat(number(printed, "KILOBYTES ")).as(printed).isLessThan(16 << 10);
    assertThat(number(printed, "STARTED ")).as(printed).isGreaterThanOrEqualTo(10_000);
    assertThat(printed).contains("ERROR -");
  }

  @Test
  void twoThreadsMayStartAndStopAtWill() throws Exception {
    String printed = run(ChildJvm.thisJava(), "contended", "50");
    assertThat(number(printed, "AFTERWARDS ")).as(printed).isPositive();
    assertThat(number(printed, "THREADS ")).as(printed).isZero();
    assertThat(leftovers()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"up, true", "down, false"})
  void aTerminatedProcessEndsSoonAndPushesWhatItCan(String store, boolean pushed) throws Exception {
    Process process =
        ChildJvm.start(
            ChildJvm.thisJava(),
            List.of("-Djava.io.tmpdir=" + temporary),
            HardProgram.class,
            "term",
            store);
    String before = ChildJvm.readUntil(process, "RUNNING");
    long start = System.nanoTime();
    process.toHandle().destroy(); // which, unlike the process's own method, leaves its output open
    String after =
        process.inputReader(StandardCharsets.UTF_8).lines().collect(Collectors.joining("\n"));
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
    assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start))
        .as("1.2 s and a loaded machine")
        .isLessThan(8_000);
    assertThat(before + after).matches(text -> text.contains("PUSHED process_cpu") == pushed);
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void aDirectoryMayHaveSpaces() throws Exception {
    Path spaced = Files.createDirectory(temporary.resolve("with spaces, and a comma"));
    assertThat(
            ChildJvm.run(
                ChildJvm.thisJava(),
                List.of("-Djava.io.tmpdir=" + spaced),
                ProfiledProgram.class,
                "once"))
        .contains("UNAVAILABLE -", "GET profile 200");
    try (Stream<Path> left = Files.walk(spaced, 2)) {
      assertThat(left).containsExactly(spaced);
    }
  }

  private static long number(String printed, String prefix) {
    return printed
        .lines()
        .filter(line -> line.startsWith(prefix))
        .mapToLong(line -> Long.parseLong(line.substring(prefix.length())))
        .findFirst()
        .orElseThrow(() -> new AssertionError(printed));
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> all = Files.walk(temporary, 2)) {
      return all.filter(path -> temporary.relativize(path).toString().startsWith("psc-jfr-"))
          .toList();
    }
  }
}
