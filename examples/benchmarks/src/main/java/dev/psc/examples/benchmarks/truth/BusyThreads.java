package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** One thread that always runs and two that run a third of the time. */
public final class BusyThreads implements TruthProgram {

  @Override
  public String name() {
    return "busy";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel", "Z");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    List<Thread> threads =
        List.of(
            Work.repeat("always", () -> Work.calculate(50)),
            Work.repeat("third", () -> third()),
            Work.repeat("allocating", () -> allocate()));
    Work.sleep(2_000);
    TruthCapture.CpuWindow window = capture.cpu(8, threads);
    capture.cpuTotal(window);
    capture.cpuOfThreads(window, threads);
  }

  private static void third() {
    Work.calculate(10);
    Work.sleep(20);
  }

  @SuppressWarnings("UnusedVariable") // keeps the allocation from being optimized away
  private static volatile Object kept = "";

  private static void allocate() {
    for (int i = 0; i < 5_000; i++) {
      kept = new byte[256];
    }
    Work.sleep(2);
  }
}
