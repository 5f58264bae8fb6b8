package dev.psc.pprof;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.label.LabelSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class SplitTest {

  private static Profile profile() throws Exception {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    profile.periodType("cpu", "nanoseconds", 10).timeNanos(5).durationNanos(7).comment("kept");
    int location =
        profile.location(profile.mapping("app", ""), 0, profile.function("f", "", "F", 1), 2);
    int[] stack = {location};
    profile.sample(stack, 0, 1, profile.labels("http route", "/a", "tenant", "x"), 1);
    profile.sample(stack, 0, 1, profile.labels("http route", "/b"), 2);
    profile.sample(stack, 0, 1, profile.withNumber(0, "shard", 3, ""), 4);
    profile.sample(stack, 0, 1, profile.labels("http route", "/a"), 8);
    profile.sample(stack, 0, 1, ProfileBuilder.NO_LABELS, 16);
    return Profile.parse(profile.build());
  }

  private static Map<String, Profile> split(UnaryOperator<LabelSet> series, String... names)
      throws Exception {
    Map<String, Profile> parts = new HashMap<>();
    for (var part : Split.byLabels(profile(), List.of(names), series).entrySet()) {
      parts.put(part.getKey().toMap().toString(), Profile.parse(part.getValue()));
    }
    return parts;
  }

  @Test
  void aPartHasTheSamplesOfItsLabelsWithAllTheirLabels() throws Exception {
    Map<String, Profile> parts = split(UnaryOperator.identity(), "http route", "shard");
    assertThat(parts).containsOnlyKeys("{http_route=/a}", "{http_route=/b}", "{shard=3}", "{}");
    Profile first = parts.get("{http_route=/a}");
    assertThat(first.total(0)).isEqualTo(9);
    assertThat(first.samples().get(0).labels())
        .contains(
            new SampleLabel("tenant", "x", 0, ""), new SampleLabel("http route", "/a", 0, ""));
    assertThat(parts.get("{shard=3}").total(0)).isEqualTo(4);
    assertThat(parts.get("{}").total(0)).isEqualTo(16);
    assertThat(first.timeNanos()).isEqualTo(5);
    assertThat(first.durationNanos()).isEqualTo(7);
    assertThat(first.period()).isEqualTo(10);
    assertThat(first.comments()).containsExactly("kept");
  }

  @Test
  void samplesOfSeriesThatTheCallerJoinsAreTogether() throws Exception {
    Map<String, Profile> parts =
        split(
            labels -> labels.valueOf("http_route").equals("/b") ? LabelSet.empty() : labels,
            "http route");
    assertThat(parts).containsOnlyKeys("{http_route=/a}", "{}");
    assertThat(parts.get("{}").total(0)).isEqualTo(22);
  }

  @Test
  void aProfileWithoutSamplesIsOnePart() throws Exception {
    ProfileBuilder empty = ProfileBuilder.create();
    empty.sampleType("cpu", "nanoseconds");
    assertThat(
            Split.byLabels(
                Profile.parse(empty.build()), List.of("route"), UnaryOperator.identity()))
        .containsOnlyKeys(LabelSet.empty());
  }
}
