package dev.psc.examples.benchmarks.truth;

import java.util.List;

/** Lucene: one thread adds documents to an index in memory, another one searches it. */
public final class FullTextSearch implements TruthProgram {

  @Override
  public String name() {
    return "lucene";
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
    FullTextIndex index = new FullTextIndex();
    List<Thread> threads =
        List.of(Work.repeat("indexing", index::add), Work.repeat("searching", index::search));
    Work.sleep(8_000);
    TruthCapture.CpuWindow window = capture.cpuNextToAsyncProfiler(20, List.of(), threads);
    capture.cpuTotal(window);
    capture.cpuOfThreads(window, threads);
    capture.allocations(8, threads);
  }
}
