package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.proto.Pprof;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.repair.DeltaState;
import java.io.IOException;

/**
 * The delta of two scrapes, with reading both and writing the result, compared with only reading
 * both with protobuf-java's generated classes. All profiles are bare protobuf.
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
    Stopwatch.Comparison comparison = Stopwatch.compare(() -> delta(pair), () -> readBoth(pair));
    return new Measurement.Measured(
        comparison.ratio(),
        comparison.describe("delta", "reading both")
            + "; "
            + pair.name()
            + ", "
            + pair.before().length
            + " and "
            + pair.after().length
            + " bytes");
  }

  static DeltaState first(Inputs.Pair pair) throws PprofException {
    DeltaState state = DeltaState.create(STATE_BYTES, false);
    state.advance(pair.before(), PprofLimits.defaults());
    return state;
  }

  static DeltaState.Outcome delta(Inputs.Pair pair) throws PprofException {
    return first(pair).advance(pair.after(), PprofLimits.defaults());
  }

  static int readBoth(Inputs.Pair pair) throws IOException {
    return Pprof.Profile.parseFrom(pair.before()).getSampleCount()
        + Pprof.Profile.parseFrom(pair.after()).getSampleCount();
  }
}
