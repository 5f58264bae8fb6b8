package dev.psc.examples.benchmarks;

import dev.psc.pprof.repair.Repair;
import java.util.zip.Inflater;

/**
 * Validating and repairing a gzip'd profile, compared with inflating it by {@code java.util.zip}.
 */
public final class RepairRatio implements Ratio {

  @Override
  public String name() {
    return "repair-vs-inflate";
  }

  @Override
  public double goal() {
    return 2.0;
  }

  @Override
  public Measurement measure() throws Exception {
    byte[] body = Inputs.heap(0);
    byte[] out = new byte[Inputs.inflate(body).length];
    Stopwatch.Comparison comparison =
        Stopwatch.compare(
            () -> Repair.repair(body),
            () -> {
              Inflater inflater = new Inflater(true);
              try {
                inflater.setInput(body, 10, body.length - 18);
                return inflater.inflate(out);
              } finally {
                inflater.end();
              }
            });
    return new Measurement.Measured(
        comparison.ratio(),
        comparison.describe("repair", "inflate") + ", " + out.length + " bytes inflated");
  }
}
