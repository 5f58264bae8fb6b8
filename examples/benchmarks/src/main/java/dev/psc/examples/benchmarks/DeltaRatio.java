package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.proto.Pprof;
import dev.psc.pprof.DeltaState;
import dev.psc.pprof.PprofLimits;

/** The delta of two profiles, against only reading both with protobuf-java's generated classes. */
public final class DeltaRatio implements Ratio {

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
    byte[] before = Inputs.inflate(Inputs.heap(0));
    byte[] after = Inputs.inflate(Inputs.heap(1));
    Stopwatch.Comparison comparison =
        Stopwatch.compare(
            () -> {
              DeltaState state = DeltaState.create();
              state.advance(before, PprofLimits.defaults());
              return state.advance(after, PprofLimits.defaults());
            },
            () ->
                Pprof.Profile.parseFrom(before).getSampleCount()
                    + Pprof.Profile.parseFrom(after).getSampleCount());
    return new Measurement.Measured(
        comparison.ratio(), comparison.describe("delta", "reading both") + ", bare protobuf");
  }
}
