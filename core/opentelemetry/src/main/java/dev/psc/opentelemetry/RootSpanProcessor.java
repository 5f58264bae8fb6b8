package dev.psc.opentelemetry;

import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;

/**
 * A span processor that records the local root span of each trace, so that samples have its name as
 * {@code span_name}. Register it with the application's {@code SdkTracerProvider}; the extension of
 * the OpenTelemetry Java agent registers it for {@code PSC_TRACE_SPAN_NAMES=true}. Without a
 * capture it does nothing. Thread-safe.
 */
public final class RootSpanProcessor implements SpanProcessor {

  private RootSpanProcessor() {}

  /** Returns a processor. */
  public static RootSpanProcessor create() {
    return new RootSpanProcessor();
  }

  @Override
  public void onStart(Context parentContext, ReadWriteSpan span) {
    if (!SpanTimeline.capturing || !isRoot(span.getParentSpanContext())) {
      return;
    }
    SpanContext ids = span.getSpanContext();
    RootSpans.started(
        RootSpans.TraceId.parse(ids.getTraceId()),
        new RootSpans.Root(Hex.parse(ids.getSpanId(), 0), span.getName()));
  }

  private static boolean isRoot(SpanContext parent) {
    return !parent.isValid() || parent.isRemote();
  }

  @Override
  public boolean isStartRequired() {
    return true;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    if (!SpanTimeline.capturing || !isRoot(span.getParentSpanContext())) {
      return;
    }
    SpanContext ids = span.getSpanContext();
    RootSpans.ended(
        RootSpans.TraceId.parse(ids.getTraceId()), Hex.parse(ids.getSpanId(), 0), span.getName());
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }

  @Override
  public String toString() {
    return "RootSpanProcessor";
  }
}
