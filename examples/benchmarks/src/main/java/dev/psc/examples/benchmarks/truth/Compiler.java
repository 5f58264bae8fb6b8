package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** The JDK's compiler: a real program with deep stacks that compiles and collects garbage. */
public final class Compiler implements TruthProgram {

  @Override
  public String name() {
    return "javac";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    Thread unused = Work.repeat("compiler", () -> Sources.compile(40));
    Work.sleep(8_000);
    capture.cpuTotal(capture.cpuNextToAsyncProfiler(15, List.of()));
  }
}
