package dev.psc.jvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.repair.PprofCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mutated recordings in a JVM with a heap of 256 MB: each gives profiles that a strict store
 * accepts, or an {@link IOException}, within ten seconds. A failure prints the seed of the input.
 */
class RecordingFuzzTest {

  private static final long SEED = 20_260_101;
  private static final int SHORT_INPUTS = 400;

  /** How long the long run takes: {@code -Dpsc.fuzz.seconds=600} for ten minutes. */
  private static final long LONG_SECONDS = Long.getLong("psc.fuzz.seconds", 40);

  private static final long MOST_NANOS = 10_000_000_000L;

  @TempDir private static Path directory;
  private static final List<String> SEEDS = new ArrayList<>();

  @Name("profiler.Malloc")
  static final class Malloc extends Event {
    long address;
    long size = 100;
  }

  @Name("datadog.ObjectSample")
  static final class ObjectSample extends Event {
    Class<?> objectClass = String.class;
    long size = 24;
    float weight = 3;
  }

  @BeforeAll
  static void record() throws Exception {
    Path file = directory.resolve("seed.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(10));
      recording.enable("jdk.ObjectAllocationSample").with("throttle", "500/s").withStackTrace();
      recording.enable("jdk.ThreadPark").withThreshold(Duration.ZERO).withStackTrace();
      recording.enable("jdk.JavaExceptionThrow").withStackTrace();
      recording.enable("jdk.ActiveSetting");
      recording.enable(Malloc.class);
      recording.enable(ObjectSample.class);
      recording.start();
      TruthProgram.burnShort(100_000_000);
      TruthProgram.allocateSmall(2 << 20);
      for (int i = 0; i < 50; i++) {
        Malloc malloc = new Malloc();
        malloc.address = i % 20;
        malloc.commit();
        new ObjectSample().commit();
      }
      recording.stop();
      recording.dump(file);
    }
    SEEDS.add(file.toString());
    Optional<Path> corpus = JfrFilesTest.corpus();
    if (corpus.isPresent()) {
      try (Stream<Path> files = Files.list(corpus.get())) {
        files
            .filter(other -> other.toString().endsWith(".jfr.gz"))
            .sorted()
            .forEach(other -> SEEDS.add(other.toString()));
      }
    }
  }

  @Test
  void mutatedRecordingsNeitherCrashNorHang() throws Exception {
    fuzz(SEED, SHORT_INPUTS, 0);
  }

  @Test
  @Tag("slow")
  void mutatedRecordingsNeitherCrashNorHangForAWhile() throws Exception {
    fuzz(new SplittableRandom().nextLong(), Integer.MAX_VALUE, LONG_SECONDS);
  }

  private static void fuzz(long seed, int inputs, long seconds) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.add(Long.toString(seed));
    arguments.add(Integer.toString(inputs));
    arguments.add(Long.toString(seconds));
    arguments.addAll(SEEDS);
    Process process =
        ChildJvm.start(
            ChildJvm.thisJava(),
            List.of("-Xmx256m", "-XX:+ExitOnOutOfMemoryError"),
            Program.class,
            arguments.toArray(new String[0]));
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    assertThat(printed).as("mutations that leave something to read").contains("some were read");
  }

  /** Converts mutations until a number or a time is reached; for a separate JVM. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws Exception {
      long seed = Long.parseLong(arguments[0]);
      int inputs = Integer.parseInt(arguments[1]);
      long end = System.nanoTime() + Long.parseLong(arguments[2]) * 1_000_000_000L;
      List<byte[]> seeds = new ArrayList<>();
      for (int i = 3; i < arguments.length; i++) {
        seeds.add(read(Path.of(arguments[i])));
      }
      Path file = Files.createTempFile("fuzz", ".jfr");
      long read = 0;
      try {
        for (int i = 0;
            i < inputs && (inputs != Integer.MAX_VALUE || System.nanoTime() < end);
            i++) {
          SplittableRandom random = new SplittableRandom(seed + i);
          Files.write(file, mutate(seeds.get(random.nextInt(seeds.size())).clone(), random));
          long started = System.nanoTime();
          try {
            check(JfrFiles.convert(file));
            read++;
          } catch (IOException e) {
            assertThat(e.getMessage()).isNotEmpty();
          } catch (RuntimeException | Error e) {
            throw new AssertionError("input of seed " + (seed + i), e);
          }
          assertThat(System.nanoTime() - started)
              .as("nanoseconds for the input of seed %d", seed + i)
              .isLessThan(MOST_NANOS);
        }
      } finally {
        Files.deleteIfExists(file);
      }
      System.out.println(read > 0 ? "some were read" : "none was read");
    }

    private static byte[] read(Path file) throws IOException {
      if (!file.toString().endsWith(".gz")) {
        return Files.readAllBytes(file);
      }
      try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
        return in.readAllBytes();
      }
    }

    private static void check(JfrConversion conversion) throws Exception {
      assertThat(conversion.start().getEpochSecond()).isPositive();
      assertThat(conversion.duration()).isPositive();
      for (JvmProfile profile : conversion.profiles()) {
        assertThat(PprofCheck.check(conversion.pprof(profile).orElseThrow()).violations())
            .as("what a strict store rejects in %s", profile)
            .isEmpty();
      }
      assertThat(conversion.profiles(LabelSet.of("job", "fuzz")))
          .hasSameSizeAs(conversion.profiles());
    }

    private static byte[] mutate(byte[] recording, SplittableRandom random) {
      byte[] bytes = recording;
      for (int n = 1 + random.nextInt(4); n > 0 && bytes.length > 80; n--) {
        int at = Math.min(place(bytes, random), bytes.length - 1);
        int length = Math.min(1 + random.nextInt(12), bytes.length - at);
        switch (random.nextInt(7)) {
          case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
          case 1 -> bytes[at] = (byte) random.nextInt();
          case 2 -> Arrays.fill(bytes, at, at + length, (byte) 0xff);
          case 3 -> Arrays.fill(bytes, at, at + length, (byte) 0);
          case 4 -> {
            bytes = Arrays.copyOf(bytes, Math.max(68, at));
            ByteBuffer.wrap(bytes).putLong(8, bytes.length); // as if it were whole
          }
          case 5 -> {
            int from = random.nextInt(bytes.length - length + 1);
            System.arraycopy(bytes, from, bytes, at, length);
          }
          default -> {
            byte[] longer = new byte[bytes.length + length];
            System.arraycopy(bytes, 0, longer, 0, at);
            System.arraycopy(bytes, at, longer, at + length, bytes.length - at);
            bytes = longer;
            ByteBuffer.wrap(bytes).putLong(8, bytes.length);
          }
        }
      }
      return bytes;
    }

    /** Half of the damage goes to the few places that lead to others. */
    private static int place(byte[] bytes, SplittableRandom random) {
      int constants = (int) ByteBuffer.wrap(bytes).getLong(16);
      int metadata = (int) ByteBuffer.wrap(bytes).getLong(24);
      int place =
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(68);
            case 1 -> constants + random.nextInt(4_000);
            case 2 -> metadata + random.nextInt(20_000);
            default -> random.nextInt(bytes.length);
          };
      return place < 0 ? random.nextInt(bytes.length) : place;
    }
  }
}
