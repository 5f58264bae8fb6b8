package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.proto.Pprof;
import dev.psc.pprof.DeltaState;
import dev.psc.pprof.PprofException;
import dev.psc.pprof.PprofLimits;
import java.util.Locale;

/**
 * The delta of two scrapes, with the reading of both and the writing of the result, against only
 * reading both with protobuf-java's generated classes. All of it bare protobuf.
 */
public final class DeltaRatio implements Ratio {

  private static final long STATE_BYTES = 16L << 20;

  @Override
  public String name() {
    return "delta-vs-protobuf-java";
  }

  @Override
  public double goal() {
    return 0.2;
  }

  @Override
  public Measurement measure() throws Exception {
    Inputs.Pair pair = Inputs.bigPair();
    byte[] before = pair.before();
    byte[] after = pair.after();
    Stopwatch.Comparison both =
        Stopwatch.compare(
            () -> {
              DeltaState state = first(before);
              return state.advance(after, PprofLimits.defaults());
            },
            () ->
                Pprof.Profile.parseFrom(before).getSampleCount()
                    + Pprof.Profile.parseFrom(after).getSampleCount());
    Stopwatch.Comparison one =
        Stopwatch.compare(
            () -> first(before), () -> Pprof.Profile.parseFrom(before).getSampleCount());
    return new Measurement.Measured(
        both.ratio(),
        String.format(
            Locale.ROOT,
            "%s (the second scrape alone, as in every round but the first, %.3f ms); %s, %d and %d"
                + " bytes",
            both.describe("delta", "reading both"),
            (both.ours() - one.ours()) / 1e6,
            pair.name(),
            before.length,
            after.length));
  }

  private static DeltaState first(byte[] before) throws PprofException {
    DeltaState state = DeltaState.create(STATE_BYTES, false);
    state.advance(before, PprofLimits.defaults());
    return state;
  }
}
