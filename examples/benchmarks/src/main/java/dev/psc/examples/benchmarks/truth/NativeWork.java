package dev.psc.examples.benchmarks.truth;

import java.util.List;

/**
 * A thread that compresses in native code, calculates in Java and parks, next to idle selectors.
 */
public final class NativeWork implements TruthProgram {

  @Override
  public String name() {
    return "native-work";
  }

  @Override
  public String threads() {
    return "native work";
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    for (int i = 0; i < 8; i++) {
      java.nio.channels.Selector selector = java.nio.channels.Selector.open();
      Thread unused = Work.repeat("selector", () -> selector.select());
    }
    Thread unused =
        Work.repeat(
            "mixed",
            () -> {
              Work.compress(20);
              Work.calculate(20);
              Work.sleep(40);
            });
    Work.sleep(4_000);
    TruthCapture.CpuWindow window =
        capture.cpuNextToAsyncProfiler(
            15, List.of(Work.class.getName() + ".compress", Work.class.getName() + ".calculate"));
    capture.cpuTotal(window);
  }
}
