package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
import java.util.List;

/** A Spring Boot application with Tomcat, Spring MVC and Jackson at 200 requests per second. */
public final class SpringBootServer implements TruthProgram {

  private static final int REQUESTS_PER_SECOND = 200;

  /** Long, because threads that run for short times have few samples. */
  private static final int SECONDS = 120;

  private static final String WORKERS = "http-nio-127.0.0.1-auto-1-exec-";
  private static final String POLLER = "http-nio-127.0.0.1-auto-1-Poller";

  @Override
  public String name() {
    return "spring-boot";
  }

  @Override
  public List<String> collectors() {
    return List.of("G1", "Parallel");
  }

  @Override
  public boolean inOtherJars() {
    return true;
  }

  @Override
  @SuppressWarnings("try") // the load runs until it is closed
  public void measure(TruthCapture capture) throws Exception {
    SpringBootApplication application = new SpringBootApplication();
    try (LoadProcess load = new LoadProcess(application.port(), REQUESTS_PER_SECOND)) {
      Work.sleep(10_000);
      long served = application.served();
      List<Thread> workers = TruthCapture.threads(WORKERS);
      List<Thread> all = TruthCapture.threads(WORKERS, POLLER);
      TruthCapture.CpuWindow window = capture.cpuNextToAsyncProfiler(SECONDS, List.of(), all);
      capture.cpuTotal(window);
      capture.cpuOfThreads(window, all);
      if (application.served() - served < SECONDS * REQUESTS_PER_SECOND / 2) {
        throw new IOException(
            "only " + (application.served() - served) + " requests in " + SECONDS + " s");
      }
      capture.allocations(10, workers);
      capture.monitors(10, workers);
    }
  }
}
