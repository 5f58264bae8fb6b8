package dev.psc.opentelemetry;

import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** A profiler of this JVM and what it pushed when it was closed. */
final class Profiled implements AutoCloseable {

  static {
    OpenTelemetryTraces.install();
  }

  private final List<RawProfile> received = new CopyOnWriteArrayList<>();
  private final JvmProfiling profiling;

  private Profiled(JvmProfiling.Builder builder, Set<JvmProfile> profiles) {
    profiling =
        builder
            .interval(Duration.ofMinutes(10))
            .profiles(profiles)
            .receiver(
                profile -> {
                  received.add(profile);
                  return new Acceptance.Accepted();
                })
            .start();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () ->
                profiling
                    .status()
                    .capture()
                    .map(capture -> capture.profiles().containsAll(profiles))
                    .orElse(false));
  }

  static Profiled start(JvmProfile... profiles) {
    return start(JvmProfiling.builder(), profiles);
  }

  static Profiled start(JvmProfiling.Builder builder, JvmProfile... profiles) {
    return new Profiled(builder, Set.of(profiles));
  }

  JvmProfiling profiling() {
    return profiling;
  }

  /** Ends profiling, so that everything is there. */
  @Override
  public void close() {
    profiling.close();
  }

  Profile profile(String name) {
    RawProfile raw = received.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
    try {
      return Profile.parse(raw.pprof());
    } catch (PprofException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns the sums of one value by a label; samples without it are at "". */
  Map<String, Long> sums(String name, int value, String label) {
    Map<String, Long> sums = new HashMap<>();
    for (Sample sample : profile(name).samples()) {
      sums.merge(label(sample, label), sample.value(value), Long::sum);
    }
    return sums;
  }

  /** Returns the sums by a label of samples with a method of a class of this package. */
  Map<String, Long> sums(String name, int value, String label, String method) {
    Map<String, Long> sums = new HashMap<>();
    for (Sample sample : profile(name).samples()) {
      if (sample.stack().stream()
          .anyMatch(
              frame ->
                  frame.function().startsWith("dev.psc.opentelemetry.")
                      && frame.function().endsWith("." + method))) {
        sums.merge(label(sample, label), sample.value(value), Long::sum);
      }
    }
    return sums;
  }

  static String label(Sample sample, String key) {
    return sample.labels().stream()
        .filter(label -> label.key().equals(key))
        .map(SampleLabel::text)
        .findFirst()
        .orElse("");
  }

  /** Returns a sampled span; nothing records it. */
  static Span span(int trace, int span) {
    return span(trace, span, TraceFlags.getSampled());
  }

  static Span span(int trace, int span, TraceFlags flags) {
    return Span.wrap(
        SpanContext.create(traceId(trace), spanId(span), flags, TraceState.getDefault()));
  }

  static String traceId(int trace) {
    return "f%031x".formatted(0xabcdef_0000_0000L + trace);
  }

  static String spanId(int span) {
    return "%016x".formatted(0xabc_0000_0000_0000L + span);
  }

  /** Burns CPU time of this thread; returns how much it was, in nanoseconds. */
  static long burn(Duration time) {
    long begin = clock();
    long used = 0;
    double x = 1;
    while (used < time.toNanos()) {
      for (int i = 0; i < 100_000; i++) {
        x = Math.sqrt(x + i);
      }
      used = clock() - begin;
    }
    if (x == 42) {
      throw new AssertionError("the loop must not be removed");
    }
    return used;
  }

  /** A virtual thread has no CPU clock. */
  private static long clock() {
    long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    return nanos < 0 ? System.nanoTime() : nanos;
  }
}
