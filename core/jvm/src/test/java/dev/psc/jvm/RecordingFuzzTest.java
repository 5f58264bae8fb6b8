package dev.psc.jvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.recording.ProfilerChunks;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.repair.PprofCheck;
import java.io.IOException;
import java.io.OutputStream;
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
import jdk.jfr.FlightRecorder;
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
    for (Path java : ChildJvm.allJavas()) {
      Path file = directory.resolve("seed-" + SEEDS.size() + ".jfr");
      ChildJvm.run(java, List.of(), Recorder.class, file.toString());
      SEEDS.add(file.toString());
    }
    for (byte[] chunk : ProfilerChunks.seeds()) {
      Path file = directory.resolve("seed-" + SEEDS.size() + ".jfr");
      SEEDS.add(Files.write(file, chunk).toString());
    }
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

  /** Writes a recording of the JDK that runs it. */
  static final class Recorder {
    private Recorder() {}

    private static final List<byte[]> KEPT = new ArrayList<>();

    public static void main(String[] arguments) throws Exception {
      try (Recording recording = new Recording()) {
        if (FlightRecorder.getFlightRecorder().getEventTypes().stream()
            .anyMatch(type -> type.getName().equals("jdk.CPUTimeSample"))) {
          recording.enable("jdk.CPUTimeSample").with("throttle", "10 ms");
        }
        recording.enable("jdk.OldObjectSample").with("cutoff", "infinity").withStackTrace();
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
        for (int i = 0; i < 300; i++) {
          KEPT.add(new byte[10_000]);
        }
        System.gc(); // the JDK reports what survived a collection
        recording.stop();
        recording.dump(Path.of(arguments[0]));
      }
      assertThat(KEPT).isNotEmpty();
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
      Path other = Files.write(Files.createTempFile("fuzz", ".jfr"), seeds.get(0));
      long read = 0;
      try {
        for (int i = 0;
            i < inputs && (inputs != Integer.MAX_VALUE || System.nanoTime() < end);
            i++) {
          SplittableRandom random = new SplittableRandom(seed + i);
          boolean mustBeRead = write(file, seeds, random);
          long started = System.nanoTime();
          try {
            JfrFiles.Builder builder = JfrFiles.builder();
            if (random.nextInt(8) == 0) {
              builder.group(List.of(other, file)); // compared with another recording
            }
            check(builder.convert(file));
            read++;
          } catch (IOException e) {
            assertThat(e.getMessage()).isNotEmpty();
            assertThat(mustBeRead).as("seed %d: has a whole chunk: %s", seed + i, e).isFalse();
          } catch (RuntimeException | Error e) {
            throw new AssertionError("input of seed " + (seed + i), e);
          }
          assertThat(System.nanoTime() - started)
              .as("nanoseconds for the input of seed %d", seed + i)
              .isLessThan(MOST_NANOS);
        }
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(other);
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

    /**
     * Writes a mutation, at times between whole chunks.
     *
     * @return whether a whole chunk comes first, which damage behind it must not hide
     */
    private static boolean write(Path file, List<byte[]> seeds, SplittableRandom random)
        throws IOException {
      byte[] seed = seeds.get(random.nextInt(seeds.size())).clone();
      byte[] mutated =
          random.nextInt(3) == 0 ? damageStructure(seed, random) : mutate(seed, random);
      if (random.nextInt(4) > 0) {
        Files.write(file, mutated);
        return false;
      }
      try (OutputStream out = Files.newOutputStream(file)) {
        out.write(seeds.get(0)); // a recording of a JDK
        out.write(mutated);
        out.write(seeds.get(random.nextInt(seeds.size())));
      }
      return true;
    }

    /** Damages what leads to other places, by the layout of a chunk. */
    private static byte[] damageStructure(byte[] bytes, SplittableRandom random) {
      ByteBuffer header = ByteBuffer.wrap(bytes);
      long constants = header.getLong(16);
      long metadata = header.getLong(24);
      switch (random.nextInt(9)) {
        case 0 -> header.putLong(16, metadata).putLong(24, constants);
        case 1 -> header.putLong(16, random.nextLong(bytes.length));
        case 2 -> header.putLong(24, random.nextLong(bytes.length));
        case 3 -> header.putLong(32, pick(random)).putLong(40, pick(random));
        case 4 -> header.putLong(48, pick(random)).putLong(56, pick(random));
        case 5 -> header.putLong(8, random.nextBoolean() ? pick(random) : bytes.length + 1L);
        case 6 -> {
          return Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length)); // cut off
        }
        case 7 -> {
          // Numbers of pools and of constants, and how far away the checkpoint before is.
          for (int n = 0; n < 4; n++) {
            absurd(bytes, (int) constants + random.nextInt(80), random);
          }
        }
        default -> {
          // The lengths of strings.
          for (int n = 0; n < 20; n++) {
            int at = random.nextInt(bytes.length);
            while (at < bytes.length && bytes[at] != 3 && bytes[at] != 5) {
              at++;
            }
            absurd(bytes, at + 1, random);
          }
        }
      }
      return bytes;
    }

    private static long pick(SplittableRandom random) {
      long[] values = {0, 1, -1, 68, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 40, -(1L << 40)};
      return values[random.nextInt(values.length)];
    }

    /** Writes a large number, as compressed and as plain ones are written. */
    private static void absurd(byte[] bytes, int at, SplittableRandom random) {
      byte[] large = {-1, -1, -1, (byte) (random.nextBoolean() ? 7 : -1), 7};
      for (int i = 0; i < large.length && at + i < bytes.length; i++) {
        bytes[at + i] = large[i];
      }
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
