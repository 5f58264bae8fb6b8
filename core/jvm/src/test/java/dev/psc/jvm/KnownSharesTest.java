package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Profiles of a program that does known amounts are within a tenth of the truth. */
class KnownSharesTest {

  @TempDir private Path temporary;

  @Tag("slow")
  @Test
  void profilesTellTheTruth() throws Exception {
    check(6, ChildJvm.run(ChildJvm.thisJava(), List.of(), TruthProgram.class, "2", "sampled"));
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javas")
  void aRecordingOfTheOperatorChangesNothing(Path java) throws Exception {
    List<String> options =
        List.of("-Djava.io.tmpdir=" + temporary, "-XX:StartFlightRecording=settings=profile");
    check(6, ChildJvm.run(java, options, TruthProgram.class, "1", "sampled"));
  }

  static List<Path> javas() {
    return ChildJvm.allJavas();
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javasAndCollectors")
  void profilesTellTheTruthWithEveryJdkAndCollector(Path java, String collector) throws Exception {
    check(7, ChildJvm.run(java, List.of(collector), TruthProgram.class, "2", "exact"));
    check(6, ChildJvm.run(java, List.of(collector), TruthProgram.class, "2", "sampled"));
  }

  static Stream<Arguments> javasAndCollectors() {
    return ChildJvm.allJavas().stream()
        .flatMap(
            java ->
                Stream.of("-XX:+UseG1GC", "-XX:+UseParallelGC", "-XX:+UseSerialGC", "-XX:+UseZGC")
                    .map(collector -> Arguments.of(java, collector)));
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("javasAndCollectors")
  void allocationsOfAllSizesAreCountedWhereTheyHappen(Path java, String collector)
      throws Exception {
    String printed =
        ChildJvm.run(java, List.of(collector), AllocationMixProgram.class, "12", "6000");
    check(12, printed, what -> what.endsWith(".objects") ? 25 : 10);
  }

  @ParameterizedTest
  @MethodSource("javas")
  void aCaptureCountsOnlyWhatIsAllocatedWhileItRuns(Path java) throws Exception {
    check(2, ChildJvm.run(java, List.of(), LateAllocationsProgram.class));
  }

  private static void check(int amounts, String printed) {
    check(amounts, printed, what -> 10);
  }

  private static void check(int amounts, String printed, ToIntFunction<String> percent) {
    List<String> lines = printed.lines().filter(line -> line.startsWith("TRUTH ")).toList();
    assertThat(lines).as(printed).hasSize(amounts);
    for (String line : lines) {
      String[] parts = line.split(" ", -1);
      assertThat(Long.parseLong(parts[3]))
          .as(printed)
          .isCloseTo(
              Long.parseLong(parts[2]), Percentage.withPercentage(percent.applyAsInt(parts[1])));
    }
  }
}
