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
 * The oldest profiles, one line per series, from which batches are taken: a profile of a series is
 * handed out only while no other of that series is. Belongs to the {@link QueueState}'s lock.
 */
public final class SendWindow {

  private final long batchMaxBytes;
  private final Map<LabelSet, Series> series = new HashMap<>();

  /** The series whose first profile can be sent now, by the order of that profile. */
  private final TreeMap<Long, Series> ready = new TreeMap<>();

  private long readyBytes;

  private final BatchBisection isolation = new BatchBisection();
  private final BadSeriesTracker blame = new BadSeriesTracker();
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

  /** Returns how many entries ever came in, those that were passed over included. */
  long entered() {
    return entered;
  }

  /** Takes note of entries that were lost before they could come in. */
  void passOver(long entries) {
    entered += entries;
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

  /** Returns the oldest entry that could be sent now; there must be one. */
  QueuedProfile firstReady() {
    return ready.firstEntry().getValue().line.element();
  }

  boolean hasPart() {
    return isolation.hasPart();
  }

  public void add(QueuedProfile entry) {
    Series line = series.computeIfAbsent(entry.profile.labels(), Series::new);
    entry.series = line;
    entry.order = entered++;
    entry.inWindow = true;
    weightBytes += entry.weightBytes();
    entry.previous = newest;
    if (newest == null) {
      oldest = entry;
    } else {
      newest.next = entry;
    }
    newest = entry;
    unready(line);
    line.line.addLast(entry);
    line.lineBytes += line.wireBytes(entry);
    readyIfFree(line);
  }

  /** Takes an entry out that is settled, or goes back to disk. */
  void remove(QueuedProfile entry) {
    Series line = entry.series;
    if (!entry.inWindow || line == null) {
      return;
    }
    if (entry.state == QueuedProfile.State.PENDING) {
      unready(line);
      if (line.line.peekLast() == entry) {
        line.line.removeLast();
      } else {
        line.line.remove(entry);
      }
      line.lineBytes -= line.wireBytes(entry);
      readyIfFree(line);
      forgetIfEmpty(line);
    }
    entry.inWindow = false;
    weightBytes -= entry.weightBytes();
    QueuedProfile before = entry.previous;
    QueuedProfile after = entry.next;
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
    entry.previous = null;
    entry.next = null;
  }

  /** Takes the newest entry out, to come in again later. */
  public void removeNewest(QueuedProfile entry) {
    remove(entry);
    entered--;
  }

  /** Returns the oldest entry that no call holds. */
  @Nullable QueuedProfile oldestDroppable() {
    QueuedProfile entry = oldest;
    while (entry != null && entry.state == QueuedProfile.State.IN_FLIGHT) {
      entry = entry.next;
    }
    return entry;
  }

  /** Returns the next part of a refused batch, if it is its turn. */
  @Nullable Batch takePart() {
    Batch part;
    while ((part = isolation.take()) != null) {
      List<QueuedProfile> left = new ArrayList<>(part.entries.size());
      for (QueuedProfile entry : part.entries) {
        if (entry.state == QueuedProfile.State.GROUPED) {
          left.add(entry);
        }
      }
      Batch rest = new Batch(left, part.group, false);
      Set<Series> gone = part.series();
      gone.removeAll(rest.series());
      release(gone);
      if (!left.isEmpty()) {
        left.forEach(entry -> entry.state = QueuedProfile.State.IN_FLIGHT);
        return rest;
      }
      landed(part);
    }
    return null;
  }

  /** Returns a batch of the oldest entries that can be sent; there must be one. */
  Batch take(int limit) {
    List<QueuedProfile> entries = new ArrayList<>();
    Set<Series> lines = new LinkedHashSet<>();
    long bytes = 0;
    while (!ready.isEmpty() && entries.size() < limit) {
      Series line = ready.firstEntry().getValue();
      QueuedProfile entry = line.line.element();
      long size = line.wireBytes(entry);
      boolean suspect = entry.refusals > 0 || blame.isBad(line.labels);
      if (!entries.isEmpty() && (bytes + size > batchMaxBytes || suspect)) {
        break;
      }
      entries.add(takeFirst(line));
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
    return new Batch(List.copyOf(entries), null, false);
  }

  /** Returns a batch of one entry of any series, or null. */
  @Nullable Batch takeProbe(double random) {
    if (ready.isEmpty()) {
      return null;
    }
    List<Series> lines = new ArrayList<>();
    for (Series line : ready.values()) {
      if (!blame.isBad(line.labels)) {
        lines.add(line);
      }
    }
    if (lines.isEmpty()) {
      lines.addAll(ready.values());
    }
    Series line = lines.get(Math.min((int) (random * lines.size()), lines.size() - 1));
    QueuedProfile entry = takeFirst(line);
    line.holds++;
    return new Batch(List.of(entry), null, true);
  }

  private QueuedProfile takeFirst(Series line) {
    unready(line);
    QueuedProfile entry = line.line.removeFirst();
    line.lineBytes -= line.wireBytes(entry);
    entry.state = QueuedProfile.State.IN_FLIGHT;
    return entry;
  }

  /** Puts a batch back where it was taken from. */
  void giveBack(Batch batch) {
    if (batch.group != null) {
      batch.entries.forEach(entry -> become(entry, QueuedProfile.State.GROUPED));
      isolation.add(batch.group, List.of(batch));
      landed(batch);
    } else {
      putBack(batch.entries);
      release(batch.series());
    }
  }

  /** Halves a refused batch of at least two; its halves are the next parts. */
  void halve(Batch batch) {
    int middle = batch.entries.size() / 2;
    BatchBisection.Group group = batch.group == null ? new BatchBisection.Group() : batch.group;
    Batch first = new Batch(batch.entries.subList(0, middle), group, false);
    Batch second = new Batch(batch.entries.subList(middle, batch.entries.size()), group, false);
    for (Batch half : List.of(first, second)) {
      half.entries.forEach(entry -> become(entry, QueuedProfile.State.GROUPED));
      half.series().forEach(line -> line.holds++);
    }
    isolation.add(group, List.of(first, second));
    finished(batch);
  }

  /** Sets the entry of a refused batch of one aside. */
  void suspect(Batch batch, String reason, String message) {
    for (QueuedProfile entry : batch.entries) {
      entry.refusedReason = reason;
      entry.refusedMessage = message;
      become(entry, QueuedProfile.State.SUSPECT);
      suspects.add(entry);
    }
    finished(batch);
  }

  /** Returns, and forgets, what was set aside, or of it what was refused for a reason. */
  List<QueuedProfile> takeSuspects(@Nullable String reason) {
    List<QueuedProfile> taken = new ArrayList<>();
    List<QueuedProfile> left = new ArrayList<>();
    for (QueuedProfile entry : suspects) {
      if (entry.state == QueuedProfile.State.SUSPECT) {
        (reason == null || reason.equals(entry.refusedReason) ? taken : left).add(entry);
      }
    }
    suspects = left;
    return taken;
  }

  /** Puts all parts and all suspects back into their lines. */
  void endIsolation() {
    List<QueuedProfile> back = new ArrayList<>();
    for (Batch part : isolation.takeAll()) {
      for (QueuedProfile entry : part.entries) {
        if (entry.state == QueuedProfile.State.GROUPED) {
          back.add(entry);
        }
      }
      release(part.series());
    }
    for (QueuedProfile entry : takeSuspects(null)) {
      entry.refusals++;
      back.add(entry);
    }
    back.sort((a, b) -> Long.compare(a.order, b.order));
    putBack(back);
  }

  /** Takes note that a batch is no longer in flight, its entries being settled or set aside. */
  void finished(Batch batch) {
    landed(batch);
    release(batch.series());
  }

  private void landed(Batch batch) {
    if (batch.group != null) {
      isolation.landed(batch.group);
    }
  }

  /** Takes note that a profile was taken. */
  void good(QueuedProfile entry) {
    blame.good(entry.profile.labels());
  }

  /** Takes note that a profile was to blame for a refusal. */
  void bad(QueuedProfile entry) {
    blame.bad(entry.profile.labels());
  }

  /** Returns whether the series of a batch of one is known to be bad. */
  boolean isKnownBad(Batch batch) {
    return batch.entries.size() == 1 && blame.isBad(batch.entries.get(0).profile.labels());
  }

  private static void become(QueuedProfile entry, QueuedProfile.State state) {
    if (entry.state != QueuedProfile.State.DONE) {
      entry.state = state;
    }
  }

  private void putBack(List<QueuedProfile> entries) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      QueuedProfile entry = entries.get(i);
      if (entry.state == QueuedProfile.State.DONE) {
        continue;
      }
      Series line = series.computeIfAbsent(entry.profile.labels(), Series::new);
      entry.series = line;
      unready(line);
      entry.state = QueuedProfile.State.PENDING;
      insert(line, entry);
      line.lineBytes += line.wireBytes(entry);
      readyIfFree(line);
    }
  }

  private static void insert(Series line, QueuedProfile entry) {
    ArrayDeque<QueuedProfile> younger = new ArrayDeque<>();
    while (!line.line.isEmpty() && line.line.element().order < entry.order) {
      younger.addFirst(line.line.removeFirst());
    }
    line.line.addFirst(entry);
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
