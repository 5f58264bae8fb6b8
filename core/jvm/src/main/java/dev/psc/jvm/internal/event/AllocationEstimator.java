package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.LongTable;
import dev.psc.jvm.internal.aggregate.TraceTable;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Arrays;

/**
 * An estimator of allocations by stack. Allocation samples have the bytes that a thread allocated,
 * but are biased by stack: the JVM takes them when it hands out a thread-local buffer (TLAB), and
 * rarely for objects outside of buffers. Buffer events, which are on for a part of the time, name
 * each object that opened a buffer or did not fit into the rest of one. So samples give the bytes,
 * and buffer events distribute them:
 *
 * <ul>
 *   <li>An object larger than a buffer has an event each time, and counts as its size.
 *   <li>A smaller object has an event if the end of a buffer falls into it, so the chance of an
 *       event grows with its size, and each event represents the same number of bytes: about a
 *       buffer.
 *   <li>Objects that mostly do not fit into the rest of a buffer meet each end as long as smaller
 *       objects fill it. Their events represent the bytes of smaller objects per buffer.
 *   <li>A thread that allocates only large objects leaves the rest of its buffer as it is, and each
 *       object is outside. Of many objects of a size at the end of one buffer, only the first
 *       represents others; the rest count as their size.
 *   <li>A thread that allocates objects of one size for a while opens a buffer with one and then
 *       has another at its end. If objects outside follow their own size more often than by chance,
 *       that part of them counts as their size.
 * </ul>
 *
 * <p>Sums are kept in batches, since a ratio of few events is biased. Guarded by the aggregator's
 * lock.
 */
final class AllocationEstimator {

  /** The maximum number of events or samples in a batch. */
  private static final int MAX_BATCH = 4_096;

  /**
   * The number of events of a thread from which on its bytes are distributed on their own. With
   * fewer events the shares of its stacks are biased, so threads with few events and few bytes
   * share theirs.
   */
  private static final int THREAD_EVENTS = 8;

  /** The share of all bytes from which on those of a thread are not shared with other threads. */
  private static final double THREAD_SHARE = 0.05;

  private static final int MAX_THREADS = 8_192;

  /** Objects of which this many times more lie outside of buffers than open one. */
  private static final int MOSTLY_OUTSIDE = 4;

  /** Above this many times as many events as independent objects would have, they are repeats. */
  private static final double TOLERANCE = 1.5;

  /** More objects of a size at the end of one buffer are a thread that allocates only those. */
  private static final int ONLY_THESE = 8;

  /** The objects outside from which on it is known whether they follow their own size. */
  private static final int FOLLOWERS = 8;

  private static final int INDEX_BITS = 12;
  private static final int SIZE_BITS = 40;
  private static final long MAX_SIZE = (1L << SIZE_BITS) - 1;

  private final Aggregator aggregator;

  private final LongTable threads = new LongTable(64);
  private double[] bufferBytes = new double[128];
  private int[] threadEvents = new int[128];
  private int[] threadSamples = new int[128];

  /** The bytes that a thread has allocated since its last sample, where they are known. */
  private long[] threadRest = new long[128];

  /** The last sample or event of each thread: its stack plus one, its labels, and its size. */
  private int[] lastStack = new int[128];

  private int[] lastLabels = new int[128];
  private long[] lastSize = new long[128];

  private int[] threadBuffer = new int[128];
  private long[] threadOpener = new long[128];
  private int lastBuffer;

  private final AllocationSites sites = new AllocationSites();
  private final AllocationEntries events = new AllocationEntries();
  private final AllocationEntries samples = new AllocationEntries();
  private double remainder;

  AllocationEstimator(Aggregator aggregator) {
    this.aggregator = aggregator;
  }

  /**
   * Counts a sample.
   *
   * @param thread the thread, or a number for all virtual threads
   * @param objects the objects that the bytes are, going by their class
   */
  void sample(long thread, int stack, int labels, long objects, long bytes) {
    if (samples.count == MAX_BATCH) {
      flush();
    }
    long here = sites.objects(stack, bytes, objects);
    int row = row(thread);
    threadSamples[row]++;
    remember(row, stack, labels, Math.max(1, bytes / Math.max(1, here)));
    samples.add(row, stack, labels, bytes, here, 0, 0);
  }

  /** Returns whether a thread has been seen, so that its stacks are known. */
  boolean knows(long thread) {
    int row = threads.indexOf(thread);
    return row >= 0 && lastStack[row] > 0;
  }

  private void remember(int row, int stack, int labels, long size) {
    lastStack[row] = stack + 1;
    lastLabels[row] = TraceTable.labelsOf(labels);
    lastSize[row] = size;
  }

  /** Adds bytes without a sample to a thread that {@link #knows} its stacks. */
  void rest(long thread, long bytes) {
    threadRest[threads.indexOf(thread)] += bytes;
  }

  /**
   * Counts an event of a buffer.
   *
   * @param size the size of the object
   * @param buffer the size of the buffer that it opened, or 0 if it is outside of buffers
   */
  void buffer(long thread, int stack, int labels, long size, long buffer) {
    if (size <= 0) {
      return;
    }
    if (events.count == MAX_BATCH) {
      flush();
    }
    int row = row(thread);
    if (threadBuffer[row] == 0) {
      threadBuffer[row] = ++lastBuffer;
    }
    threadEvents[row]++;
    long bytes = Math.min(size, MAX_SIZE);
    remember(row, stack, labels, bytes);
    events.add(row, stack, labels, bytes, buffer, threadBuffer[row], threadOpener[row]);
    if (buffer > 0) {
      threadOpener[row] = bytes;
      bufferBytes[row] = buffer;
      threadBuffer[row] = ++lastBuffer;
    }
    sites.learn(stack, size);
  }

  private int row(long thread) {
    int row = threads.add(thread);
    if (row == bufferBytes.length) {
      bufferBytes = Arrays.copyOf(bufferBytes, row * 2);
      threadEvents = Arrays.copyOf(threadEvents, row * 2);
      threadSamples = Arrays.copyOf(threadSamples, row * 2);
      threadRest = Arrays.copyOf(threadRest, row * 2);
      lastStack = Arrays.copyOf(lastStack, row * 2);
      lastLabels = Arrays.copyOf(lastLabels, row * 2);
      lastSize = Arrays.copyOf(lastSize, row * 2);
      threadBuffer = Arrays.copyOf(threadBuffer, row * 2);
      threadOpener = Arrays.copyOf(threadOpener, row * 2);
    }
    return row;
  }

  /** Clears the state by stack, after numbers of stacks have changed. */
  void forgetStacks() {
    sites.clear();
    Arrays.fill(lastStack, 0);
  }

  /** Counts the batch; call it before a window begins or ends and before stacks are renumbered. */
  void flush() {
    restOfUnsampled();
    if (events.count == 0 && samples.count == 0) {
      return;
    }
    int[] group = new int[threads.size()];
    int groups = groupThreads(group);
    double[] sampledBytes = new double[groups];
    int[] sampleCount = new int[groups];
    for (int i = 0; i < samples.count; i++) {
      sampledBytes[group[samples.thread[i]]] += samples.bytes[i];
      sampleCount[group[samples.thread[i]]]++;
    }
    double[] allBytes = sampledBytes.clone();
    for (int row = 0; row < group.length; row++) {
      allBytes[group[row]] += threadRest[row];
    }
    int[] eventCount = new int[groups];
    for (int i = 0; i < events.count; i++) {
      eventCount[group[events.thread[i]]]++;
    }
    for (int i = 0; i < samples.count; i++) {
      int of = group[samples.thread[i]];
      if (eventCount[of] * 2 < sampleCount[of]) {
        double scale = allBytes[of] / sampledBytes[of];
        aggregator.add(
            JvmProfile.MEMORY,
            samples.stack[i],
            samples.labels[i],
            Math.round(samples.more[i] * scale),
            Math.round(samples.bytes[i] * scale));
      }
    }
    long[] sorted = sorted(group);
    int from = 0;
    for (int of = 0; of < groups; of++) {
      int to = from + eventCount[of];
      // What threads without a sample allocated comes with a later one: not to be counted twice.
      boolean known = allBytes[of] > 0 || samples.count == 0;
      if (known && to > from && eventCount[of] * 2 >= sampleCount[of]) {
        distribute(sorted, from, to, allBytes[of]);
      }
      from = to;
    }
    clear();
  }

  /** Counts the rest of threads that are not in this batch where they were seen last. */
  private void restOfUnsampled() {
    for (int row = 0; row < threads.size(); row++) {
      long rest = threadRest[row];
      if (rest > 0 && threadEvents[row] + threadSamples[row] == 0) {
        threadRest[row] = 0;
        long objects = Math.max(1, rest / lastSize[row]);
        aggregator.add(JvmProfile.MEMORY, lastStack[row] - 1, lastLabels[row], objects, rest);
      }
    }
  }

  /** Sets the group of each thread, 0 of those that share one, and returns the number of groups. */
  private int groupThreads(int[] group) {
    double[] bytes = new double[group.length];
    double all = 0;
    for (int i = 0; i < samples.count; i++) {
      bytes[samples.thread[i]] += samples.bytes[i];
      all += samples.bytes[i];
    }
    for (int row = 0; row < group.length; row++) {
      bytes[row] += threadRest[row];
      all += threadRest[row];
    }
    int groups = 1;
    for (int row = 0; row < group.length; row++) {
      boolean sampled = bytes[row] > 0 || samples.count == 0;
      boolean large = bytes[row] > 0 && bytes[row] >= THREAD_SHARE * all;
      if (large || (sampled && threadEvents[row] >= THREAD_EVENTS)) {
        group[row] = groups++;
      }
    }
    return groups;
  }

  private void clear() {
    events.count = 0;
    samples.count = 0;
    Arrays.fill(threadEvents, 0);
    Arrays.fill(threadSamples, 0);
    Arrays.fill(threadRest, 0);
    Arrays.fill(threadBuffer, 0);
    lastBuffer = 0;
    if (threads.size() > MAX_THREADS) {
      Arrays.fill(bufferBytes, 0);
      Arrays.fill(threadOpener, 0);
      Arrays.fill(lastStack, 0);
      threads.clear();
    }
  }

  /** Returns the events by group, then from large to small; the index is in the lowest bits. */
  private long[] sorted(int[] group) {
    long[] keys = new long[events.count];
    for (int i = 0; i < keys.length; i++) {
      long of = group[events.thread[i]];
      keys[i] = of << (SIZE_BITS + INDEX_BITS) | (MAX_SIZE - events.bytes[i]) << INDEX_BITS | i;
    }
    Arrays.sort(keys);
    return keys;
  }

  private static int index(long key) {
    return (int) (key & ((1 << INDEX_BITS) - 1));
  }

  /**
   * Distributes bytes among events.
   *
   * @param bytes the bytes to distribute, or 0 for as many as the buffers have
   */
  private void distribute(long[] sorted, int from, int to, double bytes) {
    double inBuffers = 0;
    int buffers = 0;
    for (int at = from; at < to; at++) {
      long buffer = events.more[index(sorted[at])];
      inBuffers += buffer;
      buffers += buffer > 0 ? 1 : 0;
    }
    double meanBuffer = buffers == 0 ? 0 : inBuffers / buffers;
    double[] worth = new double[to - from];
    double[] shares = new double[to - from];
    int at = from;
    while (at < to && size(sorted[at]) >= meanBuffer) {
      worth[at - from] = size(sorted[at]);
      inBuffers -= isInside(sorted[at]) ? size(sorted[at]) : 0;
      at++;
    }
    double left = Math.max(0, inBuffers); // bytes in buffers of objects up to this size
    int[] seen = new int[lastBuffer + 1];
    int[] times = new int[lastBuffer + 1];
    double allShares = 0;
    while (at < to) {
      int end = endOfRun(sorted, at, to);
      Run run = new Run(sorted, at, end, seen, times, buffers);
      double each = 0;
      boolean mostlyOutside = run.outsideHits > MOSTLY_OUTSIDE * run.inside;
      if (mostlyOutside) {
        each =
            run.mass * 2 <= buffers
                ? (2 * left + run.spreadBytes) / (2 * buffers + run.mass)
                : (left + run.spreadBytes) / (buffers + run.mass);
        left = Math.max(0, left - (each * run.mass - run.spreadBytes));
      } else {
        left += run.spreadBytes;
      }
      for (int i = at; i < end; i++) {
        double part = run.partOf(sorted[i], run.isHit[i - at]);
        worth[i - from] = part * each + run.ownBytes(sorted[i], run.isHit[i - at]);
        if (!mostlyOutside) {
          shares[i - from] = part * share(sorted[i], meanBuffer);
          allShares += shares[i - from];
        }
      }
      at = end;
    }
    double sum = 0;
    for (int i = 0; i < worth.length; i++) {
      if (shares[i] > 0) {
        worth[i] += shares[i] / allShares * left;
      }
      sum += worth[i];
    }
    add(sorted, from, worth, bytes > 0 && sum > 0 ? bytes / sum : 1);
  }

  /** The events of objects of about one size. */
  private final class Run {

    private final boolean[] isHit;
    private int inside;

    /** The number of buffers at whose end an object was outside. */
    private int outsideHits;

    /** The number of events that represent others. */
    private final double mass;

    /** The bytes of objects outside that represent others. */
    private final double spreadBytes;

    /** The part of an event that each repeated one counts as, and its own bytes. */
    private final double repeatMass;

    private final double repeatBytes;

    /** The part of the objects at the ends of buffers that represent only themselves. */
    private final double alike;

    Run(long[] sorted, int from, int to, int[] seen, int[] times, int buffers) {
      isHit = new boolean[to - from];
      int hits = 0;
      int following = 0;
      double outsideBytes = 0;
      double hitBytes = 0;
      for (int i = from; i < to; i++) {
        times[events.buffer[index(sorted[i])]] = 0;
      }
      for (int i = from; i < to; i++) {
        times[events.buffer[index(sorted[i])]]++;
      }
      for (int i = from; i < to; i++) {
        boolean in = isInside(sorted[i]);
        inside += in ? 1 : 0;
        outsideBytes += in ? 0 : size(sorted[i]);
        int buffer = events.buffer[index(sorted[i])];
        if (seen[buffer] != from + 1 && (in || times[buffer] <= ONLY_THESE)) {
          seen[buffer] = from + 1; // no two runs begin at one event
          isHit[i - from] = true;
          hits++;
          if (!in) {
            outsideHits++;
            hitBytes += size(sorted[i]);
            following += isAlike(events.opener[index(sorted[i])], size(sorted[i])) ? 1 : 0;
          }
        }
      }
      int count = to - from;
      alike = outsideHits < FOLLOWERS ? 0 : excess(following, inside, buffers);
      double independent = hits * repeats(hits, buffers);
      double several = count <= TOLERANCE * independent ? count : independent;
      int outside = count - inside;
      double meanOutside = outside == 0 ? 0 : outsideBytes / outside;
      double alone = Math.min(outside, count - several);
      mass = several - alike * outsideHits;
      spreadBytes = Math.max(0, outsideBytes - alone * meanOutside - alike * hitBytes);
      int repeated = Math.max(1, count - hits);
      repeatMass = (several - hits) / repeated;
      repeatBytes = alone * meanOutside / repeated;
    }

    private boolean isAlike(long opener, long size) {
      return opener >= size - size / 8 && opener <= size + size / 8;
    }

    /** Returns the part of objects outside that follow their own size and not by chance. */
    private double excess(int following, int openers, int buffers) {
      double byChance = (double) openers / Math.max(1, buffers);
      double found = (double) following / outsideHits;
      return byChance > 0.95 ? 0 : Math.max(0, (found - byChance) / (1 - byChance));
    }

    private double partOf(long key, boolean hit) {
      if (!hit) {
        return repeatMass;
      }
      return isInside(key) ? 1 : 1 - alike;
    }

    private double ownBytes(long key, boolean hit) {
      if (!hit) {
        return repeatBytes;
      }
      return isInside(key) ? 0 : alike * size(key);
    }

    /** The mean number of events at an end that has one, for objects that come independently. */
    private double repeats(int ends, int buffers) {
      if (ends == 0 || buffers == 0) {
        return 1;
      }
      double share = Math.min(0.98, (double) ends / buffers);
      return -Math.log(1 - share) / share;
    }
  }

  private void add(long[] sorted, int from, double[] worth, double scale) {
    for (int i = 0; i < worth.length; i++) {
      int event = index(sorted[from + i]);
      double exact = worth[i] * scale + remainder;
      long bytes = Math.round(exact);
      remainder = exact - bytes;
      if (bytes > 0) {
        long objects = Math.max(1, Math.round((double) bytes / events.bytes[event]));
        aggregator.add(
            JvmProfile.MEMORY, events.stack[event], events.labels[event], objects, bytes);
      }
    }
  }

  private long size(long key) {
    return events.bytes[index(key)];
  }

  private boolean isInside(long key) {
    return events.more[index(key)] > 0;
  }

  /** Returns the buffer's size: threads that allocate little have small ones. */
  private double share(long key, double meanBuffer) {
    double known = bufferBytes[events.thread[index(key)]];
    double buffer = isInside(key) ? events.more[index(key)] : known;
    return buffer > 0 ? buffer : Math.max(1, meanBuffer);
  }

  /** Returns the end of a run of about equal sizes. */
  private int endOfRun(long[] sorted, int from, int to) {
    long least = size(sorted[from]) - size(sorted[from]) / 8;
    int end = from + 1;
    while (end < to && size(sorted[end]) >= least) {
      end++;
    }
    return end;
  }
}
