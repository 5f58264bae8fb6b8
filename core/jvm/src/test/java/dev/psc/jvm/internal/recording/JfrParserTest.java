package dev.psc.jvm.internal.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.jvm.JfrFiles;
import dev.psc.jvm.JfrFilesTest;
import dev.psc.jvm.TruthProgram;
import dev.psc.jvm.internal.capture.RecordedEvents;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.JfrEvent;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
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
import java.util.regex.Pattern;
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
      CaptureSettings.builder()
          .lockThreshold(Duration.ZERO)
          .blockThreshold(Duration.ZERO)
          .ownThreads(true)
          .idleThreads(true)
          .threadNames(true)
          .allocatedClass(true)
          .build();

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

  @SuppressWarnings("WaitNotInLoop") // it waits for nothing but to be recorded
  private static void work() throws Exception {
    deep(200);
    TruthProgram.allocateSmall(4 << 20);
    ReentrantLock lock = new ReentrantLock();
    Object monitor = new Object();
    Thread waiter =
        new Thread(
            () -> {
              lock.lock();
              try {
                synchronized (monitor) {
                  monitor.notifyAll();
                }
              } finally {
                lock.unlock();
              }
            },
            "waits for Ünïcode 線");
    synchronized (monitor) {
      lock.lock();
      try {
        waiter.start();
        monitor.wait(20);
      } finally {
        lock.unlock();
      }
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
        Files.write(alone, Arrays.copyOfRange(bytes, from, from + Math.toIntExact(chunk.size())));
        JfrConversion theirs;
        try {
          theirs = readByTheJdk(alone);
        } catch (IOException | InternalError e) {
          continue; // stricter than necessary
        }
        JfrConversion ours;
        try (JfrFile opened = JfrFile.open(alone, Long.MAX_VALUE)) {
          ours = new JfrFileReader(SETTINGS).read(opened);
        }
        compared++;
        assertThat(ours.remarks()).isEqualTo(theirs.remarks());
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

  /** Damage ends in a remark or in an IOException, within a time, whatever it is. */
  @ParameterizedTest
  @CsvSource({"bits, 120", "cut, 40", "zeros, 50", "ones, 50", "sizes, 60", "copied, 40"})
  void damageIsSaidAndNeverMore(String kind, int times) throws Exception {
    byte[] whole = Files.readAllBytes(directory.resolve("first.jfr"));
    SplittableRandom random = new SplittableRandom(SEED + kind.hashCode());
    Path file = directory.resolve("damaged-" + kind + ".jfr");
    int read = 0;
    for (int i = 0; i < times; i++) {
      byte[] damaged = damage(whole.clone(), kind, random);
      Files.write(file, damaged);
      long started = System.nanoTime();
      try (JfrFile opened = JfrFile.open(file, Long.MAX_VALUE)) {
        JfrConversion conversion = new JfrFileReader(SETTINGS).read(opened);
        assertThat(conversion.events()).isNotEmpty();
        assertThat(conversion.remarks()).noneMatch(JfrParserTest::namesAnException);
        read++;
      } catch (IOException e) {
        assertThat(e.getMessage()).matches(message -> !namesAnException(message));
      } catch (RuntimeException | Error e) {
        throw new AssertionError(kind + " number " + i + ", seed " + SEED, e);
      }
      assertThat(Duration.ofNanos(System.nanoTime() - started))
          .as(kind + " number " + i)
          .isLessThan(Duration.ofSeconds(10));
    }
    if (!kind.equals("cut")) { // the metadata are at the end
      assertThat(read).as("files of which something was read").isPositive();
    }
  }

  @Test
  void reasonsAreSentences() {
    IOException cause = new IOException("it is cut off");
    assertThat(JfrFileReader.reason(cause)).isEqualTo("it is cut off");
    assertThat(JfrFileReader.reason(new UncheckedIOException(cause))).isEqualTo("it is cut off");
    assertThat(JfrFileReader.reason(new IllegalArgumentException("it has no field a")))
        .isEqualTo("it has no field a");
    assertThat(JfrFileReader.reason(new ArrayIndexOutOfBoundsException("Index 9")))
        .contains("goes beyond the end");
  }

  /** An exception of Java: names of events, such as jdk.JavaExceptionThrow, are none. */
  private static boolean namesAnException(String sentence) {
    return Pattern.compile("\\bjava\\.[.\\w]*(Exception|Error)").matcher(sentence).find();
  }

  private static byte[] damage(byte[] bytes, String kind, SplittableRandom random) {
    // The places that lead to others are few: they get a third of the damage.
    int constants = (int) ByteBuffer.wrap(bytes).getLong(16);
    int metadata = (int) ByteBuffer.wrap(bytes).getLong(24);
    int at =
        switch (random.nextInt(6)) {
          case 0 -> 4 + random.nextInt(64);
          case 1 -> constants + random.nextInt(200);
          case 2 -> metadata + random.nextInt(20_000);
          default -> 68 + random.nextInt(bytes.length - 68);
        };
    at = Math.min(at, bytes.length - 1);
    int length = Math.min(1 + random.nextInt(16), bytes.length - at);
    switch (kind) {
      case "bits" -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case "cut" -> {
        byte[] cut = Arrays.copyOf(bytes, Math.max(68, at));
        if (random.nextBoolean()) {
          ByteBuffer.wrap(cut).putLong(8, cut.length); // as if it were whole
        }
        return cut;
      }
      case "zeros" -> Arrays.fill(bytes, at, at + length, (byte) 0);
      case "ones" -> Arrays.fill(bytes, at, at + length, (byte) 0xff);
      case "sizes" -> {
        byte[] huge = {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x07};
        System.arraycopy(huge, 0, bytes, at, Math.min(huge.length, bytes.length - at));
      }
      default -> {
        int from = 68 + random.nextInt(bytes.length - 68 - length);
        System.arraycopy(bytes, from, bytes, at, length);
      }
    }
    return bytes;
  }

  @Test
  void whatIsBeforeDamageCounts() throws Exception {
    byte[] bytes = Files.readAllBytes(directory.resolve("first.jfr"));
    long all = events(JfrFiles.convert(directory.resolve("first.jfr")));
    List<Integer> starts = new ArrayList<>();
    JfrInput in = new JfrInput(bytes, true);
    for (int at = 68; at < bytes.length; ) {
      in.position(at);
      int size = in.readInt();
      if (in.readLong() > 1) { // neither metadata nor constants
        starts.add(at);
      }
      at += size;
    }
    int broken = starts.get(starts.size() * 3 / 4);
    Arrays.fill(bytes, broken, broken + 1, (byte) 0);
    Path file = Files.write(directory.resolve("broken.jfr"), bytes);
    JfrConversion conversion = JfrFiles.convert(file);
    assertThat(conversion.remarks())
        .singleElement()
        .asString()
        .contains("chunk 1 can be read in part, its first " + broken + " of " + bytes.length);
    assertThat(events(conversion)).isPositive().isLessThan(all);
    assertThat(conversion.profiles()).isNotEmpty();
  }

  private static long events(JfrConversion conversion) {
    return conversion.events().values().stream().mapToLong(Long::longValue).sum();
  }

  @ParameterizedTest
  @CsvSource({"true, 2", "false, 2", "true, 1"})
  void readsEachWayOfWritingNumbersAndStrings(boolean compressed, int version) throws Exception {
    JfrConversion conversion = convert(handMade(compressed, version));
    assertThat(conversion.remarks()).isEmpty();
    assertThat(conversion.events()).isEqualTo(Map.of("jdk.ThreadSleep", 4L));
    assertThat(byStack(conversion, JvmProfile.BLOCK).entrySet())
        .extracting(entry -> entry.getKey().replaceAll("(?s)^[^\n]*\n", "") + entry.getValue())
        .containsExactlyInAnyOrder(
            "a.B.leaf (a/B.java:7)\na.B$C.root (a/B.java:0)\n[truncated][2, 3000]",
            "a.B$C.root (a/B.java:0)[1, 1000]",
            "[no stack][1, 70000]");
  }

  /** Four sleeps: two of a stack, one of another, and one whose stack and thread are missing. */
  private static HandMadeChunk handMade(boolean compressed, int version) {
    return new HandMadeChunk(compressed, version)
        .checkpoint(
            pools -> {
              pools.integer(2);
              pools.number(6).integer(4);
              pools.number(1).text("a/B").number(2).latin("a/B$C");
              pools.number(3).chars("leaf").number(1L << 62).text("root");
              pools.number(9).integer(2);
              pools.number(1).integer(2).integer(7).number(50).integer(0).number(51).raw(1);
              pools.number(300).integer(1).integer(-1).number(51).raw(0);
            })
        .checkpoint(
            pools -> {
              pools.integer(3);
              pools.number(5).integer(2).number(-1).number(1).number(21).number(2);
              pools.number(7).integer(2);
              pools.number(50).number(-1).number(3).number(51).number(21).number(1L << 62);
              pools.number(4).integer(1).number(9).raw(1).number(77);
            })
        .event(100, event -> event.number(6_000).number(1_000).number(1).number(9))
        .event(100, event -> event.number(7_000).number(2_000).number(1).number(9))
        .event(7, event -> event.number(1)) // no event
        .event(100, event -> event.number(7_000).number(1_000).number(300).number(9))
        .event(100, event -> event.number(7_000).number(70_000).number(8).number(8));
  }

  private static JfrConversion convert(HandMadeChunk chunk) throws IOException {
    return JfrFiles.convert(Files.write(directory.resolve("hand-made.jfr"), chunk.build()));
  }

  private static void assertRefused(HandMadeChunk chunk, String reason) {
    assertThatThrownBy(() -> convert(chunk))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chunk 1 cannot be read: ")
        .hasMessageContaining(reason);
  }

  @Test
  void whatNeverEndsIsRefused() {
    assertRefused(handMade(true, 2).circle(), "refer to one another in a circle");
    assertRefused(
        handMade(true, 2).checkpoint(pools -> pools.integer(Integer.MAX_VALUE)),
        "a count of 2147483647, which is more than follows");
    assertRefused(
        handMade(true, 2).checkpoint(pools -> pools.integer(1).number(6).integer(-1)),
        "a count of 4294967295, which is more than follows");
    assertRefused(
        handMade(true, 2)
            .type(11, "endless", "", "part:11")
            .checkpoint(pools -> pools.integer(1).number(11).integer(1).number(1)),
        "contains itself");
    assertRefused(
        handMade(true, 2)
            .type(11, "empty", "")
            .type(12, "many", "", "parts:11:array")
            .checkpoint(
                pools -> pools.integer(1).number(12).integer(1).number(1).integer(1).raw(0)),
        "empty is not described");
    assertRefused(handMade(true, 3), "version 3.0; supported are 1.x and 2.x");
  }

  /** A million characters, two thousand times: 2 GB of names from 1 MB. */
  @Test
  void aLongNameThatManyMethodsHaveIsNotMadeForEach() throws Exception {
    int methods = 2_000;
    HandMadeChunk chunk =
        new HandMadeChunk(true, 2)
            .checkpoint(
                pools -> {
                  pools.integer(3);
                  pools.number(6).integer(1).number(1).latin("x".repeat(1_000_000));
                  pools.number(7).integer(methods);
                  for (int i = 1; i <= methods; i++) {
                    pools.number(i).number(0).number(1);
                  }
                  pools.number(9).integer(methods);
                  for (int i = 1; i <= methods; i++) {
                    pools.number(i).integer(1).integer(1).number(i).raw(0);
                  }
                });
    for (int i = 1; i <= methods; i++) {
      int stack = i;
      chunk.event(100, event -> event.number(6_000).number(1_000).number(stack).number(9));
    }
    assertThat(convert(chunk).remarks()).anyMatch(remark -> remark.contains("characters"));
  }

  @Test
  void stringsThatReferToEachOtherEnd() throws Exception {
    HandMadeChunk chunk =
        handMade(true, 2)
            .checkpoint(
                pools -> {
                  pools.integer(1).number(3).integer(2);
                  pools.number(1).raw(2).number(2).number(2).raw(2).number(1);
                })
            .type(101, "jdk.ActiveSetting", "jdk.jfr.Event", "id:2", "name:3", "value:3")
            .event(101, event -> event.number(1).raw(2).number(1).raw(0));
    assertThat(convert(chunk).events()).containsEntry("jdk.ActiveSetting", 1L);
  }

  private static JfrConversion readByTheJdk(Path file) throws IOException {
    RecordingConverter counter = new RecordingConverter(SETTINGS);
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
    JfrConversion conversion = counter.result(1, 1, false, remarks);
    assertThat(remarks).allMatch(remark -> remark.contains("are assumed"));
    return conversion;
  }

  private static Map<String, List<Long>> byStack(JfrConversion conversion, JvmProfile profile)
      throws Exception {
    Map<String, List<Long>> sums = new TreeMap<>();
    Profile parsed = Profile.parse(conversion.pprof(profile).orElseThrow(), PprofLimits.defaults());
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
