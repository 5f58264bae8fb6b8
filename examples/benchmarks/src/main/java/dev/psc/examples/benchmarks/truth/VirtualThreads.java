package dev.psc.examples.benchmarks.truth;

import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/** Virtual threads that calculate for about 2 ms each. */
public final class VirtualThreads implements TruthProgram {

  @Override
  public String name() {
    return "virtual-threads";
  }

  @Override
  public String threads() {
    return "virtual";
  }

  @Override
  public int firstJdk() {
    return 21;
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Z");
  }

  @Override
  public void measure(TruthCapture capture) throws Exception {
    // By reflection: the class is compiled for JDK 17.
    ExecutorService threads =
        (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    Semaphore running = new Semaphore(64);
    Thread unused =
        Work.repeat(
            "submitter",
            () -> {
              running.acquire();
              threads.execute(
                  () -> {
                    Work.mix(1_000_000);
                    Work.sleep(50);
                    running.release();
                  });
            });
    Work.sleep(2_000);
    capture.cpuTotal(capture.cpu(8, List.of()));
  }
}
