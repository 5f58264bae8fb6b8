package dev.psc.examples.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.JvmProfiling;
import dev.psc.opentelemetry.OpenTelemetryTraces;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Work with spans in a separate JVM; prints values by name. */
@SuppressWarnings("try") // scopes are closed, not used
final class TraceWork {

  static final String PLAIN = "plain";
  static final String IDLE = "idle";
  static final String CAPTURE = "capture";
  static final String SERVICE = "service";

  private static final int TRACES = 1_024;
  private static final int SPANS_PER_SECOND = 20_000;
  private static final int THREADS = 4;

  private TraceWork() {}

  /** Runs a mode. */
  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case PLAIN -> attach();
      case IDLE -> {
        OpenTelemetryTraces.install();
        attach();
      }
      case CAPTURE -> {
        OpenTelemetryTraces.install();
        try (JvmProfiling profiling = profiling(2_000)) {
          attach();
        }
      }
      default -> service();
    }
  }

  private static JvmProfiling profiling(int maxTraces) throws InterruptedException {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .maxTraces(maxTraces)
            .interval(Duration.ofSeconds(2))
            .receiver(profile -> new Acceptance.Accepted())
            .start();
    while (profiling.status().capture().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return profiling;
  }

  private static Span span(int trace, int span) {
    return Span.wrap(
        SpanContext.create(
            String.format("%032x", 0x1234_5678_9abc_0000L + trace),
            String.format("%016x", 0x1234_5678_9abc_0000L + span),
            TraceFlags.getSampled(),
            TraceState.getDefault()));
  }

  /** A request with a root span and a child: two attaches and two detaches. */
  private static void attach() {
    Context[] roots = new Context[TRACES];
    Context[] children = new Context[TRACES];
    for (int i = 0; i < TRACES; i++) {
      Span root = span(i, i);
      roots[i] = Context.root().with(root);
      children[i] =
          roots[i].with(
              Span.wrap(
                  SpanContext.create(
                      root.getSpanContext().getTraceId(),
                      String.format("%016x", 0x0fed_0000_0000_0000L + i),
                      TraceFlags.getSampled(),
                      TraceState.getDefault())));
    }
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    for (int round = 0; round < 31; round++) {
      long bytes = threads.getCurrentThreadAllocatedBytes();
      long begin = threads.getCurrentThreadCpuTime();
      int requests = 200_000;
      for (int i = 0; i < requests; i++) {
        try (Scope outer = roots[i % TRACES].makeCurrent();
            Scope inner = children[i % TRACES].makeCurrent()) {
          // attached and detached
        }
      }
      if (round >= 10) {
        long nanos = threads.getCurrentThreadCpuTime() - begin;
        System.out.println("nanos " + nanos / (4.0 * requests));
        System.out.println(
            "bytes " + (threads.getCurrentThreadAllocatedBytes() - bytes) / (2.0 * requests));
      }
    }
  }

  private static void service() throws Exception {
    OpenTelemetryTraces.install();
    for (int round = 0; round < 16; round++) {
      boolean on = round % 2 == 0;
      JvmProfiling profiling = profiling(on ? 2_000 : 0);
      long[] used = new long[1];
      double rate = serve(used);
      profiling.close();
      if (round >= 2) {
        System.out.println((on ? "on " : "off ") + used[0] / 1e6);
        System.out.println("rate " + rate);
      }
    }
  }

  /** Serves requests at a fixed rate; returns the spans per second. */
  private static double serve(long[] usedNanos) throws InterruptedException {
    OperatingSystemMXBean process =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    AtomicLong spans = new AtomicLong();
    long begin = System.nanoTime();
    long cpu = process.getProcessCpuTime();
    long end = begin + 4_000_000_000L;
    List<Thread> workers = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      int first = t * 1_000_000;
      Thread worker =
          new Thread(
              () -> {
                long next = System.nanoTime();
                for (int i = first; next < end; i++) {
                  try (Scope outer = span(i, i).makeCurrent();
                      Scope inner = span(i, i + 1).makeCurrent()) {
                    work();
                  }
                  spans.addAndGet(2);
                  next += 2_000_000_000L * THREADS / SPANS_PER_SECOND;
                  long wait = next - System.nanoTime();
                  if (wait > 100_000) {
                    LockSupport.parkNanos(wait);
                  }
                }
              });
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join();
    }
    usedNanos[0] = process.getProcessCpuTime() - cpu;
    return spans.get() * 1e9 / (System.nanoTime() - begin);
  }

  @SuppressWarnings("UnusedVariable") // keeps the work
  private static volatile double sink;

  private static void work() {
    double x = 1;
    for (int i = 0; i < 3_000; i++) {
      x = Math.sqrt(x + i);
    }
    sink = x;
  }
}
