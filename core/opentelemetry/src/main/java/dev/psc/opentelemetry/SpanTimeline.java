package dev.psc.opentelemetry;

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.context.Context;
import java.time.Instant;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The spans of all threads over the last seconds. Without a capture it keeps nothing. Bounded in
 * threads; further threads have no spans. Thread-safe.
 */
final class SpanTimeline {

  /** Set by whoever asks for spans; read by every thread at every attach. */
  static volatile boolean capturing;

  private static final int MAX_THREADS = 65_536;
  private static final boolean UNSAMPLED = Settings.flag("PSC_TRACE_UNSAMPLED");
  private static final ThreadLocal<SpanTrack> CURRENT = new ThreadLocal<>();
  private static final ConcurrentHashMap<Long, SpanTrack> TRACKS = new ConcurrentHashMap<>();
  private static final AtomicInteger SIZE = new AtomicInteger();
  private static final AtomicInteger CAPTURES = new AtomicInteger();

  /** Nanoseconds since 1970 at which {@link System#nanoTime} was 0; renewed every second. */
  private static volatile long epochOffset = epochOffset();

  private SpanTimeline() {}

  private static long epochOffset() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano() - System.nanoTime();
  }

  static void capturing(boolean active) {
    synchronized (CAPTURES) {
      int captures = active ? CAPTURES.incrementAndGet() : CAPTURES.decrementAndGet();
      epochOffset = epochOffset();
      capturing = captures > 0;
      if (captures == 0) {
        TRACKS.forEach(
            (id, track) -> {
              track.drop();
              forget(id, track);
            });
      }
    }
  }

  /** Records the current context of this thread. Call it while {@link #capturing}. */
  static void current(@Nullable Context context) {
    Span span = context == null ? null : Span.fromContextOrNull(context);
    SpanTrack track = CURRENT.get();
    if (span != null) {
      SpanContext ids = span.getSpanContext();
      if (ids.isValid() && (ids.isSampled() || UNSAMPLED)) {
        if (track == null || track.isDropped()) {
          track = register();
          if (track == null) {
            return;
          }
        }
        track.span(ids.getTraceId(), ids.getSpanId());
        return;
      }
    }
    if (track != null) {
      track.none();
    }
  }

  private static @Nullable SpanTrack register() {
    if (SIZE.get() >= MAX_THREADS) {
      return null;
    }
    Thread thread = Thread.currentThread();
    SpanTrack track = new SpanTrack(thread);
    if (TRACKS.put(thread.getId(), track) == null) {
      SIZE.incrementAndGet();
    }
    CURRENT.set(track);
    return track;
  }

  private static void forget(long threadId, SpanTrack track) {
    if (TRACKS.remove(threadId, track)) {
      SIZE.decrementAndGet();
    }
  }

  /** Returns the trace id in two parts and the span id of a thread at a time, or null. */
  static long @Nullable [] at(long threadId, long epochNanos) {
    SpanTrack track = TRACKS.get(threadId);
    return track == null ? null : track.at(epochNanos - epochOffset);
  }

  /** Forgets threads that have ended. */
  static void sweep() {
    epochOffset = epochOffset();
    long now = System.nanoTime();
    TRACKS.forEach(
        (id, track) -> {
          if (track.dropIfEnded(now)) {
            forget(id, track);
          }
        });
    RootSpans.sweep(now);
  }

  /** Returns the number of threads that are known. */
  static int threadCount() {
    return SIZE.get();
  }
}
