package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofLimits;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Deltas of real profiles against the totals of a slow reference. */
@NullUnmarked
class DeltaCorpusTest {

  static Stream<Map<String, Object>> pairs() {
    return Corpus.manifest("delta", "expected-delta.json").stream();
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource("pairs")
  void givesTheExpectedDifferences(Map<String, Object> pair) throws Exception {
    DeltaState state = DeltaState.create();
    byte[] before = Corpus.read("delta", (String) pair.get("before"));
    byte[] after = Corpus.read("delta", (String) pair.get("after"));
    assertThat(state.advance(before, PprofLimits.defaults()))
        .isEqualTo(new DeltaState.Outcome.First());
    DeltaState.Outcome outcome = state.advance(after, PprofLimits.defaults());
    assertThat(outcome).isInstanceOf(DeltaState.Outcome.Delta.class);
    byte[] bytes = ((DeltaState.Outcome.Delta) outcome).bytes();
    assertThat(PprofCheck.check(bytes).violations()).isEmpty();
    Profile delta = Profile.parse(bytes);
    List<Long> totals = Arrays.stream(delta.totals()).boxed().toList();
    assertThat(totals).isEqualTo(pair.get("delta_totals"));
    assertThat(delta.durationNanos())
        .isEqualTo((Long) pair.get("time_nanos_after") - (Long) pair.get("time_nanos_before"));
    // One sample per stack with anything to tell, as each stack of these occurs once among them.
    assertThat((long) delta.sampleCount()).isEqualTo(pair.get("nonzero_delta_stacks"));
  }
}
