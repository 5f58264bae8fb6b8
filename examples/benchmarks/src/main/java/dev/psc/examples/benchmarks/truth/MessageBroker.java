package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A Kafka broker with its controller, a producer and a consumer, at 20,000 records per second. */
public final class MessageBroker implements TruthProgram {

  private static final int RECORDS_PER_SECOND = 20_000;

  /** Long, because threads that run for short times have few samples. */
  private static final int SECONDS = 120;

  @Override
  public String name() {
    return "kafka";
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
  public void measure(TruthCapture capture) throws Exception {
    try (KafkaBroker broker = new KafkaBroker()) {
      List<Thread> threads = new ArrayList<>();
      threads.add(
          Work.repeat(
              "producing",
              () -> {
                broker.send(RECORDS_PER_SECOND / 50);
                Work.sleep(20);
              }));
      threads.add(Work.repeat("consuming", broker::poll));
      Work.sleep(15_000);
      threads.addAll(
          TruthCapture.threads("data-plane-kafka-request-handler-", "kafka-producer-network"));
      long received = broker.received();
      TruthCapture.CpuWindow window = capture.cpuNextToAsyncProfiler(SECONDS, List.of(), threads);
      capture.cpuTotal(window);
      capture.cpuOfThreads(window, threads);
      received = broker.received() - received;
      if (received < SECONDS * RECORDS_PER_SECOND / 4) {
        throw new IOException("only " + received + " records in " + SECONDS + " s");
      }
      capture.allocations(10, threads);
    }
  }
}
