package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KeepSampleTypesTest {

  private static final PprofLimits LIMITS = PprofLimits.defaults();

  static LongStream seeds() {
    return LongStream.range(1_000, 1_100);
  }

  static Stream<Path> corpus() {
    return Corpus.files("pprof").stream().filter(f -> !f.toString().contains("normalizer"));
  }

  private static void assertKeepsEachColumn(byte[] body) throws PprofException {
    byte[] whole = Repair.repair(body, LIMITS, new RepairContext(1, 0)).bytes();
    Profile before = Profile.parse(whole);
    for (int column = 0; column < before.sampleTypes().size(); column++) {
      SampleType type = before.sampleTypes().get(column);
      byte[] kept = KeepSampleTypes.of(List.of(type)).apply(whole, LIMITS);
      if (before.sampleTypes().size() == 1) {
        assertThat(kept).isSameAs(whole);
        return;
      }
      assertThat(PprofCheck.check(kept).violations()).isEmpty();
      Profile after = Profile.parse(kept);
      assertThat(after.sampleTypes()).containsExactly(type);
      assertThat(after.periodType()).isEqualTo(before.periodType());
      assertThat(after.comments()).isEqualTo(before.comments());
      assertThat(after.total(0)).isEqualTo(before.total(column));
      // Mappings may have moved, so compare what they are.
      assertThat(Meaning.of(after, 0)).isEqualTo(Meaning.of(before, column));
      assertThat(after.defaultSampleType())
          .isEqualTo(before.defaultSampleType().equals(type.type()) ? type.type() : "");
      assertNothingIsLeftOver(after);
    }
  }

  private static void assertNothingIsLeftOver(Profile profile) {
    Set<Integer> locations = new HashSet<>();
    Set<List<Object>> functions = new HashSet<>();
    SampleCursor cursor = profile.cursor();
    while (cursor.next()) {
      assertThat(cursor.value(0)).isNotZero();
      for (int i = 0; i < cursor.depth(); i++) {
        locations.add(cursor.location(i));
        for (Frame frame : profile.frames(cursor.location(i))) {
          functions.add(List.of(frame.function(), frame.file()));
        }
      }
    }
    assertThat(profile.locationCount()).isEqualTo(locations.size());
    assertThat(profile.functionCount() == 0).isEqualTo(named(functions) == 0);
  }

  private static long named(Set<List<Object>> functions) {
    return functions.stream().filter(f -> !f.get(0).equals("")).count();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void keepsOneColumnOfGeneratedProfilesAndNothingElse(long seed) throws Exception {
    assertKeepsEachColumn(Generated.profile(seed));
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("corpus")
  void keepsOneColumnOfRealProfilesAndNothingElse(Path file) throws Exception {
    assertKeepsEachColumn(Files.readAllBytes(file));
  }

  @Test
  void leavesOutSamplesTablesAndStringsThatNothingRefersTo() throws Exception {
    byte[] body =
        RawPprof.clean()
            .mapping(2)
            .mapping(3)
            .function(3, 8)
            .location(3, 3, 0x30, 3)
            .strings("only here")
            .sample(new long[] {3}, 7, 0)
            .gzip();
    byte[] kept = KeepSampleTypes.of(List.of(new SampleType("cpu", "ns"))).apply(body, LIMITS);
    Profile profile = Profile.parse(kept);
    assertThat(profile.sampleCount()).isEqualTo(1);
    assertThat(profile.locationCount()).isEqualTo(2);
    assertThat(profile.functionCount()).isEqualTo(2);
    assertThat(profile.mappings()).hasSize(1);
    assertThat(new String(InputTest.unzip(kept), java.nio.charset.StandardCharsets.UTF_8))
        .doesNotContain("only here")
        .doesNotContain("samples")
        .contains("run");
  }

  @Test
  void lastOfTwoReferencesCountsAsInEveryProtobufReader() throws Exception {
    // Mapping 9 and function 9 do not exist, but what comes behind takes their place.
    byte[] body =
        RawPprof.clean()
            .raw(0x22, 14, 8, 3, 0x10, 9, 0x10, 1, 0x22, 6, 8, 9, 0x10, 7, 8, 2)
            .sample(new long[] {3}, 7, 1)
            .gzip();
    assertThat(PprofCheck.check(body).violations()).isEmpty();
    byte[] kept = KeepSampleTypes.of(List.of(new SampleType("cpu", "ns"))).apply(body, LIMITS);
    assertThat(PprofCheck.check(kept).violations()).isEmpty();
    assertThat(Meaning.of(Profile.parse(kept), 0)).isEqualTo(Meaning.of(Profile.parse(body), 1));
  }

  @Test
  void keepsAllMappingsWhereCommentsDescribeThem() throws Exception {
    byte[] body =
        RawPprof.clean()
            .mapping(2)
            .strings("executableInfo=3;0;0")
            .number(ProfileFields.COMMENT, 8)
            .number(ProfileFields.COMMENT, 8)
            .gzip();
    byte[] kept = KeepSampleTypes.of(List.of(new SampleType("cpu", "ns"))).apply(body, LIMITS);
    assertThat(Profile.parse(kept).mappings()).hasSize(2);
    assertThat(Repair.repair(kept).executables()).hasSize(2);
  }

  @Test
  void listsWhatTheProfileHasWhenNoneMatches() {
    byte[] body = RawPprof.clean().gzip();
    PprofException error =
        catchThrowableOfType(
            PprofException.class,
            () -> KeepSampleTypes.of(List.of(new SampleType("alloc", "B"))).apply(body, LIMITS));
    assertThat(error.code()).isEqualTo("no_such_sample_type");
    assertThat(error).hasMessageContaining("samples/count, cpu/ns").hasMessageContaining("alloc/B");
  }

  @Test
  void ignoresTypesThatTheProfileLacksAndTakesAnyUnitForNone() throws Exception {
    byte[] body = RawPprof.clean().gzip();
    KeepSampleTypes keep =
        KeepSampleTypes.of(List.of(new SampleType("alloc", "B"), new SampleType("cpu", "")));
    assertThat(Profile.parse(keep.apply(body, LIMITS)).sampleTypes())
        .containsExactly(new SampleType("cpu", "ns"));
  }

  @Test
  void passesAProfileThatHasNoOtherTypes() throws Exception {
    byte[] body = RawPprof.clean().gzip();
    KeepSampleTypes all =
        KeepSampleTypes.of(List.of(new SampleType("cpu", "ns"), new SampleType("samples", "")));
    assertThat(all.apply(body, LIMITS)).isSameAs(body);
  }

  @Test
  void refusesToKeepNothing() {
    assertThatIllegalArgumentException().isThrownBy(() -> KeepSampleTypes.of(List.of()));
  }
}
