package dev.psc.jvm.internal.recording;

import static dev.psc.jvm.internal.recording.ProfilerChunks.ACTIVE_RECORDING;
import static dev.psc.jvm.internal.recording.ProfilerChunks.DEFAULT;
import static dev.psc.jvm.internal.recording.ProfilerChunks.EXECUTION;
import static dev.psc.jvm.internal.recording.ProfilerChunks.RUNNABLE;
import static dev.psc.jvm.internal.recording.ProfilerChunks.SLEEPING;
import static dev.psc.jvm.internal.recording.ProfilerChunks.TICKS_AT_START;
import static dev.psc.jvm.internal.recording.ProfilerChunks.allocation;
import static dev.psc.jvm.internal.recording.ProfilerChunks.chunk;
import static dev.psc.jvm.internal.recording.ProfilerChunks.samples;
import static dev.psc.jvm.internal.recording.ProfilerChunks.setting;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.report.Top;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Chunks as async-profiler writes them. */
class ProfilerRecordingTest {

  @TempDir private Path directory;

  private JfrConversion convert(byte[]... chunks) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] chunk : chunks) {
      all.writeBytes(chunk);
    }
    Path file = Files.write(directory.resolve("made.jfr"), all.toByteArray());
    try (JfrFile opened = JfrFile.open(file, 1 << 20)) {
      return new JfrFileReader(CaptureSettings.DEFAULT).read(opened);
    }
  }

  private static long sum(JfrConversion conversion, JvmProfile profile, int column)
      throws Exception {
    return conversion.profiles().contains(profile)
        ? Top.of(
                Profile.parse(conversion.pprof(profile).orElseThrow(), PprofLimits.defaults()),
                column)
            .total()
        : 0;
  }

  @Test
  void tellsCpuSamplesFromWallClockSamplesByState() throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, ACTIVE_RECORDING, "event", "itimer");
    setting(chunk, EXECUTION, "interval", "10000000");
    setting(chunk, EXECUTION, "wall", "100000000");
    samples(chunk, DEFAULT, 116);
    samples(chunk, RUNNABLE, 43);
    samples(chunk, SLEEPING, 530);
    JfrConversion conversion = convert(chunk.build());
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 0)).isEqualTo(116);
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1)).isEqualTo(1_160_000_000L);
    assertThat(sum(conversion, JvmProfile.WALL, 0)).isEqualTo(573);
    assertThat(sum(conversion, JvmProfile.WALL, 1)).isEqualTo(57_300_000_000L);
    assertThat(conversion.remarks()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"itimer, 0, 10000000", "cpu, 5000000, 5000000", "task-clock, 1000, 1000"})
  void samplesOfRunningThreadsAreCpuTimeWhereNothingSamplesTheWallClock(
      String event, String interval, long period) throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, ACTIVE_RECORDING, "event", event);
    setting(chunk, EXECUTION, "interval", interval);
    samples(chunk, RUNNABLE, 10);
    JfrConversion conversion = convert(chunk.build());
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1)).isEqualTo(10 * period);
    assertThat(conversion.profiles()).doesNotContain(JvmProfile.WALL);
    assertThat(conversion.remarks().toString().contains("are assumed"))
        .isEqualTo(period != Long.parseLong(interval));
  }

  @ParameterizedTest
  @CsvSource({"cache-misses", "java.lang.Thread.sleep", "cycles"})
  void samplesThatDoNotMeasureTimeAreNamedAndNotCountedAsTime(String event) throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, ACTIVE_RECORDING, "event", event);
    setting(chunk, EXECUTION, "interval", "1000");
    samples(chunk, DEFAULT, 10);
    JfrConversion conversion = convert(chunk.build());
    assertThat(conversion.profiles()).isEmpty();
    assertThat(conversion.remarks())
        .containsExactly(
            "jdk.ExecutionSample: 10 samples of "
                + event
                + " are in no profile, because they do not measure time");
  }

  @Test
  void theShortestOfSeveralPeriodsInAChunkIsNamed() throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, EXECUTION, "period", "10 ms");
    setting(chunk, EXECUTION, "period", "20 ms");
    samples(chunk, RUNNABLE, 3);
    JfrConversion conversion = convert(chunk.build());
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1)).isEqualTo(30_000_000);
    assertThat(conversion.remarks())
        .singleElement()
        .asString()
        .contains("several sampling periods of jdk.ExecutionSample, [10000000, 20000000] ns");
  }

  @ParameterizedTest
  @CsvSource({"0, 50000000", "20000000, 20000000"})
  void aWallClockRecordingHasNoCpuProfile(String interval, long period) throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, ACTIVE_RECORDING, "event", "wall");
    setting(chunk, EXECUTION, "interval", interval);
    samples(chunk, RUNNABLE, 3);
    samples(chunk, SLEEPING, 7);
    JfrConversion conversion = convert(chunk.build());
    assertThat(conversion.profiles()).containsExactly(JvmProfile.WALL);
    assertThat(sum(conversion, JvmProfile.WALL, 1)).isEqualTo(10 * period);
    assertThat(conversion.remarks()).hasSize(interval.equals("0") ? 1 : 0);
  }

  @Test
  void eachChunkHasItsOwnPeriod() throws Exception {
    HandMadeChunk first = chunk();
    setting(first, EXECUTION, "interval", "10000000");
    samples(first, DEFAULT, 1);
    HandMadeChunk second = chunk();
    setting(second, EXECUTION, "interval", "1000000");
    samples(second, DEFAULT, 1);
    assertThat(sum(convert(first.build(), second.build()), JvmProfile.PROCESS_CPU, 1))
        .isEqualTo(11_000_000);
  }

  @Test
  void countsOnceWhatAProfilerAndTheJdkRecordAtTheSameTime() throws Exception {
    HandMadeChunk profiler = chunk();
    setting(profiler, EXECUTION, "interval", "10000000");
    samples(profiler, DEFAULT, 5);
    allocation(profiler, 1_000);
    HandMadeChunk jdk = chunk().type(120, "jdk.ThreadStart", "jdk.jfr.Event", "startTime:2");
    setting(jdk, EXECUTION, "period", "20 ms");
    samples(jdk, RUNNABLE, 7);
    allocation(jdk, 2_000);

    JfrConversion conversion = convert(jdk.build(), profiler.build());
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1)).isEqualTo(50_000_000);
    assertThat(sum(conversion, JvmProfile.MEMORY, 1)).isEqualTo(1_000);
    assertThat(conversion.remarks())
        .anyMatch(remark -> remark.startsWith("jdk.ExecutionSample: 7 events are left out"));

    byte[] later = jdk.build();
    ByteBuffer.wrap(later).putLong(32, 1_800_000_000_000_000_000L);
    assertThat(sum(convert(profiler.build(), later), JvmProfile.MEMORY, 1)).isEqualTo(3_000);
  }

  @Test
  void aRecordingWithoutTimeHasThatOfItsFile() throws Exception {
    HandMadeChunk chunk = chunk();
    setting(chunk, EXECUTION, "interval", "10000000");
    samples(chunk, DEFAULT, 1);
    byte[] bytes = chunk.build();
    ByteBuffer.wrap(bytes).putLong(32, 0);
    JfrConversion conversion = convert(bytes);
    assertThat(conversion.start().getEpochSecond()).isGreaterThan(1_600_000_000L);
    assertThat(conversion.remarks()).anyMatch(remark -> remark.contains("does not state its time"));
  }

  @Test
  void readsTheEventsOfOraclesOldJdks() throws Exception {
    HandMadeChunk chunk =
        chunk()
            .type(
                130,
                "com.oracle.jdk.ExecutionSample",
                "jdk.jfr.Event",
                "startTime:2",
                "sampledThread:4:constant",
                "stackTrace:9:constant",
                "state:11:constant");
    setting(chunk, 130, "period", "20 ms");
    chunk.event(130, body -> body.number(TICKS_AT_START).number(1).number(1).number(RUNNABLE));
    assertThat(sum(convert(chunk.build()), JvmProfile.PROCESS_CPU, 1)).isEqualTo(20_000_000);
  }

  @Test
  void anAllocationRepresentsTheSamplingInterval() throws Exception {
    int newTlab = 150;
    int outside = 151;
    HandMadeChunk chunk =
        chunk()
            .type(
                newTlab,
                "jdk.ObjectAllocationInNewTLAB",
                "jdk.jfr.Event",
                "startTime:2",
                "eventThread:4:constant",
                "stackTrace:9:constant",
                "objectClass:5:constant",
                "allocationSize:2",
                "tlabSize:2")
            .type(
                outside,
                "jdk.ObjectAllocationOutsideTLAB",
                "jdk.jfr.Event",
                "startTime:2",
                "eventThread:4:constant",
                "stackTrace:9:constant",
                "objectClass:5:constant",
                "allocationSize:2");
    setting(chunk, newTlab, "alloc", "2000000");
    chunk.event(
        newTlab,
        body -> body.number(TICKS_AT_START).number(1).number(1).number(1).number(50).number(900));
    chunk.event(
        outside,
        body -> body.number(TICKS_AT_START).number(1).number(1).number(1).number(3_000_000));
    JfrConversion conversion = convert(chunk.build());
    assertThat(sum(conversion, JvmProfile.MEMORY, 0)).isEqualTo(40_000 + 1);
    assertThat(sum(conversion, JvmProfile.MEMORY, 1)).isEqualTo(5_000_000);
  }

  @Test
  void namesMeasurementsWithoutAStack() throws Exception {
    HandMadeChunk chunk =
        chunk()
            .type(160, "profiler.UserEvent", "jdk.jfr.Event", "startTime:2", "data:3")
            .type(161, "profiler.ProcessSample", "jdk.jfr.Event", "startTime:2", "pid:2")
            .type(162, "jdk.MethodTiming", "jdk.jfr.Event", "startTime:2", "invocations:2");
    samples(chunk, DEFAULT, 1);
    chunk.event(160, body -> body.number(TICKS_AT_START).text("a"));
    chunk.event(161, body -> body.number(TICKS_AT_START).number(1));
    chunk.event(161, body -> body.number(TICKS_AT_START).number(1));
    chunk.event(162, body -> body.number(TICKS_AT_START).number(1));
    assertThat(convert(chunk.build()).remarks())
        .contains(
            "profiler.UserEvent: 1 events without a stack are in no profile",
            "profiler.ProcessSample: 2 events without a stack are in no profile",
            "jdk.MethodTiming: 1 events without a stack are in no profile");
  }

  @Test
  void namesMethodTraces() throws Exception {
    HandMadeChunk chunk =
        chunk()
            .type(
                163,
                "jdk.MethodTrace",
                "jdk.jfr.Event",
                "startTime:2",
                "duration:2",
                "eventThread:4:constant",
                "stackTrace:9:constant");
    chunk.checkpoint(pools -> pools.integer(1).number(9).integer(1).number(1).integer(0).raw(0));
    samples(chunk, DEFAULT, 1);
    chunk.event(163, body -> body.number(TICKS_AT_START).number(90).number(1).number(1));
    assertThat(convert(chunk.build()).remarks())
        .contains("jdk.MethodTrace: 1 events with a stack are not read and are in no profile");
  }

  @Test
  void namesTheOldFormat() {
    byte[] old = new byte[200];
    ByteBuffer.wrap(old)
        .put(new byte[] {'F', 'L', 'R', 0})
        .putShort((short) 0)
        .putShort((short) 9)
        .putLong(100); // where the metadata are
    assertThatThrownBy(() -> convert(old))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("format 0.9 of Oracle JDK 7 and 8 and of async-profiler 1.x");
  }
}
