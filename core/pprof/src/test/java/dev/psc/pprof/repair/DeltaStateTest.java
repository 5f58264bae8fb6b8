package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.ProfileFields;
import org.junit.jupiter.api.Test;

class DeltaStateTest {

  private static final PprofLimits LIMITS = PprofLimits.defaults();
  private static final String[] STRINGS = {
    "", "alloc_space", "bytes", "inuse_space", "space", "main", "run", "work", "size"
  };

  private final DeltaState state = DeltaState.create();

  private static RawPprof heap(long time) {
    return heap(time, 0x1000);
  }

  private static RawPprof heap(long time, long start) {
    return new RawPprof()
        .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
        .valueType(ProfileFields.SAMPLE_TYPE, 3, 2)
        .valueType(ProfileFields.PERIOD_TYPE, 4, 2)
        .mapping(1, start, 0)
        .strings(STRINGS)
        .time(time);
  }

  private static RawPprof stacks(RawPprof pprof) {
    return pprof
        .location(1, 1, 0x10, 1)
        .location(2, 1, 0x20, 2)
        .location(3, 1, 0x30, 3)
        .function(1, 5)
        .function(2, 6)
        .function(3, 7);
  }

  private static final long[] A = {1, 2};
  private static final long[] B = {3, 2};

  private DeltaState.Outcome advance(RawPprof pprof) throws PprofException {
    return state.advance(pprof.gzip(), LIMITS);
  }

  private Profile delta(RawPprof pprof) throws PprofException {
    DeltaState.Outcome outcome = advance(pprof);
    assertThat(outcome).isInstanceOf(DeltaState.Outcome.Delta.class);
    byte[] bytes = ((DeltaState.Outcome.Delta) outcome).bytes();
    assertThat(PprofCheck.check(bytes).violations()).isEmpty();
    return Profile.parse(bytes);
  }

  @Test
  void givesDifferencesOfCountersAndKeepsOtherColumns() throws Exception {
    assertThat(advance(stacks(heap(100)).sample(A, 10, 5).sample(B, 20, 0)))
        .isEqualTo(new DeltaState.Outcome.First());
    Profile delta = delta(stacks(heap(160)).sample(A, 17, 3).sample(B, 20, 0));
    assertThat(delta.samples()).hasSize(1);
    assertThat(delta.samples().get(0).values()).containsExactly(7L, 3L);
    assertThat(delta.durationNanos()).isEqualTo(60);
    assertThat(delta.timeNanos()).isEqualTo(160);
    assertThat(delta.locationCount()).isEqualTo(2);
    assertThat(delta.functionCount()).isEqualTo(2);
  }

  @Test
  void knowsStacksByMeaningWhateverTheirIds() throws Exception {
    advance(stacks(heap(100)).sample(A, 10, 0).sample(B, 20, 0));
    RawPprof renumbered =
        heap(160)
            .location(77, 1, 0x30, 9)
            .location(5, 1, 0x20, 4)
            .location(6, 1, 0x10, 8)
            .function(8, 5)
            .function(9, 7)
            .function(4, 6)
            .sample(new long[] {77, 5}, 21, 0)
            .sample(new long[] {6, 5}, 10, 0);
    Profile delta = delta(renumbered);
    assertThat(delta.samples()).hasSize(1);
    assertThat(delta.samples().get(0).stack().get(0).function()).isEqualTo("work");
    assertThat(delta.totals()).containsExactly(1, 0);
  }

  @Test
  void tellsStacksApartByLabelsAndOrder() throws Exception {
    long[][] small = {{8, 0, 16, 2}};
    long[][] large = {{8, 0, 32, 2}};
    advance(
        stacks(heap(100))
            .sample(A, new long[] {10, 0}, small)
            .sample(A, new long[] {100, 0}, large)
            .sample(new long[] {2, 1}, 1000, 0));
    Profile delta =
        delta(
            stacks(heap(160))
                .sample(new long[] {2, 1}, 1001, 0)
                .sample(A, new long[] {102, 0}, large)
                .sample(A, new long[] {14, 0}, small));
    assertThat(delta.samples()).extracting(s -> s.value(0)).containsExactly(1L, 2L, 4L);
  }

  @Test
  void sumsSamplesOfOneStack() throws Exception {
    advance(stacks(heap(100)).sample(A, 10, 1).sample(A, 5, 1));
    Profile delta = delta(stacks(heap(160)).sample(A, 2, 1).sample(A, 20, 1));
    assertThat(delta.totals()).containsExactly(7, 2);
  }

  @Test
  void countsANewStackFromZeroAndOneThatComesBackFromWhereItWas() throws Exception {
    advance(stacks(heap(100)).sample(A, 10, 0).sample(B, 5, 0));
    assertThat(delta(stacks(heap(160)).sample(A, 16, 0)).totals()).containsExactly(6, 0);
    assertThat(delta(stacks(heap(200)).sample(A, 16, 0).sample(B, 6, 0)).totals())
        .containsExactly(1, 0);
    assertThat(
            delta(stacks(heap(220)).sample(A, 16, 0).sample(B, 6, 0).sample(new long[] {1}, 4, 0))
                .totals())
        .containsExactly(4, 0);
  }

  @Test
  void resetsWhenACounterFalls() throws Exception {
    advance(stacks(heap(100)).sample(A, 10, 0).sample(B, 5, 0));
    DeltaState.Outcome outcome = advance(stacks(heap(160)).sample(A, 9, 0).sample(B, 50, 0));
    assertThat(outcome).isInstanceOf(DeltaState.Outcome.Reset.class);
    assertThat(((DeltaState.Outcome.Reset) outcome).reason()).contains("fell from 10 to 9");
    assertThat(delta(stacks(heap(170)).sample(A, 10, 0).sample(B, 50, 0)).totals())
        .containsExactly(1, 0);
  }

  @Test
  void resetsWhenTheProgramWasStartedAnew() throws Exception {
    advance(stacks(heap(100)).sample(A, 10, 0));
    assertThat(advance(stacks(heap(160, 0x7000)).sample(A, 90, 0)))
        .isInstanceOf(DeltaState.Outcome.Reset.class);
    assertThat(advance(stacks(heap(160, 0x7000)).sample(A, 95, 0)))
        .as("the time does not advance")
        .isInstanceOf(DeltaState.Outcome.Reset.class);
    assertThat(advance(stacks(heap(170, 0x7000)).sample(B, 9, 0)))
        .as("counters fell in all")
        .isInstanceOf(DeltaState.Outcome.Reset.class);
  }

  @Test
  void leavesProfilesWithoutCountersAlone() throws Exception {
    assertThat(state.advance(RawPprof.clean().gzip(), LIMITS))
        .isEqualTo(new DeltaState.Outcome.NotCumulative());
    assertThat(state.stateBytes()).isZero();
    assertThat(DeltaState.isCumulative(new SampleType("delay", "nanoseconds"))).isTrue();
    assertThat(DeltaState.isCumulative(new SampleType("contentions", "count"))).isTrue();
    assertThat(DeltaState.isCumulative(new SampleType("inuse_space", "bytes"))).isFalse();
  }

  @Test
  void holdsNoMoreThanItMayAndKeepsWhatItHadWhenAProfileIsTooLarge() throws Exception {
    DeltaState small = DeltaState.create(4096, false);
    small.advance(stacks(heap(100)).sample(A, 10, 0).gzip(), LIMITS);
    RawPprof many = stacks(heap(130));
    for (int i = 0; i < 500; i++) {
      many.sample(A, new long[] {1, 0}, new long[][] {{8, 0, i}});
    }
    PprofException error =
        catchThrowableOfType(PprofException.class, () -> small.advance(many.gzip(), LIMITS));
    assertThat(error.code()).isEqualTo(PprofException.TOO_LARGE);
    assertThat(error).hasMessageContaining("500 stacks").hasMessageContaining("maxStateBytes");
    assertThat(small.stateBytes()).isPositive().isLessThanOrEqualTo(4096);
    assertThat(small.advance(stacks(heap(160)).sample(A, 11, 0).gzip(), LIMITS))
        .isInstanceOfSatisfying(
            DeltaState.Outcome.Delta.class,
            delta -> {
              assertThat(delta.durationNanos()).isEqualTo(60);
              assertThat(Gzip.isGzip(delta.bytes(), 0, delta.bytes().length)).isFalse();
            });
    small.clear();
    assertThat(small.stateBytes()).isZero();
    assertThatIllegalArgumentException().isThrownBy(() -> DeltaState.create(100, true));
  }
}
