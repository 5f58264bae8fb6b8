package dev.psc.delivery.internal.queue;

import dev.psc.label.LabelSet;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The oldest profiles, queued per series, from which batches are built. At most one batch contains
 * profiles of a series at any time. Belongs to the {@link QueueState}'s lock.
 */
public final class SendWindow {

  private final long batchMaxBytes;
  private final Map<LabelSet, Series> series = new HashMap<>();

  /** The series whose first profile can be sent now, by the order of that profile. */
  private final TreeMap<Long, Series> ready = new TreeMap<>();

  private long readyBytes;

  private final BatchBisection bisection = new BatchBisection();
  private final BadSeriesTracker badSeries = new BadSeriesTracker();
  private List<QueuedProfile> suspects = new ArrayList<>();
  private @Nullable QueuedProfile oldest;
  private @Nullable QueuedProfile newest;
  private long weightBytes;
  private long entered;

  SendWindow(long batchMaxBytes) {
    this.batchMaxBytes = batchMaxBytes;
  }

  public long weightBytes() {
    return weightBytes;
  }

  /** Returns the number of profiles that ever entered, including those passed over. */
  long entered() {
    return entered;
  }

  /** Counts profiles that were lost before they could enter. */
  void passOver(long items) {
    entered += items;
  }

  public @Nullable QueuedProfile oldest() {
    return oldest;
  }

  public @Nullable QueuedProfile newest() {
    return newest;
  }

  boolean hasReady() {
    return !ready.isEmpty();
  }

  boolean hasFullBatch() {
    return readyBytes >= batchMaxBytes;
  }

  /** Returns the oldest profile that could be sent now; there must be one. */
  QueuedProfile firstReady() {
    return ready.firstEntry().getValue().line.element();
  }

  boolean hasPart() {
    return bisection.hasPart();
  }

  public void add(QueuedProfile item) {
    Series line = series.computeIfAbsent(item.profile.labels(), Series::new);
    item.series = line;
    item.order = entered++;
    item.inWindow = true;
    weightBytes += item.weightBytes();
    item.previous = newest;
    if (newest == null) {
      oldest = item;
    } else {
      newest.next = item;
    }
    newest = item;
    unready(line);
    line.line.addLast(item);
    line.lineBytes += line.wireBytes(item);
    readyIfFree(line);
  }

  /** Removes a profile that is settled or evicted to disk. */
  void remove(QueuedProfile item) {
    Series line = item.series;
    if (!item.inWindow || line == null) {
      return;
    }
    if (item.state == QueuedProfile.State.PENDING) {
      unready(line);
      if (line.line.peekLast() == item) {
        line.line.removeLast();
      } else {
        line.line.remove(item);
      }
      line.lineBytes -= line.wireBytes(item);
      readyIfFree(line);
      forgetIfEmpty(line);
    }
    item.inWindow = false;
    weightBytes -= item.weightBytes();
    QueuedProfile before = item.previous;
    QueuedProfile after = item.next;
    if (before == null) {
      oldest = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      newest = before;
    } else {
      after.previous = before;
    }
    item.previous = null;
    item.next = null;
  }

  /** Removes the newest profile, which will be added again later. */
  public void removeNewest(QueuedProfile item) {
    remove(item);
    entered--;
  }

  /** Returns the oldest profile that is not being sent. */
  @Nullable QueuedProfile oldestDroppable() {
    QueuedProfile item = oldest;
    while (item != null && item.state == QueuedProfile.State.IN_FLIGHT) {
      item = item.next;
    }
    return item;
  }

  /** Returns the next part of a rejected batch, if any is due. */
  @Nullable Batch takePart() {
    Batch part;
    while ((part = bisection.take()) != null) {
      List<QueuedProfile> left = new ArrayList<>(part.items.size());
      for (QueuedProfile item : part.items) {
        if (item.state == QueuedProfile.State.GROUPED) {
          left.add(item);
        }
      }
      Batch rest = new Batch(left, part.group, false);
      Set<Series> gone = part.series();
      gone.removeAll(rest.series());
      release(gone);
      if (!left.isEmpty()) {
        left.forEach(item -> item.state = QueuedProfile.State.IN_FLIGHT);
        return rest;
      }
      landed(part);
    }
    return null;
  }

  /** Returns a batch of the oldest profiles that can be sent; there must be one. */
  Batch take(int limit) {
    List<QueuedProfile> items = new ArrayList<>();
    Set<Series> lines = new LinkedHashSet<>();
    long bytes = 0;
    while (!ready.isEmpty() && items.size() < limit) {
      Series line = ready.firstEntry().getValue();
      QueuedProfile item = line.line.element();
      long size = line.wireBytes(item);
      boolean suspect = item.refusals > 0 || badSeries.isBad(line.labels);
      if (!items.isEmpty() && (bytes + size > batchMaxBytes || suspect)) {
        break;
      }
      items.add(takeFirst(line));
      bytes += size;
      lines.add(line);
      readyIfFree(line);
      if (suspect) {
        break;
      }
    }
    for (Series line : lines) {
      unready(line);
      line.holds++;
    }
    return new Batch(List.copyOf(items), null, false);
  }

  /** Returns a batch of one profile of any series, or null. */
  @Nullable Batch takeProbe(double random) {
    if (ready.isEmpty()) {
      return null;
    }
    List<Series> lines = new ArrayList<>();
    for (Series line : ready.values()) {
      if (!badSeries.isBad(line.labels)) {
        lines.add(line);
      }
    }
    if (lines.isEmpty()) {
      lines.addAll(ready.values());
    }
    Series line = lines.get(Math.min((int) (random * lines.size()), lines.size() - 1));
    QueuedProfile item = takeFirst(line);
    line.holds++;
    return new Batch(List.of(item), null, true);
  }

  private QueuedProfile takeFirst(Series line) {
    unready(line);
    QueuedProfile item = line.line.removeFirst();
    line.lineBytes -= line.wireBytes(item);
    item.state = QueuedProfile.State.IN_FLIGHT;
    return item;
  }

  /** Returns a batch to its position in the queue. */
  void giveBack(Batch batch) {
    if (batch.group != null) {
      batch.items.forEach(item -> become(item, QueuedProfile.State.GROUPED));
      bisection.add(batch.group, List.of(batch));
      landed(batch);
    } else {
      putBack(batch.items);
      release(batch.series());
    }
  }

  /** Halves a refused batch of at least two; its halves are the next parts. */
  void halve(Batch batch) {
    int middle = batch.items.size() / 2;
    BatchBisection.Group group = batch.group == null ? new BatchBisection.Group() : batch.group;
    Batch first = new Batch(batch.items.subList(0, middle), group, false);
    Batch second = new Batch(batch.items.subList(middle, batch.items.size()), group, false);
    for (Batch half : List.of(first, second)) {
      half.items.forEach(item -> become(item, QueuedProfile.State.GROUPED));
      half.series().forEach(line -> line.holds++);
    }
    bisection.add(group, List.of(first, second));
    finished(batch);
  }

  /** Sets the profile of a rejected batch of one aside. */
  void suspect(Batch batch, String reason, String message) {
    for (QueuedProfile item : batch.items) {
      item.refusedReason = reason;
      item.refusedMessage = message;
      become(item, QueuedProfile.State.SUSPECT);
      suspects.add(item);
    }
    finished(batch);
  }

  /** Removes and returns the profiles set aside, all or those rejected for a reason. */
  List<QueuedProfile> takeSuspects(@Nullable String reason) {
    List<QueuedProfile> taken = new ArrayList<>();
    List<QueuedProfile> left = new ArrayList<>();
    for (QueuedProfile item : suspects) {
      if (item.state == QueuedProfile.State.SUSPECT) {
        (reason == null || reason.equals(item.refusedReason) ? taken : left).add(item);
      }
    }
    suspects = left;
    return taken;
  }

  /** Returns all parts and all profiles set aside to their series. */
  void endBisection() {
    List<QueuedProfile> back = new ArrayList<>();
    for (Batch part : bisection.takeAll()) {
      for (QueuedProfile item : part.items) {
        if (item.state == QueuedProfile.State.GROUPED) {
          back.add(item);
        }
      }
      release(part.series());
    }
    for (QueuedProfile item : takeSuspects(null)) {
      item.refusals++;
      back.add(item);
    }
    back.sort((a, b) -> Long.compare(a.order, b.order));
    putBack(back);
  }

  /** Marks a batch as no longer in flight, after its profiles are settled or set aside. */
  void finished(Batch batch) {
    landed(batch);
    release(batch.series());
  }

  private void landed(Batch batch) {
    if (batch.group != null) {
      bisection.landed(batch.group);
    }
  }

  /** Records that the sink accepted a profile. */
  void good(QueuedProfile item) {
    badSeries.good(item.profile.labels());
  }

  /** Records that a profile was the cause of a rejection. */
  void bad(QueuedProfile item) {
    badSeries.bad(item.profile.labels());
  }

  /** Returns whether a batch is one profile of a known bad series. */
  boolean isKnownBad(Batch batch) {
    return batch.items.size() == 1 && badSeries.isBad(batch.items.get(0).profile.labels());
  }

  private static void become(QueuedProfile item, QueuedProfile.State state) {
    if (item.state != QueuedProfile.State.DONE) {
      item.state = state;
    }
  }

  private void putBack(List<QueuedProfile> items) {
    for (int i = items.size() - 1; i >= 0; i--) {
      QueuedProfile item = items.get(i);
      if (item.state == QueuedProfile.State.DONE) {
        continue;
      }
      Series line = series.computeIfAbsent(item.profile.labels(), Series::new);
      item.series = line;
      unready(line);
      item.state = QueuedProfile.State.PENDING;
      insert(line, item);
      line.lineBytes += line.wireBytes(item);
      readyIfFree(line);
    }
  }

  private static void insert(Series line, QueuedProfile item) {
    ArrayDeque<QueuedProfile> younger = new ArrayDeque<>();
    while (!line.line.isEmpty() && line.line.element().order < item.order) {
      younger.addFirst(line.line.removeFirst());
    }
    line.line.addFirst(item);
    younger.forEach(line.line::addFirst);
  }

  private void release(Set<Series> lines) {
    for (Series line : lines) {
      unready(line);
      line.holds--;
      readyIfFree(line);
      forgetIfEmpty(line);
    }
  }

  private void readyIfFree(Series line) {
    QueuedProfile first = line.line.peekFirst();
    if (line.holds == 0 && first != null) {
      ready.put(first.order, line);
      readyBytes += line.lineBytes;
    }
  }

  private void unready(Series line) {
    QueuedProfile first = line.line.peekFirst();
    if (first != null && ready.remove(first.order, line)) {
      readyBytes -= line.lineBytes;
    }
  }

  private void forgetIfEmpty(Series line) {
    if (line.holds == 0 && line.line.isEmpty()) {
      series.remove(line.labels, line);
    }
  }
}
