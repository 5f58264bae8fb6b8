package dev.psc.opentelemetry;

import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceContextSource;
import java.util.function.Function;
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
  private static final @Nullable Function<Object[], ?> EXTENSION = ExtensionSource.find();

  private static final Function<Object[], ?> SPANS = spans();

  private final TraceContextSource spans = TraceContextSource.acrossClassLoaders(SPANS);

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
    @Nullable Object[] answer = (Object[]) SPANS.apply(new Object[] {"active"});
    return answer != null && Boolean.TRUE.equals(answer[0]);
  }

  private static Function<Object[], ?> spans() {
    Function<Object[], @Nullable Object> own = AgentBridge::answer;
    return EXTENSION == null ? own : EXTENSION;
  }

  @Override
  public void capturing(boolean active) {
    spans.capturing(active);
  }

  @Override
  public @Nullable TraceContext at(long threadId, long epochNanos) {
    return spans.at(threadId, epochNanos);
  }

  @Override
  public void sweep() {
    spans.sweep();
  }
}
