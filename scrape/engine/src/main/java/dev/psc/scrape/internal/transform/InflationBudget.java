package dev.psc.scrape.internal.transform;

import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes that profiles of all scrapes may be inflated to at the same time. Small profiles are
 * inflated concurrently; larger ones one at a time, up to a part of the heap. Thread-safe.
 */
final class InflationBudget {

  /** The budget of this JVM. */
  static final InflationBudget OF_HEAP =
      ofHeap(Runtime.getRuntime().maxMemory(), Runtime.getRuntime().availableProcessors());

  private static final long SMALLEST = 1 << 20;
  private static final int HEAP_PER_CONCURRENT = 16;
  private static final int HEAP_PER_LARGE = 6;

  private final long concurrentBytes;
  private final long largeBytes;
  private final ReentrantLock large = new ReentrantLock();

  /**
   * @param concurrentBytes limit of a profile that is inflated next to others
   * @param largeBytes limit of a profile that is inflated alone
   */
  InflationBudget(long concurrentBytes, long largeBytes) {
    this.concurrentBytes = concurrentBytes;
    this.largeBytes = largeBytes;
  }

  /** A validation runs on as many threads as there are processors, but at least two. */
  static InflationBudget ofHeap(long heapBytes, int processors) {
    return new InflationBudget(
        Math.max(SMALLEST, heapBytes / HEAP_PER_CONCURRENT / Math.max(2, processors)),
        Math.max(SMALLEST, heapBytes / HEAP_PER_LARGE));
  }

  long concurrentBytes() {
    return concurrentBytes;
  }

  long largeBytes() {
    return largeBytes;
  }

  /** Waits until no other large profile is inflated; {@link #leave} must follow. */
  void enter() {
    large.lock();
  }

  void leave() {
    large.unlock();
  }
}
