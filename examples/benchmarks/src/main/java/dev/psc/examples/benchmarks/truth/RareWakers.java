package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** Two thousand threads, each of which wakes up once a second for about 0.1 ms. */
public final class RareWakers implements TruthProgram {

  @Override
  public String name() {
    return "rare-wakers";
  }

  @Override
  public String threads() {
    return "2,000 platform";
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    for (int i = 0; i < 2_000; i++) {
      Thread unused =
          Work.repeat(
              "waker-" + i,
              () -> {
                Work.mix(100_000);
                Work.sleep(1_000);
              });
    }
    Work.sleep(3_000);
    capture.cpuTotal(capture.cpu(8, List.of()));
  }
}
