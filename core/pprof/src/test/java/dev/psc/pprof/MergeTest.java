package dev.psc.pprof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.Corpus;
import dev.psc.pprof.repair.ProfileSamples;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Merge} and {@link Diff}. */
class MergeTest {

  private static ProfileBuilder heap() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_objects", "count");
    profile.sampleType("alloc_space", "bytes");
    return profile.periodType("space", "bytes", 512).defaultSampleType("alloc_space");
  }

  private static Profile one(String function, long objects, long bytes, String... labels)
      throws PprofException {
    ProfileBuilder profile = heap().timeNanos(5_000).durationNanos(10).comment("c");
    // Tables filled in another order must not matter.
    profile.function("padding " + objects, "", "", 0);
    int location =
        profile.location(profile.mapping("app", ""), 0, profile.function(function, "s", "F", 1), 2);
    int set = profile.withNumber(profile.labels(labels), "bytes", 64, "bytes");
    profile.sample(new int[] {location}, 0, 1, set, objects, bytes);
    return Profile.parse(profile.build());
  }

  /** Values by stack and labels, whatever the tables look like. */
  static Map<String, List<Long>> meaning(Profile profile) {
    Map<String, List<Long>> meaning = new HashMap<>();
    for (Sample sample : profile.samples()) {
      StringBuilder key = new StringBuilder();
      for (Frame frame : sample.stack()) {
        Mapping mapping = frame.mapping() < 0 ? null : profile.mappings().get(frame.mapping());
        key.append(
            new Frame(
                frame.function(),
                frame.systemName(),
                frame.file(),
                frame.startLine(),
                frame.line(),
                frame.column(),
                frame.address(),
                0,
                frame.inlined()));
        key.append(' ').append(frame).append(frame.column()).append(mapping).append('\n');
      }
      key.append(sample.labels().stream().map(SampleLabel::toString).sorted().toList());
      meaning.merge(
          key.toString(),
          sample.values(),
          (a, b) -> {
            Long[] sums = new Long[a.size()];
            Arrays.setAll(sums, i -> a.get(i) + b.get(i));
            return List.of(sums);
          });
    }
    meaning.values().removeIf(values -> values.stream().allMatch(value -> value == 0));
    return meaning;
  }

  @Test
  void sumsByStackAndLabels() throws PprofException {
    Profile merged =
        Profile.parse(
            Merge.create()
                .add(one("f", 1, 100, "k", "v"))
                .add(one("f", 2, 50, "k", "v"))
                .add(one("f", 3, 30, "k", "w"))
                .add(one("g", 4, 40, "k", "v"))
                .build());
    assertThat(merged.samples())
        .extracting(sample -> sample.stack().get(0).function() + sample.labels() + sample.values())
        .containsExactly(
            "f[bytes:64 [bytes], k:v][3, 150]",
            "f[bytes:64 [bytes], k:w][3, 30]",
            "g[bytes:64 [bytes], k:v][4, 40]");
    assertThat(merged.durationNanos()).isEqualTo(40);
    assertThat(merged.timeNanos()).isEqualTo(5_000);
    assertThat(merged.comments()).containsExactly("c");
    assertThat(merged.defaultSampleType()).isEqualTo("alloc_space");
    assertThat(merged.periodType()).isEqualTo(new SampleType("space", "bytes"));
    assertThat(merged.period()).isEqualTo(512);
    assertThat(merged.mappings()).hasSize(1);
    assertThat(merged.mappings().get(0).hasInlineFrames()).isTrue();
  }

  @Test
  void takesTheEarliestTimeThatIsKnown() throws PprofException {
    Profile unknown = nativeCode(0x1000, 1);
    Profile late = Profile.parse(heapAt(9_000));
    Profile early = Profile.parse(heapAt(7_000));
    assertThat(unknown.timeNanos()).isZero();
    assertThat(Profile.parse(Merge.create().add(unknown).add(late).add(early).build()).timeNanos())
        .isEqualTo(7_000);
  }

  private static byte[] heapAt(long time) {
    return heap().timeNanos(time).build();
  }

  private static Profile nativeCode(long start, long value) throws PprofException {
    ProfileBuilder profile = heap();
    int mapping = profile.nativeMapping(start, start + 0x3000, 0x200, "libz.so", "id");
    profile.sample(
        new int[] {profile.location(mapping, start + 0x44, 0, 0)}, 0, 1, 0, value, value);
    return Profile.parse(profile.build());
  }

  @Test
  void codeAtAnotherAddressInAnotherProcessIsTheSameCode() throws PprofException {
    Profile merged =
        Profile.parse(
            Merge.create()
                .add(nativeCode(0x7f00_0000_1000L, 1))
                .add(nativeCode(0x5500_0000_9000L, 2))
                .build());
    assertThat(merged.mappings()).hasSize(1);
    assertThat(merged.samples()).hasSize(1);
    assertThat(merged.samples().get(0).value(0)).isEqualTo(3);
    assertThat(merged.samples().get(0).stack().get(0).address()).isEqualTo(0x7f00_0000_1044L);
  }

  @Test
  void refusesProfilesOfAnotherType() throws PprofException {
    ProfileBuilder cpu = ProfileBuilder.create();
    cpu.sampleType("cpu", "nanoseconds");
    Profile other = Profile.parse(cpu.build());
    Merge merge = Merge.create().add(one("f", 1, 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> merge.add(other))
        .withMessageContaining("cpu/nanoseconds")
        .withMessageContaining("alloc_objects/count");
    assertThat(merge.profileCount()).isEqualTo(1);
    assertThatIllegalArgumentException().isThrownBy(() -> Diff.between(other, one("f", 1, 1)));
    assertThatIllegalStateException().isThrownBy(() -> Merge.create().build());
  }

  @Test
  void differencesHaveBothSignsAndNothingThatIsEqual() throws PprofException {
    byte[] grown =
        Merge.create().add(one("f", 5, 50)).add(one("new", 1, 8)).add(one("same", 2, 2)).build();
    byte[] before =
        Merge.create().add(one("f", 7, 20)).add(one("gone", 3, 9)).add(one("same", 2, 2)).build();
    Profile diff = Profile.parse(Diff.between(Profile.parse(before), Profile.parse(grown)));
    assertThat(diff.samples())
        .extracting(sample -> sample.stack().get(0).function() + sample.values())
        .containsExactlyInAnyOrder("f[-2, 30]", "new[1, 8]", "gone[-3, -9]");
    assertThat(diff.timeNanos()).isEqualTo(5_000);
  }

  static Stream<byte[]> profiles() {
    return Stream.concat(
        Stream.of(ProfileSamples.mixed()),
        Corpus.manifest("pprof", "manifest.json").stream()
            .map(entry -> Corpus.read("pprof", (String) entry.get("file"))));
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void mergingKeepsTheMeaningOfAnyProfile(byte[] body) throws PprofException {
    Profile profile = Profile.parse(body);
    Profile once = Profile.parse(Merge.create().add(profile).build());
    Map<String, List<Long>> meaning = meaning(profile);
    assertThat(meaning(once).equals(meaning)).isTrue();
    Profile twice = Profile.parse(Merge.create().add(once).add(profile).build());
    meaning.replaceAll((key, values) -> values.stream().map(value -> 2 * value).toList());
    assertThat(meaning(twice).equals(meaning)).isTrue();
    assertThat(Profile.parse(Diff.between(profile, once)).sampleCount()).isZero();
  }

  @Test
  void keepsADefaultSampleTypeThatOnlyOneSideHas() throws PprofException {
    ProfileBuilder without = ProfileBuilder.create();
    without.sampleType("alloc_objects", "count");
    without.sampleType("alloc_space", "bytes");
    without.periodType("space", "bytes", 512);
    Profile none = Profile.parse(without.build());
    Profile with = Profile.parse(heap().docUrl("https://example.com/heap").build());
    for (byte[] sum :
        List.of(
            Merge.create().add(none).add(with).build(),
            Merge.create().add(with).add(none).build())) {
      assertThat(Profile.parse(sum).defaultSampleType()).isEqualTo("alloc_space");
      assertThat(Profile.parse(sum).docUrl()).isEqualTo("https://example.com/heap");
    }
  }

  private static Profile columns(String... types) throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    long[] values = new long[types.length];
    for (int i = 0; i < types.length; i++) {
      profile.sampleType(types[i], "count");
      values[i] = types[i].length();
    }
    profile.periodType("p", "count", 1);
    int main = profile.location(0, 0, profile.function("main", "", "", 0), 0);
    profile.sample(new int[] {main}, 0, 1, ProfileBuilder.NO_LABELS, values);
    return Profile.parse(profile.build());
  }

  @Test
  void sumsColumnsByTheirTypeWhateverTheirOrder() throws PprofException {
    Profile first = columns("a", "bb", "cccc");
    Profile merged =
        Profile.parse(
            Merge.create()
                .add(first)
                .add(columns("cccc", "a", "bb"))
                .add(columns("bb", "a", "cccc"))
                .build());
    assertThat(merged.sampleTypes()).isEqualTo(first.sampleTypes());
    assertThat(merged.totals()).containsExactly(3, 6, 12);
    assertThat(Profile.parse(Diff.between(first, columns("bb", "cccc", "a"))).sampleCount())
        .isZero();
    for (Profile other : List.of(columns("a", "bb"), columns("a", "bb", "d"))) {
      assertThatIllegalArgumentException().isThrownBy(() -> Merge.create().add(first).add(other));
    }
  }
}
