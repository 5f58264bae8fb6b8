package dev.psc.asyncprofiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.data.Percentage.withPercentage;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Profiles by async-profiler, against what the profiled program knows of itself. */
@Timeout(120)
class AsyncProfilerEngineTest {

  private static final String BUSY = BusyProgram.class.getName() + ".";
  private static final int CPU_NANOS = 1;
  private static final int ALLOCATED_BYTES = 1;
  private static final int DELAY_NANOS = 1;

  @TempDir private Path directory;

  /** Starts a program, or skips the test where async-profiler cannot run. */
  private Program start(String profiles, String work) throws Exception {
    Program program =
        Program.start(List.of("-Djava.io.tmpdir=" + directory), "async-profiler", profiles, work);
    String status = statusWithEngine(program);
    boolean runs = status.contains("engine=async-profiler ");
    if (!runs) {
      program.close();
    }
    assumeTrue(runs, () -> "async-profiler cannot run here: " + status);
    return program;
  }

  private static String statusWithEngine(Program program) {
    return await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> program.ask("status"), status -> status.contains("engine="));
  }

  private static long sum(Profile profile, int value, Predicate<Sample> which) {
    return profile.samples().stream().filter(which).mapToLong(s -> s.value(value)).sum();
  }

  private static Predicate<Sample> with(String method) {
    return sample -> sample.stack().stream().map(Frame::function).anyMatch((BUSY + method)::equals);
  }

  private static Predicate<Sample> labelled(String route) {
    return sample ->
        sample.labels().stream()
            .anyMatch(label -> label.key().equals("route") && route.equals(label.text()));
  }

  @Test
  void cpuTimeIsThatOfTheProcessAndOfItsMethods() throws Exception {
    try (Program program = start("process_cpu", "burn,allocate")) {
      Profile warmUp = program.profile("profile?seconds=2");
      assertThat(warmUp.comments()).anyMatch(comment -> comment.startsWith("engine: async-"));
      long before = program.number("cpu");
      Profile cpu = program.profile("profile?seconds=6");
      long clock = program.number("cpu") - before;
      long all = sum(cpu, CPU_NANOS, sample -> true);
      assertThat(all).as("of the process").isCloseTo(clock, withPercentage(10));

      long hot = sum(cpu, CPU_NANOS, with("hot"));
      long warm = sum(cpu, CPU_NANOS, with("warm"));
      long checkout = sum(cpu, CPU_NANOS, labelled("checkout"));
      long cart = sum(cpu, CPU_NANOS, labelled("cart"));
      assertThat(hot + warm).isGreaterThan(all / 2);
      double warmOfCart = (double) warm / sum(cpu, CPU_NANOS, with("cart"));
      assertThat(warmOfCart).as("a third of cart").isCloseTo(1.0 / 3, within(0.05));
      assertThat(checkout + cart).as("labelled").isGreaterThan((long) ((hot + warm) * 0.98));
      long hotOfCheckout = sum(cpu, CPU_NANOS, labelled("checkout").and(with("hot")));
      assertThat(hotOfCheckout).as("hot of checkout").isGreaterThan((long) (checkout * 0.9));
      assertThat(sum(cpu, CPU_NANOS, labelled("checkout").and(with("warm")))).isZero();
    }
  }

  @Test
  void allocationsAndLocksAreThoseOfTheProgram() throws Exception {
    try (Program program = start("memory,mutex", "allocate,contend")) {
      Profile warmUp = program.profile("allocs?seconds=2");
      assertThat(warmUp.sampleTypes()).isNotEmpty();
      long before = program.number("allocated");
      Profile allocations = program.profile("allocs?seconds=5");
      long allocated = program.number("allocated") - before;
      assertThat(sum(allocations, ALLOCATED_BYTES, with("allocate")))
          .isCloseTo(allocated, withPercentage(15));

      long waitedBefore = program.number("waited");
      Profile locks = program.profile("mutex?seconds=5");
      long waited = program.number("waited") - waitedBefore;
      assertThat(sum(locks, DELAY_NANOS, with("contend"))).isCloseTo(waited, withPercentage(15));

      Profile total = program.profile("allocs");
      assertThat(sum(total, ALLOCATED_BYTES, with("allocate")))
          .as("since the start")
          .isCloseTo(program.number("allocated"), withPercentage(15));
    }
  }

  @Test
  void itsFlatProfileIsThatOfAsyncProfiler() throws Exception {
    try (Program program = start("process_cpu", "burn,allocate")) {
      CompletableFuture<Profile> window =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return program.profile("profile?seconds=8");
                } catch (Exception e) {
                  throw new CompletionException(e);
                }
              });
      // The profiler's own file goes when the window ends, so it is taken shortly before.
      assertThatThrownBy(() -> window.get(7_500, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
      Map<String, Long> theirs = flat(finishedChunks());
      Profile profile = window.join();
      Map<String, Long> ours = new TreeMap<>();
      for (Sample sample : profile.samples()) {
        ours.merge(leaf(sample), sample.value(0), Long::sum);
      }
      assertThat(theirs.values().stream().mapToLong(Long::longValue).sum()).isGreaterThan(100);
      assertThat(overlap(ours, theirs)).isGreaterThan(0.9);
    }
  }

  private static String leaf(Sample sample) {
    return sample.stack().get(0).function();
  }

  /** Returns the recording that async-profiler is writing, without the chunk at hand. */
  private Path finishedChunks() throws IOException {
    Path copy = directory.resolve("copy.jfr");
    try (Stream<Path> files = Files.walk(directory)) {
      Path written =
          files
              .filter(file -> file.getFileName().toString().startsWith("async-"))
              .findFirst()
              .get();
      Files.copy(written, copy);
    }
    try (FileChannel channel =
        FileChannel.open(copy, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long end = 0;
      ByteBuffer size = ByteBuffer.allocate(Long.BYTES);
      while (channel.read(size.clear(), end + Long.BYTES) == Long.BYTES
          && size.getLong(0) <= channel.size() - end) {
        end += size.getLong(0);
      }
      channel.truncate(end);
    }
    return copy;
  }

  /** Reads a recording with the JDK's own reader. */
  private static Map<String, Long> flat(Path recording) throws IOException {
    Map<String, Long> flat = new TreeMap<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(recording)) {
      if (event.getEventType().getName().equals("jdk.ExecutionSample")) {
        RecordedMethod leaf = event.getStackTrace().getFrames().get(0).getMethod();
        String type = leaf.getType().getName();
        flat.merge(type.isEmpty() ? leaf.getName() : type + "." + leaf.getName(), 1L, Long::sum);
      }
    }
    return flat;
  }

  /** Returns the part of two distributions that they have in common. */
  private static double overlap(Map<String, Long> a, Map<String, Long> b) {
    double allOfA = a.values().stream().mapToLong(Long::longValue).sum();
    double allOfB = b.values().stream().mapToLong(Long::longValue).sum();
    double common = 0;
    for (Map.Entry<String, Long> entry : a.entrySet()) {
      common += Math.min(entry.getValue() / allOfA, b.getOrDefault(entry.getKey(), 0L) / allOfB);
    }
    return common;
  }

  @Test
  void aLibraryThatCannotBeLoadedLeavesTheFlightRecorder() throws Exception {
    try (Program program =
        Program.start(
            List.of(
                "-Djava.io.tmpdir=" + directory,
                "-Dpsc.async.profiler.library=" + directory.resolve("missing.so")),
            "async-profiler",
            "process_cpu",
            "burn")) {
      String status = statusWithEngine(program);
      assertThat(status).contains("engine=jfr, because async-profiler cannot be used: ");
      assertThat(program.printed())
          .containsOnlyOnce("the JDK's flight recorder is used instead: ")
          .contains("missing.so");
      Profile cpu = program.profile("profile?seconds=2");
      assertThat(cpu.comments()).anyMatch(comment -> comment.startsWith("engine: jfr, because"));
      assertThat(sum(cpu, CPU_NANOS, with("hot"))).isPositive();
    }
  }

  @Test
  void nothingIsLoadedUnlessItIsAskedFor() throws Exception {
    try (Program program = start("process_cpu", "burn")) {
      assumeTrue(Files.isReadable(Path.of("/proc/self/maps")), "no list of loaded libraries");
      assertThat(program.ask("libraries")).contains("libasyncProfiler");
    }
    try (Program program =
        Program.start(List.of("-Djava.io.tmpdir=" + directory), "jfr", "process_cpu", "burn")) {
      assertThat(statusWithEngine(program)).contains("engine=jfr,");
      assertThat(program.ask("libraries")).doesNotContain("libasyncProfiler");
    }
  }
}
