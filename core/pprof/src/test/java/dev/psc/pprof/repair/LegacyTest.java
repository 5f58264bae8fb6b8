package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Mapping;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Profiles in the formats before pprof's protobuf. */
class LegacyTest {

  private static final String MAP =
      """

      MAPPED_LIBRARIES:
      00400000-00500000 r-xp 00000000 08:01 1234 /usr/bin/shop
      7f0000000000-7f0000100000 r-xp 00001000 08:01 1235 /lib/libc.so.6
      7f0000100000-7f0000200000 rw-p 00000000 00:00 0
      """;
  private static final String HEAP =
      """
      heap profile:    3:     4096 [   5:   8192] @ heap_v2/524288
           1:     1024 [   2:   2048] @ 0x00401001 0x7f0000000011
           2:     3072 [   3:   6144] @ 0x00401001
      """
          + MAP;

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** What a strict store gets. */
  private static Profile sent(byte[] body) throws PprofException {
    Repaired repaired =
        Repair.repair(body, PprofLimits.defaults(), new RepairContext(1_000, 10_000));
    assertThat(repaired.actions()).extracting(RepairAction::code).contains("converted");
    assertThat(PprofCheck.check(repaired.bytes()).violations()).isEmpty();
    return Profile.parse(repaired.bytes());
  }

  private static List<Long> addresses(Sample sample) {
    return sample.stack().stream().map(Frame::address).toList();
  }

  @Test
  void convertsHeapsOfTcmalloc() throws Exception {
    for (byte[] body : List.of(text(HEAP), RawPprof.gzip(text(HEAP)))) {
      Profile heap = sent(body);
      assertThat(heap.sampleTypes())
          .containsExactly(
              new SampleType("alloc_objects", "count"),
              new SampleType("alloc_space", "bytes"),
              new SampleType("inuse_objects", "count"),
              new SampleType("inuse_space", "bytes"));
      assertThat(heap.periodType()).isEqualTo(new SampleType("space", "bytes"));
      assertThat(heap.period()).isEqualTo(524_288);
      assertThat(heap.timeNanos()).isEqualTo(1_000);
      assertThat(heap.durationNanos()).as("a snapshot").isZero();
      // 1 / (1 - exp(-1024 / 524288)) objects were there for each one that was sampled.
      assertThat(heap.samples().get(0).value(2)).isEqualTo(512);
      assertThat(heap.samples().get(0).value(3)).isEqualTo(524_800);
      assertThat(addresses(heap.samples().get(0))).containsExactly(0x401000L, 0x7f0000000010L);
      assertThat(heap.samples().get(0).labels().get(0).number()).isEqualTo(1_024);
      assertThat(heap.mappings())
          .extracting(Mapping::file)
          .containsExactly("/usr/bin/shop", "/lib/libc.so.6");
    }
  }

  @Test
  void keepsSampleTypesOfAConvertedProfile() throws Exception {
    Repaired repaired =
        Repair.repair(
            text(HEAP),
            PprofLimits.defaults(),
            RepairContext.none(),
            KeepSampleTypes.of(List.of(new SampleType("inuse_space", "bytes"))));
    Profile kept = Profile.parse(repaired.bytes());
    assertThat(kept.sampleTypes()).containsExactly(new SampleType("inuse_space", "bytes"));
    assertThat(kept.sampleCount()).isEqualTo(2);
    assertThatThrownBy(
            () ->
                Repair.repair(
                    text(HEAP),
                    PprofLimits.defaults(),
                    RepairContext.none(),
                    KeepSampleTypes.of(List.of(new SampleType("cpu", "nanoseconds")))))
        .hasMessageContaining("inuse_space");
  }

  @Test
  void convertsGrowthAndUnsampledHeaps() throws Exception {
    Profile growth = sent(text("heap profile: 1: 2 [ 1: 2] @ growthz\n 1: 2 [ 1: 2] @ 0x10\n"));
    assertThat(growth.sampleTypes())
        .containsExactly(new SampleType("objects", "count"), new SampleType("space", "bytes"));
    assertThat(growth.samples().get(0).value(1)).isEqualTo(2);
    Profile all = sent(text("heap profile: 1: 2 [ 1: 2] @ heapprofile\n 1: 2 [ 1: 2] @ 0x10\n"));
    assertThat(all.samples().get(0).value(0)).isEqualTo(1);
  }

  @Test
  void convertsCountsOfGo() throws Exception {
    Profile counts =
        sent(
            text(
                """
                goroutine profile: total 7
                5 @ 0x43a116 0x44a3de 0x46b3a1
                #	0x43a115	main.work+0x15	/src/main.go:12

                2 @ 0x43a116 0x46b3a1
                """));
    assertThat(counts.sampleTypes()).containsExactly(new SampleType("goroutine", "count"));
    assertThat(counts.totals()).containsExactly(7);
    assertThat(addresses(counts.samples().get(1))).containsExactly(0x43a115L, 0x46b3a0L);
    assertThat(counts.durationNanos()).isZero();
  }

  @Test
  void convertsContention() throws Exception {
    Profile contention =
        sent(
            text(
                """
                --- contentionz 1 ---
                cycles/second = 2000000000
                sampling period = 100
                ms since reset = 16
                discarded samples = 0
                  1000 3 @ 0x401001 0x402001
                --- Memory map: ---
                """
                    + MAP));
    assertThat(contention.totals()).containsExactly(300, 50_000);
    assertThat(contention.durationNanos()).isEqualTo(16_000_000);
    Profile mutex =
        sent(text("--- mutex:\ncycles/second=1000000000\nsampling period=1\n7 2 @ 0x10 0x20\n"));
    assertThat(mutex.totals()).containsExactly(2, 7);
  }

  @Test
  void convertsThreads() throws Exception {
    Profile threads =
        sent(
            text(
                """
                --- threadz 1 ---

                --- Thread 7f1 (name: main/12) stack: ---
                  PC: 0x401000 0x402001: main
                --- Thread 7f2 (name: w/13) stack: ---
                  [same as previous thread]
                --- Memory map: ---
                  00400000-00500000: /usr/bin/shop
                """));
    assertThat(threads.sampleTypes()).containsExactly(new SampleType("thread", "count"));
    assertThat(threads.totals()).containsExactly(2);
    assertThat(addresses(threads.samples().get(0))).containsExactly(0x401000L, 0x402000L);
  }

  @Test
  void convertsTextOfJavaAgentsWithNames() throws Exception {
    Profile heap =
        sent(
            text(
                """
                --- heapz 1 ---
                format = java
                resolution = bytes
                     1048576     2 @ 0x3 0x4
                  0x3 com.example.Main.run (Main.java:12)
                  0x4 Thread.start (/lib/libjvm.so)
                """));
    assertThat(heap.samples().get(0).stack())
        .extracting(Frame::function)
        .containsExactly("com.example.Main.run", "Thread.start");
    assertThat(heap.samples().get(0).stack().get(0).line()).isEqualTo(12);
    assertThat(heap.samples().get(0).stack().get(1).file()).isEqualTo("libjvm.so");
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 8})
  void convertsCpuProfilesOfGperftools(int width) throws Exception {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      ByteBuffer words = ByteBuffer.allocate(1_000).order(order);
      for (long word : new long[] {0, 3, 0, 10_000, 0, 5, 2, 0x401000, 0x402001, 0, 1, 0}) {
        if (width == 4) {
          words.putInt((int) word);
        } else {
          words.putLong(word);
        }
      }
      words.put(text("00400000-00500000 r-xp 00000000 08:01 1234 /usr/bin/shop\n"));
      Profile cpu = sent(Arrays.copyOf(words.array(), words.position()));
      assertThat(cpu.sampleTypes())
          .containsExactly(
              new SampleType("samples", "count"), new SampleType("cpu", "nanoseconds"));
      assertThat(cpu.totals()).containsExactly(5, 50_000_000);
      assertThat(cpu.period()).isEqualTo(10_000_000);
      assertThat(cpu.durationNanos()).as("that of the request").isEqualTo(10_000);
      assertThat(cpu.mappings()).extracting(Mapping::file).containsExactly("/usr/bin/shop");
    }
  }

  @Test
  void namesTheLineThatIsMalformed() {
    assertThatThrownBy(() -> Repair.repair(text(HEAP.replace("2:     3072", "2;     3072"))))
        .isInstanceOfSatisfying(
            PprofException.class, e -> assertThat(e.code()).isEqualTo(PprofException.LEGACY_TEXT))
        .hasMessageContaining("line 3")
        .hasMessageContaining("not a sample of a heap profile");
    String address = "goroutine profile: total 1\n1 @ 0x" + "f".repeat(17) + "\n";
    assertThatThrownBy(() -> Repair.repair(text(address))).hasMessageContaining("64 bits");
    String line = "goroutine profile: total 1\n1 @" + " 0x1".repeat(20_000) + "\n";
    assertThatThrownBy(() -> Repair.repair(text(line))).hasMessageContaining("65536 bytes");
  }

  @Test
  void isNotConvertedBeyondAnEighthOfTheLimit() {
    PprofLimits limits = PprofLimits.defaults().withInflatedBytes(4_000);
    assertThatThrownBy(
            () -> Repair.repair(text(HEAP + "\n".repeat(1_000)), limits, RepairContext.none()))
        .isInstanceOfSatisfying(
            PprofException.class, e -> assertThat(e.code()).isEqualTo(PprofException.TOO_LARGE));
  }

  @Test
  void refusesStacksAndMapsThatWouldTakeTooLong() {
    ByteBuffer words = ByteBuffer.allocate(400_000).order(ByteOrder.LITTLE_ENDIAN);
    for (int word : new int[] {0, 3, 0, 10_000, 0, 5, 20_000}) {
      words.putInt(word);
    }
    assertThatThrownBy(() -> Repair.repair(words.array())).hasMessageContaining("20000 frames");
    StringBuilder many = new StringBuilder("goroutine profile: total 1\n");
    for (int i = 0; i < 30_000; i++) {
      many.append("1 @ 0x").append(Integer.toHexString(0x10_000 + i)).append('\n');
    }
    many.append("--- Memory map: ---\n");
    many.append("10-11\n20-21\n".repeat(25_000));
    assertThatThrownBy(() -> Repair.repair(text(many.toString())))
        .hasMessageContaining("too many to assign");
    String names =
        "--- Memory map: ---\na=" + "x".repeat(60_000) + "\n" + "1-2 $a\n".repeat(10_000);
    assertThatThrownBy(() -> Repair.repair(text("goroutine profile: total 1\n" + names)))
        .hasMessageContaining("too long texts");
  }

  @Test
  void readsHostileLinesInLinearTime() {
    String[] lines = {
      "1".repeat(60_000),
      "1 ".repeat(30_000),
      "1: ".repeat(20_000),
      "1: 1 [".repeat(10_000),
      "-".repeat(60_000),
      " ".repeat(60_000) + "x",
      "a(".repeat(30_000) + ")",
      "$".repeat(60_000),
      "f".repeat(60_000) + " ".repeat(5_000) + "r-xp",
      "[:0] ".repeat(10_000),
    };
    String[] heads = {
      "heap profile: 1: 2 [ 1: 2] @ heapprofile\n",
      "goroutine profile: total 1\n",
      "--- contentionz 1 ---\n",
      "--- contentionz 1 ---\nformat = java\nresolution = microseconds\n 1 1 @ 0x1\n 0x1 ",
      "--- threadz 1 ---\n--- Thread 1 (name: a/1) stack: ---\n",
      "goroutine profile: total 1\n--- Memory map: ---\na=b\n",
    };
    assertThat(Duration.ofSeconds(30))
        .isGreaterThan(
            time(
                () -> {
                  for (String head : heads) {
                    for (String line : lines) {
                      try {
                        Profile.parse(text(head + (line + "\n").repeat(20)));
                      } catch (PprofException e) {
                        assertThat(e.code()).isNotEmpty();
                      }
                    }
                  }
                }));
  }

  private static Duration time(Runnable task) {
    long start = System.nanoTime();
    task.run();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  @Test
  void aStoreIsNotSentThemAsTheyAre() {
    assertThatThrownBy(() -> PprofCheck.check(text(HEAP)))
        .isInstanceOfSatisfying(
            PprofException.class, e -> assertThat(e.code()).isEqualTo(PprofException.LEGACY_TEXT));
  }
}
