package dev.psc.jvm.internal.recording;

import static dev.psc.jvm.internal.recording.ProfilerChunks.DEFAULT;
import static dev.psc.jvm.internal.recording.ProfilerChunks.EXECUTION;
import static dev.psc.jvm.internal.recording.ProfilerChunks.RUNNABLE;
import static dev.psc.jvm.internal.recording.ProfilerChunks.TICKS_AT_START;
import static dev.psc.jvm.internal.recording.ProfilerChunks.allocation;
import static dev.psc.jvm.internal.recording.ProfilerChunks.chunk;
import static dev.psc.jvm.internal.recording.ProfilerChunks.samples;
import static dev.psc.jvm.internal.recording.ProfilerChunks.setting;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JfrFiles;
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
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of the JDK and of other profilers that are converted for the same series. */
class RecordingGroupTest {

  private static final int JVM = 140;
  private static final int VENDOR_CPU = 141;
  private static final long JVM_START = 1_699_000_000_000L;

  @TempDir private Path directory;
  private Path jdk;
  private Path profiler;

  @BeforeEach
  void names() {
    jdk = directory.resolve("jdk.jfr");
    profiler = directory.resolve("profiler.jfr");
  }

  private static HandMadeChunk withProcess(HandMadeChunk chunk, long pid, long start) {
    return chunk
        .type(
            JVM,
            "jdk.JVMInformation",
            "jdk.jfr.Event",
            "startTime:2",
            "jvmName:3",
            "jvmStartTime:2",
            "pid:2")
        .event(JVM, body -> body.number(TICKS_AT_START).text("a JVM").number(start).number(pid));
  }

  private static HandMadeChunk ofTheJdk() {
    HandMadeChunk chunk = chunk().type(120, "jdk.ThreadStart", "jdk.jfr.Event", "startTime:2");
    setting(chunk, EXECUTION, "period", "20 ms");
    samples(chunk, RUNNABLE, 7);
    allocation(chunk, 2_000);
    return chunk;
  }

  private static HandMadeChunk ofTheProfiler() {
    HandMadeChunk chunk = chunk();
    setting(chunk, EXECUTION, "interval", "10000000");
    samples(chunk, DEFAULT, 5);
    allocation(chunk, 1_000);
    return chunk;
  }

  private long sum(JvmProfile profile, JfrConversion... conversions) throws Exception {
    long sum = 0;
    for (JfrConversion conversion : conversions) {
      if (conversion.profiles().contains(profile)) {
        byte[] pprof = conversion.pprof(profile).orElseThrow();
        sum += Top.of(Profile.parse(pprof, PprofLimits.defaults()), 1).total();
      }
    }
    return sum;
  }

  private JfrConversion[] convert(Path... files) throws IOException {
    JfrFiles.Builder group = JfrFiles.builder().group(List.of(files));
    JfrConversion[] conversions = new JfrConversion[files.length];
    for (int i = 0; i < files.length; i++) {
      conversions[i] = group.convert(files[i]);
    }
    return conversions;
  }

  @Test
  void countsOnceWhatFilesOfTheJdkAndOfAProfilerHave() throws Exception {
    Files.write(jdk, withProcess(ofTheJdk(), 77, JVM_START).build());
    Files.write(profiler, withProcess(ofTheProfiler(), 77, JVM_START - 300).build());
    for (Path[] order : new Path[][] {{jdk, profiler}, {profiler, jdk}}) {
      JfrConversion[] conversions = convert(order);
      assertThat(sum(JvmProfile.PROCESS_CPU, conversions)).isEqualTo(50_000_000);
      assertThat(sum(JvmProfile.MEMORY, conversions)).isEqualTo(1_000);
      JfrConversion ofTheJdk = conversions[order[0].equals(jdk) ? 0 : 1];
      assertThat(ofTheJdk.isCoveredElsewhere()).isTrue();
      assertThat(ofTheJdk.remarks())
          .contains(
              "jdk.ExecutionSample: 7 events are left out, because another profiler's recording "
                  + profiler
                  + " has the same time");
      assertThat(conversions[order[0].equals(jdk) ? 1 : 0].remarks()).isEmpty();
    }
  }

  @Test
  void saysThatItAssumesOneProcessWhereNoneIsStated() throws Exception {
    Files.write(jdk, ofTheJdk().build());
    Files.write(profiler, ofTheProfiler().build());
    JfrConversion[] conversions = convert(jdk, profiler);
    assertThat(sum(JvmProfile.PROCESS_CPU, conversions)).isEqualTo(50_000_000);
    assertThat(conversions[0].remarks())
        .allMatch(remark -> remark.endsWith("same process, which is not stated"));
  }

  @Test
  void countsBothWhereTheProcessesOrTheTimesDiffer() throws Exception {
    Files.write(jdk, withProcess(ofTheJdk(), 77, JVM_START).build());
    byte[] later = withProcess(ofTheProfiler(), 77, JVM_START).build();
    ByteBuffer.wrap(later).putLong(32, 1_800_000_000_000_000_000L);
    List<byte[]> others =
        List.of(
            withProcess(ofTheProfiler(), 78, JVM_START).build(),
            // Both have number 1 in their containers.
            withProcess(ofTheProfiler(), 77, JVM_START + 60_000).build(),
            later);
    for (byte[] other : others) {
      Files.write(profiler, other);
      JfrConversion[] conversions = convert(jdk, profiler);
      assertThat(sum(JvmProfile.PROCESS_CPU, conversions)).isEqualTo(190_000_000);
      assertThat(sum(JvmProfile.MEMORY, conversions)).isEqualTo(3_000);
      assertThat(conversions[0].remarks()).isEmpty();
      assertThat(conversions[0].isCoveredElsewhere()).isFalse();
    }
  }

  @Test
  void aVendorsSamplesInAFileOfTheJdkReplaceThoseOfAnother() throws Exception {
    Files.write(jdk, ofTheJdk().build());
    HandMadeChunk vendor =
        chunk()
            .type(120, "jdk.ThreadStart", "jdk.jfr.Event", "startTime:2")
            .type(
                VENDOR_CPU,
                "datadog.ExecutionSample",
                "jdk.jfr.Event",
                "startTime:2",
                "eventThread:4:constant",
                "stackTrace:9:constant");
    setting(vendor, VENDOR_CPU, "interval", "10 ms");
    for (int i = 0; i < 3; i++) {
      vendor.event(VENDOR_CPU, body -> body.number(TICKS_AT_START).number(1).number(1));
    }
    Files.write(profiler, vendor.build());
    JfrConversion[] conversions = convert(jdk, profiler);
    assertThat(sum(JvmProfile.PROCESS_CPU, conversions)).isEqualTo(30_000_000);
    assertThat(sum(JvmProfile.MEMORY, conversions)).as("the vendor has none").isEqualTo(2_000);
  }

  @Test
  void countsAChunkOfSeveralFilesInTheFirst() throws Exception {
    byte[] common = withProcess(ofTheJdk(), 77, JVM_START).build();
    byte[] more = withProcess(ofTheJdk(), 77, JVM_START).build();
    ByteBuffer.wrap(more).putLong(32, 1_800_000_000_000_000_000L);
    Files.write(jdk, common);
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.writeBytes(common);
    both.writeBytes(more);
    Path second = directory.resolve("second.jfr.gz");
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(second))) {
      both.writeTo(out);
    }
    Path third = Files.write(directory.resolve("third.jfr"), common);
    JfrConversion[] conversions = convert(jdk, second, third);
    assertThat(sum(JvmProfile.MEMORY, conversions)).isEqualTo(4_000);
    assertThat(conversions[1].remarks())
        .contains("1 of 2 chunks are also in " + jdk + " and are counted there");
    assertThat(conversions[2].profiles()).isEmpty();
    assertThat(conversions[2].isCoveredElsewhere()).isTrue();
    assertThat(conversions[1].start()).isEqualTo(conversions[0].start());
  }

  @Test
  void aFileThatCannotBeReadDoesNotAffectTheOthers() throws Exception {
    Files.write(jdk, ofTheJdk().build());
    byte[] damaged = ofTheProfiler().build();
    ByteBuffer.wrap(damaged).putLong(24, 3); // where the metadata are
    Files.write(profiler, damaged);
    Path text = Files.writeString(directory.resolve("notes.txt"), "not a recording");
    JfrFiles.Builder group =
        JfrFiles.builder().group(List.of(text, profiler, jdk, directory.resolve("missing")));
    assertThat(sum(JvmProfile.PROCESS_CPU, group.convert(jdk))).isEqualTo(140_000_000);
  }
}
