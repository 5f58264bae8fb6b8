package dev.psc.scrape.internal.loop;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A limit on the bytes of responses that wait for a worker thread or are handled. Thread-safe. */
final class HeldBodies {

  private static final int HEAP_PER_BODIES = 8;

  private final long limitBytes;
  private final AtomicLong bytes = new AtomicLong();

  HeldBodies(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  static HeldBodies ofHeap(long heapBytes) {
    return new HeldBodies(heapBytes / HEAP_PER_BODIES);
  }

  /** Returns the body, or null if there is no room for it; a single body always has room. */
  byte @Nullable [] hold(byte @Nullable [] body) {
    if (body == null) {
      return null;
    }
    long before = bytes.getAndAdd(body.length);
    if (before > 0 && before + body.length > limitBytes) {
      bytes.addAndGet(-body.length);
      return null;
    }
    return body;
  }

  /** Releases a body that {@link #hold} returned. */
  void release(byte @Nullable [] body) {
    if (body != null) {
      bytes.addAndGet(-body.length);
    }
  }

  HttpFailure overloaded() {
    return new HttpFailure(
        ScrapeOutcome.OVERLOADED,
        "responses waiting to be processed hold more than "
            + limitBytes
            + " bytes, a part of the heap: raise -Xmx or scrape fewer targets");
  }
}
