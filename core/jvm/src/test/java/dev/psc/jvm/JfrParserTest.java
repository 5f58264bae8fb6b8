package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.pprof.Frame;
import dev.psc.pprof.PprofLimits;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Our parser of recordings, held against the JDK's and against damage. */
class JfrParserTest {

  private static final long SEED = 20_261_125L;
  private static final CaptureSettings SETTINGS =
      CaptureSettings.DEFAULT
          .withLockThreshold(Duration.ZERO)
          .withBlockThreshold(Duration.ZERO)
          .withOwnThreads(true)
          .withIdleThreads(true)
          .withThreadNames(true)
          .withAllocatedClass(true);

  @TempDir private static Path directory;
  private static Path recorded;

  /** Several kinds of events, deep stacks, and two dumps of one recording in one file. */
  @BeforeAll
  static void record() throws Exception {
    Path first = directory.resolve("first.jfr");
    Path second = directory.resolve("second.jfr");
    try (Recording recording = new Recording()) {
      for (String event :
          List.of(
              "jdk.ObjectAllocationInNewTLAB",
              "jdk.ObjectAllocationOutsideTLAB",
              "jdk.ThreadSleep",
              "jdk.ThreadPark",
              "jdk.JavaMonitorEnter",
              "jdk.JavaMonitorWait",
              "jdk.FileWrite",
              "jdk.ThreadStart",
              "jdk.JavaExceptionThrow",
              "jdk.ClassLoad",
              "jdk.GarbageCollection")) {
        recording.enable(event).withThreshold(Duration.ZERO).withStackTrace();
      }
      recording.enable("jdk.ObjectAllocationSample").with("throttle", "1000/s").withStackTrace();
      recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10));
      recording.enable("jdk.CPUTimeSample").with("throttle", "10ms").withStackTrace();
      recording.enable("jdk.OldObjectSample").with("cutoff", "0 ns").withStackTrace();
      recording.enable("jdk.ActiveSetting");
      recording.enable("jdk.SystemProcess");
      recording.enable("jdk.InitialEnvironmentVariable");
      recording.start();
      work();
      recording.dump(first);
      work();
      recording.stop();
      recording.dump(second);
    }
    recorded = directory.resolve("recorded.jfr");
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(Files.readAllBytes(first));
    both.write(Files.readAllBytes(second));
    Files.write(recorded, both.toByteArray());
  }

  private static void work() throws Exception {
    deep(200);
    TruthProgram.allocateSmall(4 << 20);
    ReentrantLock lock = new ReentrantLock();
    Object monitor = new Object();
    Thread waiter =
        new Thread(
            () -> {
              lock.lock();
              lock.unlock();
              synchronized (monitor) {
                monitor.notifyAll();
              }
            },
            "waits for Ünïcode 線");
    lock.lock();
    synchronized (monitor) {
      waiter.start();
      monitor.wait(20);
      lock.unlock();
      TimeUnit.MILLISECONDS.sleep(5);
    }
    waiter.join();
    Files.writeString(directory.resolve("written"), "some text");
  }

  private static void deep(int depth) {
    if (depth == 0) {
      TruthProgram.burnShort(200_000_000);
      try {
        throw new IllegalStateException("thrown on purpose");
      } catch (IllegalStateException e) {
        assertThat(e).hasMessageContaining("purpose");
      }
    } else {
      deep(depth - 1);
    }
  }

  @Test
  void countsWhatTheJdkCountsByTypeAndByStack() throws Exception {
    assertSame(recorded);
    JfrConversion conversion = JfrFiles.convert(recorded);
    assertThat(conversion.events())
        .containsKeys(
            "jdk.ObjectAllocationSample",
            "jdk.ThreadSleep",
            "jdk.ThreadStart",
            "jdk.JavaExceptionThrow",
            "jdk.InitialEnvironmentVariable");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "FastSlow_2024_01_16_180855",
        "cortex-dev-01__kafka-0__cpu_lock_alloc__0",
        "dd-trace-java"
      })
  void countsWhatTheJdkCountsOfOtherProfilers(String name) throws Exception {
    Path packed = JfrFilesTest.corpus().map(at -> at.resolve(name + ".jfr.gz")).orElse(Path.of(""));
    assumeTrue(Files.isRegularFile(packed), "there is no corpus of recordings here");
    Path file = directory.resolve(name + ".jfr");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, file);
    }
    assertSame(file);
  }

  /** Compares each chunk that the JDK reads. */
  private static void assertSame(Path file) throws Exception {
    int compared = 0;
    try (JfrFile chunks = JfrFile.open(file, Long.MAX_VALUE)) {
      byte[] bytes = Files.readAllBytes(file);
      for (JfrFile.Chunk chunk : chunks.chunks()) {
        Path alone = directory.resolve("chunk-" + compared + ".jfr");
        int from = Math.toIntExact(chunk.offset());
        Files.write(
            alone, Arrays.copyOfRange(bytes, from, from + Math.toIntExact(chunk.size())));
        JfrConversion theirs;
        try {
          theirs = readByTheJdk(alone);
        } catch (IOException | InternalError e) {
          continue; // it is stricter than need be
        }
        JfrConversion ours;
        try (JfrFile opened = JfrFile.open(alone, Long.MAX_VALUE)) {
          ours = new JfrFileReader(SETTINGS).read(opened);
        }
        compared++;
        assertThat(ours.remarks()).isEmpty();
        assertThat(ours.events()).isEqualTo(theirs.events()).isNotEmpty();
        assertThat(ours.profiles()).isEqualTo(theirs.profiles()).isNotEmpty();
        for (JvmProfile profile : ours.profiles()) {
          assertThat(byStack(ours, profile))
              .as(profile + " of " + file)
              .isEqualTo(byStack(theirs, profile));
        }
      }
    }
    assertThat(compared).as("chunks that the JDK reads").isPositive();
  }

  private static JfrConversion readByTheJdk(Path file) throws IOException {
    JfrFileCounter counter = new JfrFileCounter(SETTINGS);
    RecordedEvents view = new RecordedEvents(counter.tables(), id -> false, true);
    Map<Long, String> types = new HashMap<>();
    Map<String, Long> counts = new TreeMap<>();
    try (RecordingFile recording = new RecordingFile(file)) {
      while (recording.hasMoreEvents()) {
        RecordedEvent event = recording.readEvent();
        String name = event.getEventType().getName();
        types.put(event.getEventType().getId(), name);
        counts.merge(name, 1L, Long::sum);
        Consumer<JfrEvent> handler = counter.handler(name);
        if (handler != null) {
          counter.count(name, handler, view.of(event));
        }
      }
    }
    counter.endChunk(types, counts);
    List<String> remarks = new ArrayList<>();
    JfrConversion conversion = counter.result(1, 1, remarks);
    assertThat(remarks).isEmpty();
    return conversion;
  }

  private static Map<String, List<Long>> byStack(JfrConversion conversion, JvmProfile profile)
      throws Exception {
    Map<String, List<Long>> sums = new TreeMap<>();
    Profile parsed =
        Profile.parse(conversion.pprof(profile).orElseThrow(), PprofLimits.defaults());
    for (Sample sample : parsed.samples()) {
      StringBuilder key = new StringBuilder(sample.labels().toString());
      for (Frame frame : sample.stack()) {
        key.append('\n').append(frame);
      }
      List<Long> values = new ArrayList<>();
      for (long value : sample.values()) {
        values.add(value);
      }
      sums.merge(
          key.toString(),
          values,
          (a, b) -> {
            List<Long> sum = new ArrayList<>();
            for (int i = 0; i < a.size(); i++) {
              sum.add(a.get(i) + b.get(i));
            }
            return sum;
          });
    }
    return sums;
  }
}
