package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The delta reads the usual forms of a sample in a separate fast path; no form may differ. */
class DeltaWireFormsTest {

  private static final PprofLimits LIMITS = PprofLimits.defaults();
  private static final int SAMPLES = 60;

  private static byte[] tables(int locations, long time) {
    RawPprof pprof =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 3, 2)
            .valueType(ProfileFields.PERIOD_TYPE, 4, 2)
            .mapping(1)
            .strings("", "alloc_space", "bytes", "inuse_space", "space", "main", "size", "text")
            .function(1, 5)
            .time(time);
    for (int i = 1; i <= locations; i++) {
      pprof.location(i, 1, i * 16L, 1);
    }
    return pprof.bytes();
  }

  private static long[] stack(SplittableRandom random, int locations) {
    long[] stack = new long[random.nextInt(30)];
    for (int i = 0; i < stack.length; i++) {
      stack[i] = 1L + random.nextInt(random.nextBoolean() ? Math.min(locations, 127) : locations);
    }
    return stack;
  }

  private static long[][] labels(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0 -> new long[][] {{6, 0, random.nextInt(300), 2}};
      case 1 -> new long[][] {{6, 0, random.nextLong(), 2}, {7, 5}};
      case 2 -> new long[][] {{7, 1 + random.nextInt(7)}};
      default -> new long[0][];
    };
  }

  /** Samples as writers write them, or with numbers and fields in every other form and order. */
  private static byte[] samples(long seed, int locations, long grown, boolean plain) {
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom form = new SplittableRandom(seed + grown);
    RawPprof pprof = new RawPprof();
    for (int i = 0; i < SAMPLES; i++) {
      long[] stack = stack(random, locations);
      long counter = (1L << random.nextInt(62)) + i;
      long[] values = {counter + grown, random.nextInt(3)};
      long[][] labels = labels(random);
      if (plain) {
        pprof.sample(stack, values, labels);
      } else {
        otherForm(pprof, form, stack, values, labels);
      }
    }
    return pprof.bytes();
  }

  private static void otherForm(
      RawPprof pprof, SplittableRandom form, long[] stack, long[] values, long[][] labels) {
    WireWriter sample = new WireWriter(64);
    boolean labelsFirst = form.nextBoolean();
    for (int part = 0; part < 2; part++) {
      if (labelsFirst == (part == 0)) {
        for (long[] label : labels) {
          int mark = sample.begin(ProfileFields.SAMPLE_LABEL);
          for (int i = label.length - 1; i >= 0; i--) {
            sample.number(i + 1, label[i]);
          }
          sample.end(mark);
        }
        continue;
      }
      for (int i = 0; i < values.length; i++) {
        sample.varint(ProfileFields.SAMPLE_VALUE << 3);
        sample.varint(values[i]);
      }
      int at = 0;
      while (at < stack.length) {
        if (form.nextBoolean()) {
          sample.varint(ProfileFields.SAMPLE_LOCATION_ID << 3);
          sample.varint(stack[at++]);
        } else {
          int mark = sample.begin(ProfileFields.SAMPLE_LOCATION_ID);
          for (int n = form.nextInt(5); n > 0 && at < stack.length; n--) {
            sample.varint(stack[at++]);
          }
          sample.end(mark);
        }
      }
    }
    byte[] bytes = sample.toByteArray();
    WireWriter field = new WireWriter(64);
    field.bytes(ProfileFields.SAMPLE, bytes, 0, bytes.length);
    for (byte b : field.toByteArray()) {
      pprof.raw(b);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 100, 126, 127, 128, 129, 300, 16_383, 16_384, 20_000})
  void knowsASampleInAnyForm(int locations) throws Exception {
    for (long seed = 0; seed < 6; seed++) {
      DeltaState state = DeltaState.create();
      for (int round = 0; round < 4; round++) {
        boolean tablesFirst = round % 2 == 0;
        byte[] tables = tables(locations, 100 + round);
        byte[] samples = samples(seed, locations, round * 5L, tablesFirst);
        byte[] body =
            tablesFirst ? RawPprof.concat(tables, samples) : RawPprof.concat(samples, tables);
        DeltaState.Outcome outcome = state.advance(body, LIMITS);
        if (round == 0) {
          assertThat(outcome).isEqualTo(new DeltaState.Outcome.First());
          continue;
        }
        assertThat(outcome).isInstanceOf(DeltaState.Outcome.Delta.class);
        Profile delta = Profile.parse(((DeltaState.Outcome.Delta) outcome).bytes());
        assertThat(delta.totals()[0]).isEqualTo(SAMPLES * 5L);
        assertThat(delta.totals()[1]).isEqualTo(Profile.parse(body).totals()[1]);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 127, 128, 300, 16_384})
  void refusesASampleThatBreaksARuleAndKeepsWhatIsKnown(int locations) throws Exception {
    for (int deep : new int[] {1, 7, 8, 9, 40}) {
      DeltaState state = DeltaState.create();
      long[] stack = new long[deep];
      for (int i = 0; i < deep; i++) {
        stack[i] = 1 + i * 31L % locations;
      }
      state.advance(body(locations, 100, stack, stack, 10), LIMITS);
      for (int at = 0; at < deep; at++) {
        for (long bad : new long[] {0, locations + 1L, 1L << 40}) {
          long[] wrong = stack.clone();
          wrong[at] = bad;
          byte[] body = body(locations, 110, stack, wrong, 11);
          PprofException error =
              catchThrowableOfType(PprofException.class, () -> state.advance(body, LIMITS));
          assertThat(error).as("%d at %d of %d", bad, at, deep).isNotNull();
          assertThat(error.code())
              .isEqualTo(
                  (bad == 0 ? PprofRule.STACK_LOCATION_ZERO : PprofRule.STACK_LOCATION_MISSING)
                      .code());
        }
      }
      DeltaState.Outcome outcome = state.advance(body(locations, 120, stack, stack, 12), LIMITS);
      assertThat(Profile.parse(((DeltaState.Outcome.Delta) outcome).bytes()).totals())
          .containsExactly(4, 6);
    }
  }

  /** Two samples, the second of which has words in common with the first, and then all else. */
  private static byte[] body(int locations, long time, long[] first, long[] stack, long counter) {
    return RawPprof.concat(
        new RawPprof().sample(first, counter, 3).sample(stack, counter, 3).bytes(),
        tables(locations, time));
  }

  /**
   * Words of stacks and values that differ in length alone, and more of them than are remembered.
   */
  @Test
  void keepsManySimilarSamplesApart() throws Exception {
    RawPprof before = new RawPprof();
    RawPprof after = new RawPprof();
    long grown = 0;
    int samples = 0;
    for (int a = 1; a <= 120; a++) {
      for (int length = 1; length <= 64; length++) {
        long[] stack = new long[length];
        Arrays.setAll(stack, i -> 1 + i % 3);
        stack[0] = a;
        long counter = 1L << (length % 60);
        boolean changes = (a + length) % 7 == 0;
        before.sample(stack, counter, 0);
        after.sample(stack, changes ? counter + a : counter, 0);
        grown += changes ? a : 0;
        samples += changes ? 1 : 0;
      }
    }
    DeltaState state = DeltaState.create();
    state.advance(RawPprof.concat(tables(120, 100), before.bytes()), LIMITS);
    DeltaState.Outcome outcome =
        state.advance(RawPprof.concat(after.bytes(), tables(120, 110)), LIMITS);
    Profile delta = Profile.parse(((DeltaState.Outcome.Delta) outcome).bytes());
    assertThat(delta.totals()).containsExactly(grown, 0);
    assertThat(delta.sampleCount()).isEqualTo(samples);
  }

  @Test
  void refusesWrongNumbersOfValuesAndWrongLabels() throws Exception {
    long[] stack = {1, 2, 3};
    byte[][] wrong = {
      new RawPprof().sample(stack, 1).bytes(),
      new RawPprof().sample(stack, 1, 2, 3).bytes(),
      new RawPprof().sample(stack, 0, 0, 0, 0, 0, 0, 0, 0).bytes(),
      new RawPprof().sample(stack, 1, 0).sample(stack, 1).bytes(),
      new RawPprof().sample(stack, 1, 0).sample(stack, 1, 0, 0).bytes(),
      new RawPprof()
          .sample(new long[] {1, 2, 3, 4, 5, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0}, 1, 0)
          .bytes(),
      new RawPprof().sample(stack).bytes(),
      new RawPprof().sample(stack, new long[] {1, 2}, new long[][] {{99, 7}}).bytes(),
      new RawPprof().sample(stack, new long[] {1, 2}, new long[][] {{6, 99}}).bytes(),
    };
    DeltaState state = DeltaState.create();
    for (byte[] sample : wrong) {
      byte[] last = RawPprof.concat(tables(5, 100), sample);
      assertThat(catchThrowableOfType(PprofException.class, () -> state.advance(last, LIMITS)))
          .isNotNull();
      byte[] first = RawPprof.concat(sample, tables(5, 100));
      assertThat(catchThrowableOfType(PprofException.class, () -> state.advance(first, LIMITS)))
          .isNotNull();
    }
    assertThat(state.stateBytes()).isZero();
    byte[] labelWithoutKey =
        new RawPprof().sample(stack, new long[] {90, 0}, new long[][] {{0, 7}}).bytes();
    assertThat(state.advance(RawPprof.concat(tables(5, 99), labelWithoutKey), LIMITS))
        .as("what repair changes")
        .isEqualTo(new DeltaState.Outcome.First());
    // A sample that ends with the array leaves no room to look at eight bytes together.
    for (long time = 100; time < 103; time++) {
      state.advance(
          RawPprof.concat(tables(5, time), new RawPprof().sample(stack, time, 0).bytes()), LIMITS);
    }
    assertThat(state.stateBytes()).isPositive();
  }
}
