package dev.psc.jvm.internal.event;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongUnaryOperator;

/**
 * Removes from the first sample of each thread what the thread allocated before sampling was
 * switched on. The weight of a {@code jdk.ObjectAllocationSample} is the number of bytes that the
 * thread allocated since its previous sample, however long ago that was: since its start, or since
 * an earlier capture. At the ends of windows, the JVM's counters also tell what a thread has
 * allocated since its last sample; that part is removed from its next one. Thread-safe.
 */
public final class AllocationBaseline {

  /** The baseline of the running JVM. It outlives a capture, because the JVM's counters do. */
  public static final AllocationBaseline SHARED = new AllocationBaseline();

  /** The maximum number of threads whose last sample is remembered. */
  private static final int MAX_THREADS = 16_384;

  /** The bytes that each thread had allocated at its last sample, as far as samples show. */
  private final Map<Long, Long> sampled = new HashMap<>();

  /** The platform threads without a sample since the start. */
  private final Map<Long, Start> waiting = new HashMap<>();

  /** The carriers of virtual threads without a sample since the start. */
  private final Map<Long, Start> carriers = new HashMap<>();

  /** The bytes after each thread's last sample that were counted without one. */
  private final Map<Long, Long> ahead = new HashMap<>();

  private LongUnaryOperator allocatedNow = id -> -1;

  /** Whether the counters tell what each thread has allocated since its last sample. */
  private boolean isKnown;

  /** Whether a virtual thread has allocated: the counters of its carrier include its bytes. */
  private boolean hasVirtual;

  private record Start(long allocated, long unsampled) {}

  /**
   * Begins a period of sampling. Call it immediately before the event is enabled.
   *
   * @param threadIds the live platform threads
   * @param allocated the bytes that each has allocated, or -1 if unknown
   * @param isCarrier whether each carries virtual threads
   * @param now returns what a thread has allocated, or -1 if unknown
   */
  public synchronized void begin(
      long[] threadIds, long[] allocated, boolean[] isCarrier, LongUnaryOperator now) {
    allocatedNow = now;
    isKnown = true;
    ahead.clear();
    waiting.clear();
    carriers.clear();
    Set<Long> live = new HashSet<>(threadIds.length * 2);
    Arrays.stream(threadIds).forEach(live::add);
    sampled.keySet().retainAll(live);
    for (int i = 0; i < threadIds.length; i++) {
      long unsampled = allocated[i] - sampled.getOrDefault(threadIds[i], 0L);
      if (unsampled > 0) {
        (isCarrier[i] ? carriers : waiting).put(threadIds[i], new Start(allocated[i], unsampled));
      }
    }
  }

  /**
   * Returns the part of a sample's weight that was allocated since sampling began and is not
   * counted yet.
   *
   * @param threadId the thread of the sample
   * @param virtual whether it is a virtual thread, whose allocations its carrier counts
   */
  synchronized long sinceStart(long threadId, boolean virtual, long weight) {
    if (virtual) {
      virtualAllocates();
      return weight - takeCarrier(weight);
    }
    long since = sinceSample(threadId, weight);
    long counted = Math.min(since, ahead.getOrDefault(threadId, 0L));
    ahead.computeIfPresent(threadId, (id, bytes) -> bytes == counted ? null : bytes - counted);
    return since - counted;
  }

  private long sinceSample(long threadId, long weight) {
    Start start = waiting.remove(threadId);
    if (start == null) {
      start = carriers.remove(threadId); // a worker of another fork-join pool
    }
    if (start == null) {
      remember(threadId, sampled.getOrDefault(threadId, 0L) + weight);
      return weight;
    }
    // Newer JDKs forget the previous sample when a recording ends, and count from the thread's
    // start.
    long since = weight - (weight >= start.allocated() ? start.allocated() : start.unsampled());
    // Another recording may have taken a sample of the thread, so that the weight covers less; the
    // bytes that the JDK counts from the thread's start may lack those in its open buffer.
    long now = allocatedNow.applyAsLong(threadId);
    long most = now < 0 ? weight : Math.max(0, now - start.allocated());
    since = Math.min(since < 0 ? weight : since, most);
    remember(threadId, start.allocated() + since);
    return since;
  }

  /** Ends the use of counters between samples, as carriers cannot be told from other threads. */
  synchronized void virtualAllocates() {
    hasVirtual = true;
  }

  /**
   * Forgets threads that have ended.
   *
   * @param live the threads that lived when the counters were read; those with a higher number may
   *     have started since then
   */
  synchronized void retain(long[] live) {
    Set<Long> ids = new HashSet<>(live.length * 2);
    Arrays.stream(live).forEach(ids::add);
    long newest = Arrays.stream(live).max().orElse(0);
    sampled.keySet().removeIf(id -> id <= newest && !ids.contains(id));
    ahead.keySet().removeIf(id -> id <= newest && !ids.contains(id));
  }

  /**
   * Returns what a platform thread has allocated since its last sample and is not counted yet, and
   * takes it as counted. Returns 0 if that is not known.
   *
   * @param allocated the bytes that the thread has allocated, or -1 if unknown
   */
  synchronized long takeRest(long threadId, long allocated) {
    if (!isKnown || hasVirtual || carriers.containsKey(threadId)) {
      return 0;
    }
    Start start = waiting.get(threadId);
    long sampledBytes = start == null ? sampled.getOrDefault(threadId, 0L) : start.allocated();
    long rest = allocated - sampledBytes - ahead.getOrDefault(threadId, 0L);
    if (rest <= 0) {
      return 0;
    }
    ahead.merge(threadId, rest, Long::sum);
    return rest;
  }

  /** The event does not name the carrier: takes the one that explains most of the weight. */
  private long takeCarrier(long weight) {
    long best = -1;
    long bytes = 0;
    for (Map.Entry<Long, Start> carrier : carriers.entrySet()) {
      Start start = carrier.getValue();
      long unsampled = weight >= start.allocated() ? start.allocated() : start.unsampled();
      if (unsampled <= weight && unsampled > bytes) {
        best = carrier.getKey();
        bytes = unsampled;
      }
    }
    carriers.remove(best);
    return bytes;
  }

  private void remember(long threadId, long allocated) {
    if (sampled.size() >= MAX_THREADS && !sampled.containsKey(threadId)) {
      sampled.clear(); // most of so many threads have ended
      isKnown = false;
    }
    sampled.put(threadId, allocated);
  }
}
