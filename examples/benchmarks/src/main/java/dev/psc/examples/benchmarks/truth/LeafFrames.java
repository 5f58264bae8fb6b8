package dev.psc.examples.benchmarks.truth;

import java.util.List;

/**
 * A compiled loop into which two methods are inlined, of which one does three times as much as the
 * other. The leaf frames of its samples show the bias of the JDK's sampler.
 */
public class LeafFrames implements TruthProgram {

  private static volatile long sink;

  @Override
  public String name() {
    return "leaf-frames";
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    Thread thread = Work.repeat("loop", LeafFrames::loop);
    Work.sleep(4_000);
    TruthCapture.CpuWindow window = capture.cpu(10, List.of(thread));
    double all = Math.max(1, leaf(window, "heavy") + leaf(window, "light") + leaf(window, "loop"));
    capture.row(
        "profile",
        "share of the leaf heavy",
        "%",
        75,
        100 * leaf(window, "heavy") / all,
        TruthCapture.LEAF);
  }

  private static double leaf(TruthCapture.CpuWindow window, String method) {
    String name = LeafFrames.class.getName() + "." + method;
    return TruthCapture.sum(
        window.profile(), 1, sample -> sample.stack().get(0).function().equals(name));
  }

  private static void loop() {
    long x = sink;
    for (int i = 0; i < 100_000; i++) {
      x = light(heavy(x));
    }
    sink = x;
  }

  /** A chain of 24 steps that depend on each other. */
  private static long heavy(long seed) {
    long x = seed;
    x = (x ^ (x >>> 7)) * 31;
    x = (x ^ (x >>> 9)) * 33;
    x = (x ^ (x >>> 11)) * 35;
    x = (x ^ (x >>> 13)) * 37;
    x = (x ^ (x >>> 7)) * 39;
    x = (x ^ (x >>> 9)) * 41;
    x = (x ^ (x >>> 11)) * 43;
    x = (x ^ (x >>> 13)) * 45;
    x = (x ^ (x >>> 7)) * 47;
    x = (x ^ (x >>> 9)) * 49;
    x = (x ^ (x >>> 11)) * 51;
    x = (x ^ (x >>> 13)) * 53;
    x = (x ^ (x >>> 7)) * 55;
    x = (x ^ (x >>> 9)) * 57;
    x = (x ^ (x >>> 11)) * 59;
    x = (x ^ (x >>> 13)) * 61;
    x = (x ^ (x >>> 7)) * 63;
    x = (x ^ (x >>> 9)) * 65;
    x = (x ^ (x >>> 11)) * 67;
    x = (x ^ (x >>> 13)) * 69;
    x = (x ^ (x >>> 7)) * 71;
    x = (x ^ (x >>> 9)) * 73;
    x = (x ^ (x >>> 11)) * 75;
    return (x ^ (x >>> 13)) * 83;
  }

  /** A chain of 8 steps. */
  private static long light(long seed) {
    long x = seed;
    x = (x ^ (x >>> 7)) * 31;
    x = (x ^ (x >>> 9)) * 33;
    x = (x ^ (x >>> 11)) * 35;
    x = (x ^ (x >>> 13)) * 37;
    x = (x ^ (x >>> 7)) * 39;
    x = (x ^ (x >>> 9)) * 41;
    x = (x ^ (x >>> 11)) * 43;
    return (x ^ (x >>> 13)) * 53;
  }
}
