package dev.psc.examples.benchmarks;

import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.KeepSampleTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The bytes allocated to keep one of four sample types of a profile, compared with its inflated
 * size, for the least favourable input.
 */
public final class KeepAllocationRatio implements Ratio {

  @Override
  public String name() {
    return "keep-one-type-allocation";
  }

  @Override
  public double goal() {
    return 2.0;
  }

  @Override
  public Measurement measure() throws Exception {
    KeepSampleTypes keep = KeepSampleTypes.of(List.of(new SampleType("alloc_space", "bytes")));
    double worst = 0;
    List<String> details = new ArrayList<>();
    for (Inputs.Named input : Inputs.heaps()) {
      byte[] body = input.body();
      int inflated = Inputs.inflate(body).length;
      double allocated = Stopwatch.allocatedBytes(() -> keep.apply(body, PprofLimits.defaults()));
      worst = Math.max(worst, allocated / inflated);
      details.add(
          String.format(
              Locale.ROOT,
              "%s: %.0f bytes for %d inflated and %d that come out, %.2f",
              input.name(),
              allocated,
              inflated,
              keep.apply(body, PprofLimits.defaults()).length,
              allocated / inflated));
    }
    return new Measurement.Measured(worst, String.join("; ", details));
  }
}
