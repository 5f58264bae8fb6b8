package dev.psc.examples.benchmarks.truth;

import java.util.List;
import java.util.concurrent.Semaphore;

/** Threads that live for 20 ms of CPU, two at a time. */
public final class ShortLivedThreads implements TruthProgram {

  @Override
  public String name() {
    return "short-threads";
  }

  @Override
  public String threads() {
    return "short-lived";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Z");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    Semaphore running = new Semaphore(2);
    Thread unused =
        Work.repeat(
            "starter",
            () -> {
              running.acquire();
              Thread thread =
                  new Thread(
                      () -> {
                        Work.calculate(20);
                        running.release();
                      });
              thread.setDaemon(true);
              thread.start();
            });
    Work.sleep(2_000);
    TruthCapture.CpuWindow window = capture.cpu(8, List.of());
    capture.cpuTotal(window);
  }
}
