package dev.psc.scrape.internal.loop;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * A queue of scrapes to start, filled under the lock of {@link ScrapeScheduler} and drained outside
 * of it, one start after the other. Without it a fetcher that completes immediately would recurse
 * while loops are waiting. Thread-safe.
 */
final class StartQueue {

  /** A loop to start and the time for which it was scheduled. */
  record Start(ScrapeLoop loop, long dueNanos) {}

  private final Consumer<Start> starter;
  private final ConcurrentLinkedQueue<Start> starts = new ConcurrentLinkedQueue<>();
  private final AtomicInteger draining = new AtomicInteger();

  StartQueue(Consumer<Start> starter) {
    this.starter = starter;
  }

  void add(ScrapeLoop loop, long dueNanos) {
    starts.add(new Start(loop, dueNanos));
  }

  /** Starts everything in the queue, unless a caller is already doing so. */
  void drain() {
    if (draining.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    while (seen != 0) {
      for (Start start = starts.poll(); start != null; start = starts.poll()) {
        starter.accept(start);
      }
      seen = draining.addAndGet(-seen);
    }
  }
}
