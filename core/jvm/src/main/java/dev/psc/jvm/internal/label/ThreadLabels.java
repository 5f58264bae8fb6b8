package dev.psc.jvm.internal.label;

import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.label.LabelSet;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The current and recent labels of each thread. Events arrive about a second late, so a history is
 * kept. Bounded in threads, nesting and history; empty without a profiler. Thread-safe.
 */
public final class ThreadLabels {

  /** The labels of this JVM's threads. */
  public static final ThreadLabels SHARED = new ThreadLabels();

  /** The maximum number of threads with labels; further threads get none. */
  static final int MAX_THREADS = 20_000;

  /**
   * The maximum number of open scopes of a thread; at one more, the outer ones are treated as
   * abandoned.
   */
  public static final int MAX_DEPTH = 64;

  /** The maximum number of label changes kept per thread. */
  public static final int MAX_CHANGES = 8_192;

  private static final int MIN_SWEEP = 256;

  /** The maximum delay between an event and its counting. */
  private static final long KEPT_NANOS = 4_000_000_000L;

  private final ConcurrentHashMap<Long, Track> tracks = new ConcurrentHashMap<>();
  private final AtomicInteger trackCount = new AtomicInteger();
  private final AtomicInteger keepers = new AtomicInteger();
  private final AtomicInteger captures = new AtomicInteger();
  private final LongAdder refused = new LongAdder();

  /** The number of threads at which those that have ended are removed. */
  private final AtomicInteger sweepAt = new AtomicInteger(MIN_SWEEP);

  /** Keeps labels until {@link #end}. */
  public void begin() {
    keepers.incrementAndGet();
  }

  /** Undoes {@link #begin}; the last one clears all labels. */
  public void end() {
    if (keepers.decrementAndGet() == 0) {
      tracks.forEach(
          (id, track) -> {
            track.drop();
            forget(id, track);
          });
    }
  }

  /** Keeps and uses labels until {@link #endCapture}. */
  public void beginCapture() {
    captures.incrementAndGet();
    begin();
  }

  /** Undoes {@link #beginCapture}. */
  public void endCapture() {
    captures.decrementAndGet();
    end();
  }

  /** Returns whether labels are used by a capture of this copy of the library. */
  public boolean isCaptured() {
    return captures.get() > 0;
  }

  /** Returns whether labels are kept. */
  public boolean isActive() {
    return keepers.get() > 0;
  }

  /** Opens a scope of this thread, or returns null without a profiler or room for it. */
  public @Nullable Entry open(LabelSet labels) {
    if (!isActive() || labels.isEmpty()) {
      return null;
    }
    Thread thread = Thread.currentThread();
    while (true) {
      Track track = tracks.get(thread.getId());
      if (track == null) {
        if (trackCount.get() >= MAX_THREADS) {
          refused.increment();
          return null;
        }
        Track fresh = new Track(thread);
        track = tracks.putIfAbsent(thread.getId(), fresh);
        if (track == null) {
          track = fresh;
          if (trackCount.incrementAndGet() > sweepAt.get()) {
            sweep(); // no capture that is running does it
            sweepAt.set(Math.max(MIN_SWEEP, 2 * trackCount.get()));
          }
        }
      }
      Entry entry = track.open(labels, Clocks.epochNanos());
      if (entry != null) {
        return entry;
      }
      forget(thread.getId(), track); // dropped in between
    }
  }

  /** Returns the current labels of this thread. */
  public LabelSet current() {
    Track track = tracks.get(Thread.currentThread().getId());
    return track == null ? LabelSet.empty() : track.current();
  }

  /** Returns whether a thread may have had labels within the history. */
  public boolean knows(long threadId) {
    return !tracks.isEmpty() && tracks.containsKey(threadId);
  }

  /**
   * Returns the labels of a thread at a time.
   *
   * @param threadId the id of the Java thread, which may be virtual
   * @param epochNanos nanoseconds since 1970
   */
  public LabelSet at(long threadId, long epochNanos) {
    Track track = tracks.get(threadId);
    return track == null ? LabelSet.empty() : track.at(epochNanos);
  }

  /** Removes threads that have ended or have had no labels for a while. Called periodically. */
  public void sweep() {
    long before = Clocks.epochNanos() - KEPT_NANOS;
    tracks.forEach(
        (id, track) -> {
          if (track.dropIfIdleSince(before)) {
            forget(id, track);
          }
        });
  }

  private void forget(long threadId, Track track) {
    if (tracks.remove(threadId, track)) {
      trackCount.decrementAndGet();
    }
  }

  public int threadCount() {
    return tracks.size();
  }

  /** Returns the number of scopes that were refused at a limit. */
  public long refused() {
    return refused.sum();
  }

  /** An open scope: the labels inside it, and the scope around it. */
  public static final class Entry {

    private final Track track;
    private final LabelSet labels;
    private final @Nullable Entry outer;
    private final int depth;
    private boolean closed;

    private Entry(Track track, LabelSet labels, @Nullable Entry outer) {
      this.track = track;
      this.labels = labels;
      this.outer = outer;
      this.depth = outer == null ? 1 : outer.depth + 1;
    }

    public void close() {
      track.close(this, Clocks.epochNanos());
    }
  }

  /** The scopes of one thread and a ring of its label changes. */
  private static final class Track {

    private final WeakReference<Thread> thread;
    private @Nullable Entry top;
    private long[] times = new long[8];
    private LabelSet[] labels = new LabelSet[8];
    private int first;
    private int size;
    private boolean dropped;

    private Track(Thread thread) {
      this.thread = new WeakReference<>(thread);
    }

    synchronized @Nullable Entry open(LabelSet added, long nanos) {
      if (dropped) {
        return null;
      }
      Entry around = top;
      if (around != null && around.depth >= MAX_DEPTH) {
        around = null;
      }
      Entry entry = new Entry(this, around == null ? added : around.labels.withAll(added), around);
      top = entry;
      record(entry.labels, nanos);
      return entry;
    }

    /** Closes a scope and the scopes inside it that were left open. */
    synchronized void close(Entry entry, long nanos) {
      if (entry.closed || dropped) {
        return;
      }
      entry.closed = true;
      Entry open = top;
      while (open != null && open != entry) {
        open = open.outer;
      }
      if (open == null) {
        return; // a scope around it was closed already
      }
      Entry outer = entry.outer;
      while (outer != null && outer.closed) {
        outer = outer.outer;
      }
      top = outer;
      record(current(), nanos);
    }

    synchronized LabelSet current() {
      return top == null ? LabelSet.empty() : top.labels;
    }

    private void record(LabelSet now, long nanos) {
      if (size == times.length) {
        boolean recent = nanos - times[first] < KEPT_NANOS;
        if (recent && size < MAX_CHANGES) {
          grow();
        } else {
          first = (first + 1) % times.length;
          size--;
        }
      }
      int at = (first + size) % times.length;
      times[at] = nanos;
      labels[at] = now;
      size++;
    }

    private void grow() {
      int length = times.length;
      long[] longerTimes = new long[length * 2];
      LabelSet[] longerLabels = new LabelSet[length * 2];
      for (int i = 0; i < size; i++) {
        longerTimes[i] = times[(first + i) % length];
        longerLabels[i] = labels[(first + i) % length];
      }
      times = longerTimes;
      labels = longerLabels;
      first = 0;
    }

    synchronized LabelSet at(long nanos) {
      for (int i = size - 1; i >= 0; i--) {
        int at = (first + i) % times.length;
        if (times[at] <= nanos) {
          return labels[at];
        }
      }
      return LabelSet.empty();
    }

    synchronized boolean dropIfIdleSince(long nanos) {
      int newest = (first + size - 1) % times.length;
      if (size > 0 && times[newest] >= nanos) {
        return false;
      }
      Thread alive = thread.get();
      if (top != null && alive != null && alive.isAlive()) {
        return false;
      }
      drop();
      return true;
    }

    synchronized void drop() {
      dropped = true;
      top = null;
      size = 0;
      Arrays.fill(labels, LabelSet.empty());
    }
  }
}
