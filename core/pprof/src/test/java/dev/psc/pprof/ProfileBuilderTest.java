package dev.psc.pprof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.sun.management.ThreadMXBean;
import dev.psc.pprof.internal.wire.SaturatingMath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class ProfileBuilderTest {

  private static ProfileBuilder cpu() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "ns");
    return profile;
  }

  @Test
  void writesTheFieldsOfTheFormat() {
    ProfileBuilder profile = cpu().periodType("cpu", "ns", 3).timeNanos(1).durationNanos(2);
    int location =
        profile.location(profile.mapping("java", ""), 0, profile.function("f", "", "F", 4), 5);
    profile.sample(new int[] {9, location, 9}, 1, 1, profile.labels("k", "v"), 300);

    assertThat(HexFormat.of().formatHex(profile.buildBare()))
        .isEqualTo(
            "0a0408011002" // sample_type cpu/ns
                + "120d0a0101" // sample: location 1
                + "1202ac02" // 300
                + "1a0408061007" // label k=v
                + "1a0c08012803380140014801" // mapping
                + "5001"
                + "220a08011001" // location
                + "220408011005"
                + "2a080801100420052804" // function
                + "3200" // ""
                + "3203637075"
                + "32026e73"
                + "32046a617661"
                + "320166"
                + "320146"
                + "32016b"
                + "320176"
                + "48015002" // time, duration
                + "5a0408011002" // period type
                + "6003");
  }

  @Test
  void internsEverything() {
    ProfileBuilder profile = cpu();
    int mapping = profile.mapping("java", "");
    assertThat(profile.mapping("java", "")).isEqualTo(mapping).isEqualTo(1);
    assertThat(profile.nativeMapping(0x1000, 0x2000, 0, "libc.so", "abc")).isEqualTo(2);
    int function = profile.function("f", "", "F.java", 1);
    assertThat(profile.function("f", "", "F.java", 1)).isEqualTo(function).isEqualTo(1);
    assertThat(profile.function("f", "", "F.java", 2)).isEqualTo(2);
    int location = profile.location(mapping, 0, function, 7);
    assertThat(profile.location(mapping, 0, function, 7)).isEqualTo(location).isEqualTo(1);
    assertThat(profile.location(mapping, 0, function, 8)).isEqualTo(2);
    assertThat(profile.location(2, 0x1010, 0, 0)).isEqualTo(3);
    int inlined = profile.inlinedLocation(mapping, 0, new int[] {1, 2}, new long[] {7, 9});
    assertThat(profile.inlinedLocation(mapping, 0, new int[] {1, 2}, new long[] {7, 9}))
        .isEqualTo(inlined);
    assertThat(profile.inlinedLocation(mapping, 0, new int[] {1}, new long[] {7}))
        .isEqualTo(location);
    int stack = profile.stack(new int[] {1, 2, 1}, 0, 3);
    assertThat(profile.stack(new int[] {0, 1, 2, 1}, 1, 3)).isEqualTo(stack);
    assertThat(profile.stack(new int[] {1, 2}, 0, 2)).isNotEqualTo(stack);
  }

  @Test
  void findsEveryIdAgainAmongMany() {
    ProfileBuilder profile = cpu();
    int count = 20_000;
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < count; i++) {
        assertThat(profile.function("f" + i, "", "F" + i % 100, i)).isEqualTo(i + 1);
        assertThat(profile.location(0, i, i + 1, i)).isEqualTo(i + 1);
        assertThat(profile.stack(new int[] {i + 1, i / 2 + 1}, 0, 2)).isEqualTo(i);
      }
    }
  }

  @Test
  void labelsAreTheSameInAnyOrder() {
    ProfileBuilder profile = cpu();
    int labels = profile.labels("b", "2", "a", "1");
    assertThat(profile.labels("a", "1", "b", "2")).isEqualTo(labels);
    assertThat(profile.labels()).isEqualTo(ProfileBuilder.NO_LABELS);
    assertThat(profile.labels("a", "")).isEqualTo(ProfileBuilder.NO_LABELS);
    int bytes = profile.withNumber(labels, "size", 512, "bytes");
    assertThat(bytes).isNotEqualTo(labels);
    assertThat(profile.withNumber(labels, "size", 512, "bytes")).isEqualTo(bytes);
    assertThat(profile.withNumber(labels, "size", 512, "kilobytes")).isNotEqualTo(bytes);
  }

  @Test
  void sumsSamplesOfOneStackAndLeavesOutThoseOfNothing() {
    ProfileBuilder twice = cpu();
    twice.location(0, 1, 0, 0);
    twice.sample(new int[] {1}, 0, 1, 0, 5);
    twice.sample(new int[] {1}, 0, 1, 0, 7);
    twice.sample(new int[] {1, 1}, 0, 2, 0, 0);
    ProfileBuilder once = cpu();
    once.location(0, 1, 0, 0);
    once.sample(once.stack(new int[] {1}, 0, 1), 0, 12);
    assertThat(twice.buildBare()).isEqualTo(once.buildBare());
    assertThat(twice.sampleCount()).isEqualTo(2);
  }

  @Test
  void sumsStopAtTheLargestLong() {
    assertThat(SaturatingMath.sum(Long.MAX_VALUE, 1)).isEqualTo(Long.MAX_VALUE);
    assertThat(SaturatingMath.sum(Long.MIN_VALUE, -1)).isEqualTo(Long.MIN_VALUE);
    assertThat(SaturatingMath.sum(Long.MAX_VALUE, Long.MIN_VALUE)).isEqualTo(-1);
  }

  @Test
  void repeatedSamplesAllocateNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ProfileBuilder profile = cpu();
    int[] stack = new int[64];
    for (int i = 0; i < stack.length; i++) {
      stack[i] = profile.location(0, i + 1, 0, 0);
    }
    long[] values = {1};
    int labels = profile.labels("thread", "main");
    for (int i = 0; i < 1_000; i++) {
      profile.sample(stack, 0, stack.length, labels, values);
    }
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < 10_000; i++) {
      profile.sample(stack, 0, stack.length, labels, values);
    }
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
  }

  @Test
  void compressesWhatItWrites() throws IOException {
    ProfileBuilder profile = cpu();
    for (int i = 1; i < 3_000; i++) {
      profile.location(0, i * 0x9e3779b97f4a7c15L, profile.function("f" + i, "", "", 0), i);
      profile.sample(new int[] {i}, 0, 1, 0, i * 31L);
    }
    byte[] first = profile.build();
    assertThat(first).isEqualTo(profile.build());
    assertThat(new GZIPInputStream(new ByteArrayInputStream(first)).readAllBytes())
        .isEqualTo(profile.buildBare());
  }

  @Test
  void refusesWhatWouldNotBeAProfile() {
    ProfileBuilder profile = ProfileBuilder.create();
    assertThatIllegalStateException()
        .isThrownBy(profile::build)
        .withMessageContaining("sampleType(type, unit)");
    assertThatIllegalArgumentException().isThrownBy(() -> profile.sampleType("", "ns"));
    profile.sampleType("cpu", "ns");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile.location(1, 0, 0, 0))
        .withMessage("mapping 1 is unknown: there are 0");
    assertThatIllegalArgumentException().isThrownBy(() -> profile.location(0, 0, 1, 0));
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> profile.sample(new int[] {1}, 0, 1, 0, 1))
          .withMessage("location 1 is unknown: there are 0");
    }
    assertThatIllegalArgumentException().isThrownBy(() -> profile.sample(new int[0], 0, 0, 1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> profile.sample(new int[0], 0, 0, 0, 1, 2))
        .withMessage("a sample has 2 values for 1 sample types");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> profile.sample(new int[2], 1, 2, 0, 1));
    profile.sample(new int[0], 0, 0, 0, 1);
    assertThatIllegalStateException().isThrownBy(() -> profile.sampleType("late", "ns"));
  }
}
