package dev.psc.delivery.internal.queue;

import dev.psc.delivery.internal.spool.Spool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The profiles after the window: records that are on disk only, then profiles that are not written
 * yet. Belongs to the {@link QueueState}'s lock; the files themselves are the {@link Spool}'s.
 */
public final class Backlog {

  /** The position of the next read of the spool. */
  public record Cursor(Segment segment, long offset) {}

  private final List<Segment> segments = new ArrayList<>();

  /** Accepted profiles that are not on disk yet, in the window or not. */
  private final ArrayDeque<QueuedProfile> unwritten = new ArrayDeque<>();

  /** The youngest of these, which are not in the window. */
  private final ArrayDeque<QueuedProfile> outside = new ArrayDeque<>();

  private long outsideBytes;
  private long waiting;
  private @Nullable Cursor cursor;

  /** Returns the bytes held in memory outside the window. */
  long outsideBytes() {
    return outsideBytes;
  }

  /** Returns how many records are on disk only. */
  long waiting() {
    return waiting;
  }

  boolean isEmpty() {
    return waiting == 0 && outside.isEmpty();
  }

  public boolean hasUnwritten() {
    return !unwritten.isEmpty();
  }

  long spoolBytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.bytes;
    }
    return bytes;
  }

  public List<Segment> segments() {
    return List.copyOf(segments);
  }

  public void add(Segment segment) {
    segments.add(segment);
    segments.sort((a, b) -> Long.compare(a.number, b.number));
    if (!segment.waiting.isEmpty()) {
      waiting += segment.waiting.cardinality();
      Cursor at = cursor;
      if (at == null || segment.number < at.segment.number) {
        cursor = new Cursor(segment, 0);
      }
    }
  }

  void remember(QueuedProfile item, boolean inWindow) {
    unwritten.add(item);
    if (!inWindow) {
      outside.add(item);
      outsideBytes += item.weightBytes();
    }
  }

  /** Returns the oldest profile that is in memory outside the window. */
  @Nullable QueuedProfile firstOutside() {
    return outside.peek();
  }

  QueuedProfile takeOutside() {
    QueuedProfile item = outside.remove();
    outsideBytes -= item.weightBytes();
    return item;
  }

  /** Removes and returns profiles to write, at least one unless all are settled. */
  public List<QueuedProfile> takeUnwritten(long maxBytes) {
    List<QueuedProfile> taken = new ArrayList<>();
    long bytes = 0;
    QueuedProfile item;
    while ((item = unwritten.peek()) != null) {
      if (item.state == QueuedProfile.State.DONE) {
        unwritten.remove();
        continue;
      }
      if (!taken.isEmpty() && bytes + item.bytes() > maxBytes) {
        break;
      }
      bytes += item.bytes();
      taken.add(unwritten.remove());
    }
    return taken;
  }

  public void giveBackUnwritten(List<QueuedProfile> items) {
    for (int i = items.size() - 1; i >= 0; i--) {
      unwritten.addFirst(items.get(i));
    }
  }

  /** Records that a profile is on disk. */
  public void written(QueuedProfile item, Segment segment, int ordinal, long offset) {
    item.segment = segment;
    item.ordinal = ordinal;
    item.offset = offset;
    if (item.state == QueuedProfile.State.DONE) {
      segment.settle(ordinal);
    } else if (!item.inWindow && outside.peek() == item) {
      takeOutside();
      waits(item, segment);
      if (waiting == 1) {
        cursor = new Cursor(segment, offset);
      }
    }
  }

  /** Records that a profile that left the window is on disk only. */
  public void evicted(QueuedProfile item, Segment segment) {
    waits(item, segment);
    cursor = new Cursor(segment, item.offset);
  }

  private void waits(QueuedProfile item, Segment segment) {
    segment.waiting.set(item.ordinal);
    segment.waitingBytes += item.bytes();
    waiting++;
  }

  /** Returns the position of the next records to read, or null if there are none. */
  public @Nullable Cursor cursor() {
    return waiting == 0 ? null : cursor;
  }

  /** Records that a record was read or given up. */
  public void read(Segment segment, int ordinal, long pprofBytes) {
    segment.waiting.clear(ordinal);
    segment.waitingBytes -= pprofBytes;
    waiting--;
  }

  public void readUpTo(Segment segment, long offset) {
    cursor = new Cursor(segment, offset);
  }

  /** Drops the records of a segment that are on disk only, and returns their number. */
  public int giveUp(Segment segment) {
    int lost = segment.waiting.cardinality();
    waiting -= lost;
    segment.waiting.stream().forEach(segment::settle);
    segment.waiting.clear();
    segment.waitingBytes = 0;
    Cursor at = cursor;
    if (at != null && at.segment == segment) {
      cursor = next(segment);
    }
    return lost;
  }

  private @Nullable Cursor next(Segment before) {
    for (Segment segment : segments) {
      if (segment.number > before.number && !segment.waiting.isEmpty()) {
        return new Cursor(segment, 0);
      }
    }
    return null;
  }

  public void forget(Segment segment) {
    segment.gone = true;
    segments.remove(segment);
  }
}
