package dev.psc.opentelemetry;

import static dev.psc.opentelemetry.Profiled.burn;
import static dev.psc.opentelemetry.Profiled.span;
import static dev.psc.opentelemetry.Profiled.spanId;
import static dev.psc.opentelemetry.Profiled.traceId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.TraceLabels;
import dev.psc.pprof.Profile;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Samples have the ids of the span that was current on their thread. */
@SuppressWarnings("try") // scopes are closed, not used
@Timeout(300)
class TraceIdsTest {

  private static final Duration SHORT = Duration.ofMillis(600);

  private final ExecutorService pool = Executors.newFixedThreadPool(2);

  @AfterEach
  void stop() {
    pool.shutdownNow();
  }

  @Test
  void cpuOfASlowSpanIsThatOfItsThread() throws Exception {
    long slow;
    AtomicLong other = new AtomicLong();
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU)) {
      var busy =
          pool.submit(
              () -> {
                try (Scope scope = span(2, 20).makeCurrent()) {
                  other.set(burn(Duration.ofSeconds(2)));
                }
              });
      try (Scope scope = span(1, 10).makeCurrent()) {
        slow = burn(Duration.ofSeconds(3));
      }
      burn(SHORT);
      busy.get(200, TimeUnit.SECONDS);
      profiled.close();
      Map<String, Long> byTrace = profiled.sums("process_cpu", 1, "trace_id");
      assertThat((double) byTrace.get(traceId(1))).isCloseTo((double) slow, within(0.1 * slow));
      assertThat((double) byTrace.get(traceId(2)))
          .isCloseTo((double) other.get(), within(0.1 * other.get()));
      assertThat(profiled.sums("process_cpu", 1, "span_id"))
          .containsEntry(spanId(10), byTrace.get(traceId(1)));
    }
  }

  @Test
  void innerSpansReplaceOuterOnesUntilTheyEnd() {
    long outer;
    long inner;
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU)) {
      try (Scope scope = span(1, 10).makeCurrent()) {
        outer = burn(SHORT);
        try (Scope within = span(1, 11).makeCurrent()) {
          inner = burn(SHORT);
        }
        outer += burn(SHORT);
      }
      profiled.close();
      Map<String, Long> bySpan = profiled.sums("process_cpu", 1, "span_id");
      assertThat((double) bySpan.get(spanId(10))).isCloseTo((double) outer, within(0.2 * outer));
      assertThat((double) bySpan.get(spanId(11))).isCloseTo((double) inner, within(0.3 * inner));
      assertThat((double) profiled.sums("process_cpu", 1, "trace_id").get(traceId(1)))
          .isCloseTo((double) (outer + inner), within(0.15 * (outer + inner)));
    }
  }

  @Test
  void spansFollowTasksToOtherThreads() throws Exception {
    Schedulers.onScheduleHook("trace-ids", task -> Context.current().wrap(task));
    ExecutorService tracing = Context.taskWrapping(pool);
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU)) {
      try (Scope scope = span(1, 10).makeCurrent()) {
        tracing.submit(TraceIdsTest::pooled).get(100, TimeUnit.SECONDS);
      }
      try (Scope scope = span(2, 20).makeCurrent()) {
        CompletableFuture.supplyAsync(() -> 1, tracing)
            .thenApplyAsync(TraceIdsTest::completed, tracing)
            .get(100, TimeUnit.SECONDS);
      }
      try (Scope scope = span(3, 30).makeCurrent()) {
        Mono.fromRunnable(TraceIdsTest::reactive)
            .subscribeOn(Schedulers.boundedElastic())
            .block(Duration.ofSeconds(100));
      }
      pool.submit(TraceIdsTest::pooled).get(100, TimeUnit.SECONDS); // without a span
      profiled.close();
      Map<String, Long> pooled = profiled.sums("process_cpu", 1, "trace_id", "pooled");
      assertThat(pooled).containsOnlyKeys(traceId(1), "");
      assertThat((double) pooled.get(""))
          .isCloseTo((double) pooled.get(traceId(1)), within(0.4 * pooled.get(traceId(1))));
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "completed"))
          .containsOnlyKeys(traceId(2));
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "reactive"))
          .containsOnlyKeys(traceId(3));
    } finally {
      Schedulers.resetOnScheduleHook("trace-ids");
    }
  }

  private static void pooled() {
    burn(SHORT);
  }

  private static int completed(int value) {
    burn(SHORT);
    return value;
  }

  private static void reactive() {
    burn(SHORT);
  }

  @Test
  void aSpanThatAnotherThreadEndsStaysCurrentWhereItIs() throws Exception {
    try (SdkTracerProvider provider = SdkTracerProvider.builder().build();
        Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU)) {
      Span span = provider.get("test").spanBuilder("work").startSpan();
      try (Scope scope = span.makeCurrent()) {
        pool.submit((Callable<Void>) () -> endOf(span)).get(100, TimeUnit.SECONDS);
        afterEnd();
      }
      outside();
      profiled.close();
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "afterEnd"))
          .containsOnlyKeys(span.getSpanContext().getTraceId());
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "endOf")).containsOnlyKeys("");
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "outside")).containsOnlyKeys("");
    }
  }

  private static Void endOf(Span span) {
    span.end();
    burn(SHORT);
    return null;
  }

  private static void afterEnd() {
    burn(SHORT);
  }

  private static void outside() {
    burn(SHORT);
  }

  @Test
  void everyKindOfSampleHasIds() throws Exception {
    try (Profiled profiled =
        Profiled.start(
            JvmProfile.MEMORY,
            JvmProfile.MUTEX,
            JvmProfile.BLOCK,
            JvmProfile.WALL,
            JvmProfile.EXCEPTIONS)) {
      try (Scope scope = span(1, 10).makeCurrent()) {
        allocate();
        asleep();
        locked();
        thrower();
      }
      profiled.close();
      assertThat(profiled.sums("memory", 1, "trace_id", "allocate")).containsOnlyKeys(traceId(1));
      assertThat(profiled.sums("block", 1, "trace_id", "asleep")).containsOnlyKeys(traceId(1));
      assertThat(profiled.sums("wall", 1, "trace_id", "asleep")).containsOnlyKeys(traceId(1));
      assertThat(profiled.sums("mutex", 1, "trace_id", "locked")).containsOnlyKeys(traceId(1));
      assertThat(profiled.sums("exceptions", 0, "trace_id", "thrower"))
          .containsOnlyKeys(traceId(1));
    }
  }

  @SuppressWarnings("UnusedVariable") // keeps allocations
  private static byte @Nullable [] sink;

  private static void allocate() {
    for (int i = 0; i < 20_000; i++) {
      sink = new byte[16 << 10];
    }
  }

  private static void asleep() throws InterruptedException {
    Thread.sleep(200);
  }

  private void locked() throws InterruptedException {
    ReentrantLock lock = new ReentrantLock();
    CountDownLatch held = new CountDownLatch(1);
    var unused =
        pool.submit(
            () -> {
              lock.lock();
              try {
                held.countDown();
                burn(Duration.ofMillis(200));
              } finally {
                lock.unlock();
              }
            });
    held.await();
    lock.lock();
    try {
      sink = new byte[1];
    } finally {
      lock.unlock();
    }
  }

  /** Some JDKs begin to record exceptions late, and record few per second. */
  private static void thrower() throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      try {
        throw new IllegalStateException("expected");
      } catch (IllegalStateException e) {
        sink = new byte[1];
      }
      Thread.sleep(10);
    }
  }

  @Test
  void virtualThreadsHaveTheirOwnSpans() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "needs virtual threads");
    ExecutorService virtual =
        (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    ExecutorService tracing = Context.taskWrapping(virtual);
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU, JvmProfile.BLOCK)) {
      CompletableFuture<?> first;
      CompletableFuture<?> second;
      try (Scope scope = span(1, 10).makeCurrent()) {
        first = CompletableFuture.runAsync(TraceIdsTest::first, tracing);
      }
      try (Scope scope = span(2, 20).makeCurrent()) {
        second = CompletableFuture.runAsync(TraceIdsTest::second, tracing);
      }
      first.get(200, TimeUnit.SECONDS);
      second.get(200, TimeUnit.SECONDS);
      profiled.close();
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "first")).containsOnlyKeys(traceId(1));
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "second"))
          .containsOnlyKeys(traceId(2));
    } finally {
      virtual.shutdownNow();
    }
  }

  /** May change its carrier several times. */
  private static void first() {
    for (int i = 0; i < 20; i++) {
      burn(Duration.ofMillis(40));
      LockSupport.parkNanos(1_000_000);
    }
  }

  private static void second() {
    for (int i = 0; i < 20; i++) {
      burn(Duration.ofMillis(40));
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void spansThatAreNotSampledHaveNoIds() {
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU)) {
      try (Scope scope = span(1, 10).makeCurrent()) {
        try (Scope within = span(2, 20, TraceFlags.getDefault()).makeCurrent()) {
          outside();
        }
      }
      profiled.close();
      assertThat(profiled.sums("process_cpu", 1, "trace_id", "outside")).containsOnlyKeys("");
    }
  }

  @Test
  void beyondTheLimitOfTracesSamplesLoseTheirIdsOnly() {
    long burnt = 0;
    try (Profiled profiled =
        Profiled.start(JvmProfiling.builder().maxTraces(2), JvmProfile.PROCESS_CPU)) {
      for (int trace = 1; trace <= 4; trace++) {
        try (Scope scope = span(trace, trace).makeCurrent()) {
          burnt += burn(SHORT);
        }
      }
      profiled.close();
      Map<String, Long> byTrace = profiled.sums("process_cpu", 1, "trace_id", "burn");
      assertThat(byTrace).containsOnlyKeys(traceId(1), traceId(2), "");
      double sum = (double) byTrace.values().stream().mapToLong(Long::longValue).sum();
      assertThat(sum).isCloseTo((double) burnt, within(0.15 * burnt));
      Profile profile = profiled.profile("process_cpu");
      assertThat(profile.comments()).anyMatch(comment -> comment.contains("have no trace id"));
    }
  }

  @Test
  void theNameOfTheLocalRootSpanIsALabel() {
    try (Profiled profiled = Profiled.start(JvmProfile.PROCESS_CPU);
        SdkTracerProvider provider =
            SdkTracerProvider.builder().addSpanProcessor(RootSpanProcessor.create()).build()) {
      Span root = provider.get("test").spanBuilder("GET").startSpan();
      try (Scope scope = root.makeCurrent()) {
        Span child = provider.get("test").spanBuilder("query").startSpan();
        try (Scope within = child.makeCurrent()) {
          burn(SHORT);
        }
        child.end();
      }
      root.updateName("GET /orders");
      root.end();
      profiled.close();
      assertThat(profiled.sums("process_cpu", 1, "span_name", "burn")).containsKey("GET /orders");
    }
  }

  @Test
  void labelsCanHaveTheNamesOfAVendor() {
    try (Profiled profiled =
        Profiled.start(
            JvmProfiling.builder().traceLabels(TraceLabels.datadog()), JvmProfile.PROCESS_CPU)) {
      try (Scope scope = span(1, 10).makeCurrent()) {
        burn(SHORT);
      }
      profiled.close();
      assertThat(profiled.sums("process_cpu", 1, "span id"))
          .containsKey(Long.toUnsignedString(Long.parseUnsignedLong(spanId(10), 16)));
    }
  }
}
