package dev.psc.examples.benchmarks;

import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.KeepSampleTypes;
import java.util.List;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Keeping one of four sample types of a gzip'd profile, compared with inflating it and deflating
 * the result with {@code java.util.zip} at the same level.
 */
public final class KeepRatio implements Ratio {

  /** The compression level of filters; the page of psc-pprof has the reason. */
  private static final int LEVEL = 1;

  @Override
  public String name() {
    return "keep-one-type-vs-inflate-deflate";
  }

  @Override
  public double goal() {
    return 1.5;
  }

  @Override
  public Measurement measure() throws Exception {
    byte[] body = Inputs.heap(0);
    KeepSampleTypes keep = KeepSampleTypes.of(List.of(new SampleType("alloc_space", "bytes")));
    byte[] inflated = new byte[Inputs.inflate(body).length];
    byte[] kept = Inputs.inflate(keep.apply(body, PprofLimits.defaults()));
    byte[] deflated = new byte[body.length * 2];
    Stopwatch.Comparison comparison =
        Stopwatch.compare(
            () -> keep.apply(body, PprofLimits.defaults()),
            () -> inflate(body, inflated) + deflate(kept, deflated));
    return new Measurement.Measured(
        comparison.ratio(),
        comparison.describe("keep", "inflate and deflate")
            + ", "
            + inflated.length
            + " bytes, "
            + kept.length
            + " kept");
  }

  private static int inflate(byte[] body, byte[] out) throws Exception {
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(body, 10, body.length - 18);
      return inflater.inflate(out);
    } finally {
      inflater.end();
    }
  }

  private static int deflate(byte[] plain, byte[] out) {
    Deflater deflater = new Deflater(LEVEL, true);
    try {
      deflater.setInput(plain);
      deflater.finish();
      return deflater.deflate(out);
    } finally {
      deflater.end();
    }
  }
}
