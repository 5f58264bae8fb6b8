package dev.psc.opentelemetry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The spans of one thread over the last seconds: a ring of (time, trace id, span id), all zero for
 * no span. The thread writes without a lock; the profiler reads a few samples per second from
 * another thread and checks afterwards that the entry was not overwritten.
 */
final class SpanTrack {

  /** Samples are counted at most this long after they were taken. */
  static final long KEPT_NANOS = 4_000_000_000L;

  /** The maximum number of entries of a thread: 2 MB. */
  private static final int MAX_ENTRIES = 65_536;

  /** The maximum size of all rings that have grown: 64 MB. */
  private static final long MAX_LONGS = 8L << 20;

  private static final int FIRST_ENTRIES = 8;
  private static final int FIELDS = 4;
  private static final AtomicLong GROWN_LONGS = new AtomicLong();
  private static final VarHandle COUNT;

  static {
    try {
      COUNT = MethodHandles.lookup().findVarHandle(SpanTrack.class, "count", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final WeakReference<Thread> thread;
  private volatile long[] ring = new long[FIRST_ENTRIES * FIELDS];
  private volatile boolean dropped;
  private long count;

  // Only of the thread itself.
  private long spanId;
  private long traceIdHigh;
  private long traceIdLow;
  private @Nullable String traceText;
  private @Nullable String spanText;
  private @Nullable String outerText;
  private long outerId;

  SpanTrack(Thread thread) {
    this.thread = new WeakReference<>(thread);
  }

  /** Returns whether the track is no longer read, so that the thread needs another one. */
  boolean isDropped() {
    return dropped;
  }

  /** Notes that the thread has no span from now on. */
  void none() {
    if (spanId != 0) {
      spanId = 0;
      spanText = null;
      write(System.nanoTime(), 0, 0, 0);
    }
  }

  /** Notes that a span is current on the thread from now on. Ids are lower-case hex digits. */
  @SuppressWarnings("ReferenceEquality") // equal ids of other objects are parsed again
  void span(String traceId, String id) {
    if (id == spanText) {
      return;
    }
    // Often the one around the span that ends.
    long known = id == outerText ? outerId : Hex.parse(id, 0);
    outerText = spanText;
    outerId = spanId;
    if (traceId != traceText) { // children have the text of their parent's trace id
      traceIdHigh = Hex.parse(traceId, 0);
      traceIdLow = Hex.parse(traceId, 16);
      traceText = traceId;
    }
    spanText = id;
    spanId = known;
    write(System.nanoTime(), traceIdHigh, traceIdLow, known);
  }

  private void write(long nanos, long high, long low, long span) {
    long n = count;
    long[] entries = ring;
    int length = entries.length / FIELDS;
    int at = ((int) n & (length - 1)) * FIELDS;
    if (n >= length && nanos - entries[at] < KEPT_NANOS && length < MAX_ENTRIES) {
      entries = grown(entries, n);
      at = ((int) n & (entries.length / FIELDS - 1)) * FIELDS;
    }
    // A reader must not see the new entry in place of one that it considers valid.
    VarHandle.storeStoreFence();
    entries[at] = nanos;
    entries[at + 1] = high;
    entries[at + 2] = low;
    entries[at + 3] = span;
    COUNT.setRelease(this, n + 1);
  }

  private long[] grown(long[] entries, long n) {
    if (GROWN_LONGS.addAndGet(entries.length) > MAX_LONGS) {
      GROWN_LONGS.addAndGet(-entries.length);
      return entries;
    }
    int length = entries.length / FIELDS;
    long[] larger = new long[entries.length * 2];
    for (long i = n - length; i < n; i++) {
      System.arraycopy(
          entries,
          ((int) i & (length - 1)) * FIELDS,
          larger,
          ((int) i & (2 * length - 1)) * FIELDS,
          FIELDS);
    }
    ring = larger;
    return larger;
  }

  /**
   * Returns the trace id in two parts and the span id at a time of {@link System#nanoTime}; null if
   * there was no span or it is not known any more.
   */
  long @Nullable [] at(long nanos) {
    long n = (long) COUNT.getAcquire(this);
    long[] entries = ring;
    int length = entries.length / FIELDS;
    long low = Math.max(0, n - length + 1);
    long high = n - 1;
    while (low <= high) {
      long middle = (low + high) >>> 1;
      if (entries[((int) middle & (length - 1)) * FIELDS] - nanos <= 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    if (high < 0 || high <= n - length) {
      return null;
    }
    int at = ((int) high & (length - 1)) * FIELDS;
    long[] found = Arrays.copyOfRange(entries, at + 1, at + FIELDS);
    VarHandle.loadLoadFence();
    boolean overwritten = high <= (long) COUNT.getOpaque(this) - length;
    return overwritten || found[2] == 0 ? null : found;
  }

  /** Drops the track if its thread has ended and its spans are too old to be requested. */
  boolean dropIfEnded(long nowNanos) {
    Thread alive = thread.get();
    if (alive != null && alive.isAlive()) {
      return false;
    }
    long n = (long) COUNT.getAcquire(this);
    long[] entries = ring;
    int length = entries.length / FIELDS;
    if (n > 0 && nowNanos - entries[((int) (n - 1) & (length - 1)) * FIELDS] < KEPT_NANOS) {
      return false;
    }
    drop();
    return true;
  }

  void drop() {
    dropped = true;
    GROWN_LONGS.addAndGet(-(ring.length - FIRST_ENTRIES * FIELDS));
  }
}
