package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
import java.util.List;

/** A Spring Boot application with Tomcat, Spring MVC and Jackson at 200 requests per second. */
public final class SpringBootServer implements TruthProgram {

  private static final int REQUESTS_PER_SECOND = 200;

  @Override
  public String name() {
    return "spring-boot";
  }

  @Override
  public String threads() {
    return "platform";
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
      List<Thread> workers = TruthCapture.threads("http-nio-");
      TruthCapture.CpuWindow window = capture.cpuNextToAsyncProfiler(30, List.of(), workers);
      capture.cpuTotal(window);
      capture.cpuOfThreads(window, workers);
      if (application.served() - served < 30 * REQUESTS_PER_SECOND / 2) {
        throw new IOException("only " + (application.served() - served) + " requests in 30 s");
      }
      List<Thread> request = TruthCapture.threads("http-nio-auto-1-exec");
      capture.allocations(10, request);
      capture.monitors(10, request);
    }
  }
}
