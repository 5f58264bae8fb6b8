package dev.psc.examples.benchmarks;

import dev.psc.pprof.repair.Repair;

/** The bytes allocated to validate and repair a profile, compared with its inflated size. */
public final class AllocationRatio implements Ratio {

  @Override
  public String name() {
    return "repair-allocation";
  }

  @Override
  public double goal() {
    return 2.0;
  }

  @Override
  public Measurement measure() throws Exception {
    byte[] body = Inputs.heap(0);
    int inflated = Inputs.inflate(body).length;
    double allocated = Stopwatch.allocatedBytes(() -> Repair.repair(body));
    return new Measurement.Measured(
        allocated / inflated, Math.round(allocated) + " bytes for " + inflated + " inflated");
  }
}
