package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.report.Top;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jdk.jfr.Event;
import jdk.jfr.Name;
import jdk.jfr.Recording;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Events with the names and fields of other vendors' agents. */
class VendorRecordingsTest {

  @TempDir private static Path directory;
  private static Path recorded;

  @Name("datadog.DatadogProfilerConfig")
  @StackTrace(false)
  static final class Configuration extends Event {
    @Timespan(Timespan.MILLISECONDS)
    long cpuInterval = 20;

    @Timespan(Timespan.MILLISECONDS)
    long wallInterval = 50;
  }

  @Name("datadog.ExecutionSample")
  static final class CpuSample extends Event {
    long weight = 1;
  }

  @Name("datadog.MethodSample")
  static final class WallSample extends Event {
    long weight = 2;
  }

  @Name("datadog.ExceptionSample")
  static final class ExceptionSample extends Event {
    String type = "java.io.IOException";
  }

  @Name("datadog.HeapLiveObject")
  static final class HeapLiveObject extends Event {
    Class<?> objectClass = String.class;
    long size = 24;
    float weight = 10;
  }

  @Name("datadog.WallClockSamplingEpoch")
  @StackTrace(false)
  static final class SamplingEpoch extends Event {
    int samplePoolSize = 30;
    int numSuccessfulSamples = 8;
  }

  @Name("profiler.Malloc")
  static final class Malloc extends Event {
    long address;
    long size;
  }

  @Name("profiler.Free")
  static final class Free extends Event {
    long address;
  }

  @Name("profiler.NativeLock")
  static final class NativeLock extends Event {}

  @Name("vendor.UnknownSample")
  static final class UnknownSample extends Event {
    long weight = 5;
  }

  @BeforeAll
  static void record() throws Exception {
    recorded = directory.resolve("vendor.jfr");
    List<Class<? extends Event>> types =
        List.of(
            Configuration.class,
            CpuSample.class,
            WallSample.class,
            ExceptionSample.class,
            HeapLiveObject.class,
            SamplingEpoch.class,
            Malloc.class,
            Free.class,
            NativeLock.class,
            UnknownSample.class);
    try (Recording recording = new Recording()) {
      types.forEach(recording::enable);
      recording.start();
      new Configuration().commit();
      for (int i = 0; i < 100; i++) {
        new CpuSample().commit();
        new WallSample().commit();
      }
      new ExceptionSample().commit();
      new HeapLiveObject().commit();
      new SamplingEpoch().commit();
      for (int address = 1; address <= 3; address++) {
        malloc(address, 1_000);
      }
      for (int address = 1; address <= 2; address++) {
        Free free = new Free();
        free.address = address;
        free.commit();
      }
      malloc(1, 50); // the same address again
      NativeLock lock = new NativeLock();
      lock.begin();
      lock.commit();
      new UnknownSample().commit();
      recording.stop();
      recording.dump(recorded);
    }
  }

  private static void malloc(long address, long size) {
    Malloc malloc = new Malloc();
    malloc.address = address;
    malloc.size = size;
    malloc.commit();
  }

  private static long sum(JfrConversion conversion, JvmProfile profile, int column)
      throws Exception {
    return Top.of(
            Profile.parse(conversion.pprof(profile).orElseThrow(), PprofLimits.defaults()), column)
        .total();
  }

  @Test
  void takesThePeriodsOfTheVendorsConfiguration() throws Exception {
    JfrConversion conversion = JfrFiles.convert(recorded);
    assertThat(sum(conversion, JvmProfile.PROCESS_CPU, 1)).isEqualTo(2_000_000_000L);
    assertThat(sum(conversion, JvmProfile.WALL, 1)).isEqualTo(10_000_000_000L);
  }

  @Test
  void theVendorsPeriodIsNotThatOfTheJdk() throws Exception {
    Path both = directory.resolve("both.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ExecutionSample").withPeriod(java.time.Duration.ofMillis(10));
      recording.enable("jdk.ActiveSetting");
      recording.enable(Configuration.class);
      recording.enable(CpuSample.class);
      recording.start();
      new Configuration().commit();
      new CpuSample().commit();
      recording.stop();
      recording.dump(both);
    }
    assertThat(sum(JfrFiles.convert(both), JvmProfile.PROCESS_CPU, 1)).isEqualTo(20_000_000);
  }

  @Test
  void saysThatTheWallClockSampledOnlySomeThreads() throws Exception {
    assertThat(JfrFiles.convert(recorded).remarks())
        .contains(
            "wall: values are too low, because the profiler sampled at most 8 of 30 threads at a"
                + " time");
  }

  @Test
  void countsAnErrorOnce() throws Exception {
    Path errors = directory.resolve("errors.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.JavaExceptionThrow").withStackTrace();
      recording.enable("jdk.JavaErrorThrow").withStackTrace();
      recording.start();
      for (int i = 0; i < 3; i++) {
        assertThat(new AssertionError("expected")).isNotNull();
        assertThat(new Error(new IllegalStateException("expected"))).isNotNull();
      }
      recording.stop();
      recording.dump(errors);
    }
    assertThat(JfrFiles.convert(errors).events()).containsEntry("jdk.JavaExceptionThrow", 15L);
    assertThat(sum(JfrFiles.convert(errors), JvmProfile.EXCEPTIONS, 0)).isEqualTo(9);
  }

  @Test
  void errorsAloneAreCounted() throws Exception {
    Path errors = directory.resolve("only-errors.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.JavaErrorThrow").withStackTrace();
      recording.start();
      assertThat(new AssertionError("expected")).isNotNull();
      recording.stop();
      recording.dump(errors);
    }
    assertThat(sum(JfrFiles.convert(errors), JvmProfile.EXCEPTIONS, 0)).isEqualTo(1);
  }

  @Test
  void aVendorsExceptionsAreNotLostWhereTheJdkRecordsErrors() throws Exception {
    Path both = directory.resolve("exceptions.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.JavaErrorThrow").withStackTrace();
      recording.enable(ExceptionSample.class);
      recording.start();
      assertThat(new AssertionError("expected")).isNotNull();
      for (int i = 0; i < 5; i++) {
        new ExceptionSample().commit();
      }
      recording.stop();
      recording.dump(both);
    }
    JfrConversion conversion = JfrFiles.convert(both);
    assertThat(sum(conversion, JvmProfile.EXCEPTIONS, 0)).isEqualTo(5);
    assertThat(conversion.remarks())
        .anyMatch(remark -> remark.startsWith("jdk.JavaErrorThrow: 1 events"));
  }

  @Test
  void convertsExceptionsLiveObjectsAndNativeLocks() throws Exception {
    JfrConversion conversion = JfrFiles.convert(recorded);
    Profile exceptions =
        Profile.parse(
            conversion.pprof(JvmProfile.EXCEPTIONS).orElseThrow(), PprofLimits.defaults());
    assertThat(Top.of(exceptions, 0).toString()).contains("java.io.IOException");
    assertThat(sum(conversion, JvmProfile.HEAP, 2)).isEqualTo(10);
    assertThat(sum(conversion, JvmProfile.HEAP, 3)).isEqualTo(240);
    assertThat(sum(conversion, JvmProfile.MUTEX, 0)).isEqualTo(1);
  }

  @Test
  void nativeMemoryHasWhatWasAllocatedAndWhatWasNotReleased() throws Exception {
    JfrConversion conversion = JfrFiles.convert(recorded);
    assertThat(sum(conversion, JvmProfile.NATIVE_MEMORY, 0)).isEqualTo(4);
    assertThat(sum(conversion, JvmProfile.NATIVE_MEMORY, 1)).isEqualTo(3_050);
    assertThat(sum(conversion, JvmProfile.NATIVE_MEMORY, 2)).isEqualTo(2);
    assertThat(sum(conversion, JvmProfile.NATIVE_MEMORY, 3)).isEqualTo(1_050);
  }

  @Test
  void namesSamplesThatAreInNoProfile() throws Exception {
    assertThat(JfrFiles.convert(recorded).remarks())
        .anyMatch(remark -> remark.startsWith("vendor.UnknownSample: 1 events"))
        .noneMatch(remark -> remark.contains("datadog.") || remark.contains("profiler."));
  }

  @Test
  void readsARecordingInAZip() throws Exception {
    Path zip = directory.resolve("vendor.zip");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(zip))) {
      out.putNextEntry(new ZipEntry("recordings/"));
      out.putNextEntry(new ZipEntry("recordings/vendor.jfr"));
      Files.copy(recorded, out);
    }
    assertThat(JfrFiles.convert(zip).events()).isEqualTo(JfrFiles.convert(recorded).events());
  }

  @ParameterizedTest
  @CsvSource({"28b52ffd, zstd -d", "fd377a585a00, xz -d", "425a6839, bzip2 -d"})
  void namesACompressionThatItDoesNotRead(String magic, String advice) throws Exception {
    Path file = directory.resolve(magic);
    byte[] bytes = new byte[100];
    byte[] first = java.util.HexFormat.of().parseHex(magic);
    System.arraycopy(first, 0, bytes, 0, first.length);
    Files.write(file, bytes);
    assertThatThrownBy(() -> JfrFiles.convert(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is compressed with")
        .hasMessageContaining(advice);
  }
}
