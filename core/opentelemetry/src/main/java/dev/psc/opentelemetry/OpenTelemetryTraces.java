package dev.psc.opentelemetry;

import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceContextSource;
import org.jspecify.annotations.Nullable;

/**
 * The source of trace ids from OpenTelemetry. {@code JvmProfiling} finds it on the class path when
 * it starts. If the application uses OpenTelemetry earlier, call {@link #install()} first.
 *
 * <p>Only spans that are sampled count; the system property {@code psc.trace.unsampled=true} or the
 * environment variable {@code PSC_TRACE_UNSAMPLED=true} adds the others. Thread-safe.
 */
public final class OpenTelemetryTraces implements TraceContextSource {

  /** Installs the hook; for {@link java.util.ServiceLoader}. */
  public OpenTelemetryTraces() {
    install();
  }

  /**
   * Makes OpenTelemetry report the current span of each thread to the profiler of the application
   * and to the agent psc-jvm-agent. Call it before OpenTelemetry is used: it has no effect after
   * the first use of a context. Idempotent.
   */
  public static void install() {
    TracingContextStorage.install();
    AgentBridge.connect();
  }

  /**
   * Returns whether OpenTelemetry uses the hook: false before the first use of a context, and if
   * {@link #install()} came too late.
   */
  public static boolean isActive() {
    return TracingContextStorage.isUsed();
  }

  @Override
  public void capturing(boolean active) {
    SpanTimeline.capturing(active);
  }

  @Override
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    long[] ids = SpanTimeline.at(threadId, epochNanos);
    if (ids == null) {
      return null;
    }
    RootSpans.Root root = RootSpans.get(ids[0], ids[1]);
    return new TraceContext(
        ids[0], ids[1], ids[2], root == null ? 0 : root.spanId, root == null ? null : root.name);
  }

  @Override
  public void sweep() {
    SpanTimeline.sweep();
  }
}
