package dev.psc.opentelemetry;

import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The local root spans of current and recent traces, by trace id. Bounded. Thread-safe. */
final class RootSpans {

  private static final int MAX_ROOTS = 100_000;

  private static final ConcurrentHashMap<TraceId, Root> ROOTS = new ConcurrentHashMap<>();

  private RootSpans() {}

  /** The id of a trace. */
  record TraceId(long high, long low) {

    static TraceId parse(String text) {
      return new TraceId(Hex.parse(text, 0), Hex.parse(text, 16));
    }
  }

  /** A root span. */
  static final class Root {

    final long spanId;
    volatile String name;
    private volatile long endedNanos;

    Root(long spanId, String name) {
      this.spanId = spanId;
      this.name = name;
    }
  }

  static void started(TraceId trace, Root root) {
    if (ROOTS.size() < MAX_ROOTS) {
      ROOTS.put(trace, root);
    }
  }

  static void ended(TraceId trace, long spanId, String name) {
    Root root = ROOTS.get(trace);
    if (root != null && root.spanId == spanId) {
      root.name = name;
      root.endedNanos = System.nanoTime() | 1; // not 0
    }
  }

  static @Nullable Root get(long high, long low) {
    return ROOTS.isEmpty() ? null : ROOTS.get(new TraceId(high, low));
  }

  /** Forgets traces that have ended and are too old to be requested. */
  static void sweep(long nowNanos) {
    ROOTS
        .values()
        .removeIf(
            root -> root.endedNanos != 0 && nowNanos - root.endedNanos > 2 * SpanTrack.KEPT_NANOS);
    if (ROOTS.size() >= MAX_ROOTS) {
      ROOTS.clear(); // spans that never end
    }
  }

  static void clear() {
    ROOTS.clear();
  }
}
