package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.format.PprofException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each bomb is refused for little more than reading as much of it as is allowed, in 64 MiB. */
class BombTest {

  private static final long HEAP_BYTES = 64L << 20;

  /** What may be needed on top of reading. */
  private static final long MORE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Processor time varies with what else runs, but only upwards: the best of some runs counts. */
  private static final int MOST_RUNS = 30;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir private Path directory;

  static List<Bomb> bombs() {
    return Bomb.all();
  }

  @ParameterizedTest
  @MethodSource("bombs")
  void refusesItForLittleMoreThanReadingIt(Bomb bomb) {
    long reading = Long.MAX_VALUE;
    long refusing = Long.MAX_VALUE;
    for (int run = 0; run < MOST_RUNS && (run < 2 || refusing > reading + MORE_NANOS); run++) {
      long start = THREADS.getCurrentThreadCpuTime();
      bomb.read();
      reading = Math.min(reading, THREADS.getCurrentThreadCpuTime() - start);
      long before = THREADS.getCurrentThreadAllocatedBytes();
      start = THREADS.getCurrentThreadCpuTime();
      PprofException error = bomb.refusal();
      refusing = Math.min(refusing, THREADS.getCurrentThreadCpuTime() - start);
      assertThat(error.code()).isIn(bomb.codes());
      assertThat(THREADS.getCurrentThreadAllocatedBytes() - before).isLessThan(HEAP_BYTES);
    }
    assertThat(refusing)
        .as("ns to refuse, where reading takes %d", reading)
        .isLessThanOrEqualTo(reading + MORE_NANOS);
  }

  @Test
  void saysWhichLimitAGibibyteOfZerosExceeds() {
    assertThat(bombs().get(0).body().length).isLessThan(2 << 20);
    assertThat(bombs().get(0).refusal()).hasMessageContaining("PprofLimits.ratio");
    assertThat(bombs().get(1).refusal()).hasMessageContaining("PprofLimits.inflatedBytes");
  }

  @Test
  void refusesAllInAHeapOf64MiB() throws Exception {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String out =
        Commands.output(
            directory,
            List.of(java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", classes, Bomb.class.getName()));
    assertThat(out.lines().filter(line -> line.contains(": "))).hasSize(bombs().size() + 1);
    assertThat(out).containsPattern("heap: 6\\d MiB");
  }
}
