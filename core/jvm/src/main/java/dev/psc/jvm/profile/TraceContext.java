package dev.psc.jvm.profile;

import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The span that was current on a thread when a sample was taken. Immutable.
 *
 * @param traceIdHigh the first 8 bytes of the trace id
 * @param traceIdLow the last 8 bytes of the trace id; not both parts are 0
 * @param spanId the id of the span, not 0
 * @param rootSpanId the id of the first span of the trace in this process, or 0 if unknown
 * @param rootName the name of that span, or null if unknown
 */
public record TraceContext(
    long traceIdHigh, long traceIdLow, long spanId, long rootSpanId, @Nullable String rootName) {

  /** Returns the trace id as 32 lower-case hex digits. */
  public String traceId() {
    return hex(traceIdHigh) + hex(traceIdLow);
  }

  /** Returns an id as 16 lower-case hex digits. */
  static String hex(long id) {
    return HexFormat.of().toHexDigits(id);
  }
}
