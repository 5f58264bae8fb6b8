package dev.psc.examples.benchmarks.truth;

import java.util.List;
import one.profiler.AsyncProfiler;

/** A busy thread next to another profiler that handles SIGPROF. */
public final class OtherSignalUser implements TruthProgram {

  @Override
  public String name() {
    return "other-sigprof-user";
  }

  @Override
  public int firstJdk() {
    return 25;
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    AsyncProfiler.getInstance().execute("start,event=itimer,interval=10ms");
    List<Thread> threads = List.of(Work.repeat("always", () -> Work.calculate(50)));
    Work.sleep(12_000);
    TruthCapture.CpuWindow window = capture.cpu(10, threads);
    capture.cpuTotal(window);
    capture.row(
        "profile",
        "work of the thread",
        "ms",
        window.threadNanos().get(0) / 1e6,
        TruthCapture.sum(
                window.profile(),
                1,
                sample ->
                    sample.stack().stream()
                        .anyMatch(frame -> frame.function().endsWith("Work.calculate")))
            / 1e6,
        TruthCapture.AMOUNT);
    window.profile().comments().forEach(System.out::println);
  }
}
