package dev.psc.opentelemetry;

import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceContextSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The source of trace ids from OpenTelemetry. {@code JvmProfiling} finds it on the class path when
 * it starts. If the application uses OpenTelemetry earlier, call {@link #install()} first. If the
 * OpenTelemetry Java agent runs with this artifact as its extension, spans come from there.
 *
 * <p>Only spans that are sampled count; the system property {@code psc.trace.unsampled=true} or the
 * environment variable {@code PSC_TRACE_UNSAMPLED=true} adds the others. Thread-safe.
 */
public final class OpenTelemetryTraces implements TraceContextSource {

  /** The spans of the OpenTelemetry Java agent; null without it. */
  private static final @Nullable ExtensionSource EXTENSION = ExtensionSource.find();

  /** Installs the hook; for {@link java.util.ServiceLoader}. */
  public OpenTelemetryTraces() {
    install();
  }

  /**
   * Makes OpenTelemetry report the current span of each thread to the profiler of the application
   * and to the agent psc-jvm-agent. Call it before OpenTelemetry is used: it has no effect after
   * the first use of a context. Does nothing if the OpenTelemetry Java agent runs with this
   * artifact as its extension, which reports the same spans. Idempotent.
   */
  public static void install() {
    if (EXTENSION == null) {
      TracingContextStorage.install();
      AgentBridge.connect();
    }
  }

  /**
   * Returns whether OpenTelemetry uses the hook: false before the first use of a context, and if
   * {@link #install()} came too late.
   */
  public static boolean isActive() {
    return EXTENSION == null ? TracingContextStorage.isUsed() : EXTENSION.isActive();
  }

  @Override
  public void capturing(boolean active) {
    if (EXTENSION == null) {
      SpanTimeline.capturing(active);
    } else {
      EXTENSION.capturing(active);
    }
  }

  @Override
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    if (EXTENSION != null) {
      @Nullable Object[] found = EXTENSION.at(threadId, epochNanos);
      return found == null
          ? null
          : new TraceContext(
              number(found[0]),
              number(found[1]),
              number(found[2]),
              number(found[3]),
              (String) found[4]);
    }
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
    if (EXTENSION == null) {
      SpanTimeline.sweep();
    } else {
      EXTENSION.sweep();
    }
  }

  private static long number(@Nullable Object value) {
    return (Long) Objects.requireNonNull(value);
  }
}
