package dev.psc.scrape.internal.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.ProfileTransform.Result;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.scrape.transform.LabelTransform;
import dev.psc.testkit.TestProfiles;
import dev.psc.testkit.contract.ProfileTransformContract;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class TransformsTest {

  private static final LabelSet SERIES =
      LabelSet.of("__name__", "memory", "job", "a", "instance", "h:1");

  private static byte[] allocs(long time, long main, long other) {
    return profile("alloc_space", time, main, other);
  }

  private static byte[] profile(String type, long time, long main, long other) {
    ProfileBuilder builder = ProfileBuilder.create();
    builder.sampleType(type, "bytes");
    builder.periodType("space", "bytes", 1).timeNanos(time);
    int first = builder.location(0, 0, builder.function("main", "", "", 0), 0);
    int second = builder.location(0, 0, builder.function("other", "", "", 0), 0);
    builder.sample(new int[] {first}, 0, 1, ProfileBuilder.NO_LABELS, main);
    builder.sample(new int[] {second}, 0, 1, ProfileBuilder.NO_LABELS, other);
    return builder.build();
  }

  private static LabelSet labels(ProfileTransform transform) {
    Result result = transform.apply(RawProfile.of(SERIES, TestProfiles.cpu("main")));
    return ((Result.Pass) result).profile().labels();
  }

  @Test
  void setsDropsAndRenamesLabels() {
    assertThat(labels(LabelTransform.set(LabelSet.of("job", "b", "env", "x"))))
        .isEqualTo(SERIES.with("job", "b").with("env", "x"));
    assertThat(labels(LabelTransform.drop("instance", "none")))
        .isEqualTo(LabelSet.of("__name__", "memory", "job", "a"));
    assertThat(labels(LabelTransform.rename(Map.of("job", "instance", "instance", "job"))))
        .as("all together")
        .isEqualTo(SERIES.with("job", "h:1").with("instance", "a"));
    assertThat(labels(LabelTransform.rename(Map.of("none", "job")))).isEqualTo(SERIES);
    assertThat(labels(LabelTransform.of(before -> before.with("n", "1"))).valueOf("n"))
        .isEqualTo("1");
  }

  @Test
  void leavesAProfileAloneWhoseLabelsStay() {
    RawProfile profile = RawProfile.of(SERIES, TestProfiles.cpu("main"));
    Result result = LabelTransform.drop("none").apply(profile);
    assertThat(((Result.Pass) result).profile()).isSameAs(profile);
  }

  @Test
  void refusesWhatWouldTakeTheNameAway() {
    assertThatThrownBy(() -> LabelTransform.drop("job", "__name__"))
        .hasMessageContaining("__name__ cannot be dropped");
    assertThatThrownBy(() -> LabelTransform.rename(Map.of("__name__", "x")))
        .hasMessageContaining("__name__ cannot be renamed");
    assertThatThrownBy(() -> LabelTransform.rename(Map.of("a", "1x")))
        .hasMessageContaining("\"1x\" must match");
    assertThatThrownBy(() -> LabelTransform.rename(Map.of("a", "c", "b", "c")))
        .hasMessageContaining("the same new name");
  }

  @Test
  void labelTransformsThatDoTheSameAreEqual() {
    assertThat(LabelTransform.drop("a", "b")).isEqualTo(LabelTransform.drop("b", "a"));
    assertThat(LabelTransform.set(SERIES)).isEqualTo(LabelTransform.set(SERIES));
    assertThat(LabelTransform.drop("a")).isNotEqualTo(LabelTransform.drop("b"));
    assertThat(LabelTransform.of(labels -> labels))
        .isNotEqualTo(LabelTransform.of(labels -> labels));
  }

  @Test
  void sendsWhatHappenedBetweenTwoScrapes() throws Exception {
    DeltaTransform delta = DeltaTransform.create(PprofLimits.defaults(), 1 << 20);
    assertThat(delta.apply(RawProfile.of(SERIES, allocs(1_000, 100, 50))))
        .isInstanceOfSatisfying(
            Result.Withhold.class,
            first -> assertThat(first.reason()).isEqualTo(DeltaTransform.FIRST));
    Result.Pass second = (Result.Pass) delta.apply(RawProfile.of(SERIES, allocs(6_000, 130, 50)));
    Profile profile = Profile.parse(second.profile().pprof());
    assertThat(profile.total(0)).isEqualTo(30);
    assertThat(profile.sampleCount()).as("what did not grow is left out").isEqualTo(1);
    assertThat(second.profile().durationNanos()).isEqualTo(5_000);
    assertThat(delta.stateBytes()).isPositive();
  }

  @Test
  void countsAnewAfterTheProgramWasStartedAnew() {
    DeltaTransform delta = DeltaTransform.create(PprofLimits.defaults(), 1 << 20);
    delta.apply(RawProfile.of(SERIES, allocs(1_000, 100, 50)));
    assertThat(delta.apply(RawProfile.of(SERIES, allocs(2_000, 3, 1))))
        .isInstanceOfSatisfying(
            Result.Withhold.class, reset -> assertThat(reset.message()).contains("fell from"));
  }

  @Test
  void whatDoesNotCountSinceAStartPassesAndKeepsNothing() {
    DeltaTransform delta = DeltaTransform.create(PprofLimits.defaults(), 1 << 20);
    RawProfile profile = RawProfile.of(SERIES, profile("inuse_space", 1_000, 1, 2));
    assertThat(((Result.Pass) delta.apply(profile)).profile()).isSameAs(profile);
    assertThat(delta.stateBytes()).isZero();
  }

  /** Some 500 stacks, so that a few dozen series reach the least bound. */
  private static byte[] many(long time, long bytes) {
    ProfileBuilder builder = ProfileBuilder.create();
    builder.sampleType("alloc_space", "bytes");
    builder.periodType("space", "bytes", 1).timeNanos(time);
    for (int i = 0; i < 500; i++) {
      int location = builder.location(0, 0, builder.function("f" + i, "", "", 0), 0);
      builder.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, bytes + i);
    }
    return builder.build();
  }

  @Test
  void seriesDoNotMixAndAreForgottenAtTheBound() {
    DeltaTransform delta = DeltaTransform.create(PprofLimits.defaults(), 1 << 20);
    for (int i = 0; i < 5; i++) {
      delta.apply(RawProfile.of(SERIES.with("n", "" + i), many(1_000, 100 + i)));
    }
    assertThat(delta.stateBytes()).isLessThan(1 << 20);
    assertThat(delta.apply(RawProfile.of(SERIES.with("n", "3"), many(2_000, 110))))
        .isInstanceOf(Result.Pass.class);
    byte[] other = many(1_000, 100);
    for (int i = 0; i < 200; i++) {
      delta.apply(RawProfile.of(SERIES.with("m", "" + i), other));
    }
    assertThat(delta.stateBytes()).isBetween(1L << 19, 1L << 20);
    assertThat(delta.apply(RawProfile.of(SERIES.with("n", "3"), many(3_000, 120))))
        .as("forgotten, and a first one again")
        .isInstanceOf(Result.Withhold.class);
  }

  @Test
  void validationKeepsTheSampleTypesAskedForAndLeavesOtherBytesAlone() throws Exception {
    RawProfile cpu = RawProfile.builder(SERIES, TestProfiles.cpu("main")).timeNanos(1).build();
    Result untouched = new Validation(1 << 20, List.of()).apply(cpu);
    assertThat(((Result.Pass) untouched).profile().pprof()).isSameAs(cpu.pprof());
    Result kept = new Validation(1 << 20, List.of(new SampleType("cpu", "nanoseconds"))).apply(cpu);
    assertThat(Profile.parse(((Result.Pass) kept).profile().pprof()).sampleTypes())
        .containsExactly(new SampleType("cpu", "nanoseconds"));
  }

  @Test
  void refusesAStateThatHoldsNothing() {
    assertThatThrownBy(() -> DeltaTransform.create(PprofLimits.defaults(), 1_000))
        .hasMessageContaining("maxStateBytes must be at least 1048576");
  }

  @Nested
  class DeltaContract extends ProfileTransformContract {
    @Override
    protected ProfileTransform transform() {
      return DeltaTransform.create(PprofLimits.defaults(), 1 << 20);
    }

    @Override
    protected List<RawProfile> profiles() {
      return List.of(
          RawProfile.of(SERIES, allocs(1_000, 100, 50)),
          RawProfile.of(SERIES, allocs(2_000, 130, 60)));
    }
  }

  @Nested
  class LabelContract extends ProfileTransformContract {
    @Override
    protected ProfileTransform transform() {
      return LabelTransform.drop("job");
    }
  }

  @Nested
  class ValidationContract extends ProfileTransformContract {
    @Override
    protected ProfileTransform transform() {
      return new Validation(1 << 20, List.of(new SampleType("cpu", "nanoseconds")));
    }
  }
}
