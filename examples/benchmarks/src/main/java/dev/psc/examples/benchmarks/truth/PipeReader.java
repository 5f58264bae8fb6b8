package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** A thread that waits in native reads of a pipe and calculates for each line. */
public final class PipeReader implements TruthProgram {

  @Override
  public String name() {
    return "pipe-read";
  }

  @Override
  public String threads() {
    return "native waits";
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    Process lines =
        new ProcessBuilder("sh", "-c", "while true; do sleep 0.09; echo x; done").start();
    byte[] line = new byte[64];
    Thread reader =
        Work.repeat(
            "reader",
            () -> {
              if (lines.getInputStream().read(line) > 0) {
                Work.calculate(10);
              }
            });
    Runtime.getRuntime().addShutdownHook(new Thread(lines::destroy));
    Work.sleep(2_000);
    TruthCapture.CpuWindow window = capture.cpu(10, List.of(reader));
    capture.cpuTotal(window);
    capture.cpuOfThreads(window, List.of(reader));
    capture.row(
        "profile",
        "work of the reader",
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
  }
}
