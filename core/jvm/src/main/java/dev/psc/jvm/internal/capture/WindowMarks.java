package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.profile.JvmProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import jdk.jfr.consumer.RecordedEvent;

/**
 * The marks at which windows begin and end. A mark is requested, written as an event, and passed
 * when the event stream delivers it. A mark that is not passed within five seconds is given up.
 * Thread-safe.
 */
final class WindowMarks {

  private static final long TIMEOUT_NANOS = 5_000_000_000L;

  private final long captureId = ThreadLocalRandom.current().nextLong();
  private final List<Mark> requested = new ArrayList<>();
  private final TreeMap<Long, Mark> written = new TreeMap<>();
  private long nextBoundary;
  private long lost;
  private boolean closed;

  /** The boundary between two windows. */
  static final class Mark {
    private final Set<JvmProfile> opens;
    private final Runnable whenWritten;
    private final Runnable action;
    private final boolean endsWindow;
    private Reading reading = Reading.nothing();
    private long epochNanos;
    private long writtenNanos = System.nanoTime();

    Mark(Set<JvmProfile> opens, boolean endsWindow, Runnable whenWritten, Runnable action) {
      this.opens = opens;
      this.endsWindow = endsWindow;
      this.whenWritten = whenWritten;
      this.action = action;
    }

    Set<JvmProfile> opens() {
      return opens;
    }

    boolean endsWindow() {
      return endsWindow;
    }

    /** Returns whether a window begins or ends here. */
    boolean isBoundary() {
      return endsWindow || !opens.isEmpty();
    }

    Runnable whenWritten() {
      return whenWritten;
    }

    Runnable action() {
      return action;
    }

    Reading reading() {
      return reading;
    }

    long epochNanos() {
      return epochNanos;
    }

    long writtenNanos() {
      return writtenNanos;
    }
  }

  /** Requests a mark; returns false after {@link #close}. */
  synchronized boolean request(Mark mark) {
    if (closed) {
      return false;
    }
    requested.add(mark);
    notifyAll();
    return true;
  }

  /** Waits until a mark is requested, at most for a time. */
  synchronized void awaitRequest(long nanos) {
    if (requested.isEmpty()) {
      awaitChange(nanos);
    }
  }

  /** Waits until something changes, at most for a time; an interrupt closes. */
  @SuppressWarnings("WaitNotInLoop") // the caller loops and checks all conditions again
  synchronized void awaitChange(long nanos) {
    if (closed) {
      return;
    }
    try {
      wait(Math.max(1, nanos / 1_000_000)); // wait(0) has no timeout
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  synchronized boolean isClosed() {
    return closed;
  }

  /** Removes and returns the requested marks. */
  synchronized List<Mark> takeRequested() {
    List<Mark> taken = new ArrayList<>(requested);
    requested.clear();
    return taken;
  }

  /** Writes a mark into the event stream. */
  void write(Mark mark, Reading reading) {
    mark.reading = reading;
    mark.epochNanos = Clocks.epochNanos();
    mark.writtenNanos = System.nanoTime();
    WindowEvent event = new WindowEvent();
    synchronized (this) {
      event.boundary = nextBoundary++;
      written.put(event.boundary, mark);
    }
    event.capture = captureId;
    event.commit();
    mark.whenWritten.run();
  }

  /** Removes and returns the marks up to one that the stream delivers, in order. */
  synchronized List<Mark> arrived(RecordedEvent event) {
    List<Mark> passed = new ArrayList<>();
    if (event.getLong("capture") != captureId) {
      return passed; // from another copy of this class, in another class loader
    }
    long boundary = event.getLong("boundary");
    while (!written.isEmpty() && written.firstKey() <= boundary) {
      passed.add(written.pollFirstEntry().getValue());
    }
    return passed;
  }

  /** Removes and returns the marks that have timed out, in order. */
  synchronized List<Mark> giveUp() {
    long now = System.nanoTime();
    List<Mark> late = new ArrayList<>();
    while (!written.isEmpty()
        && now - written.firstEntry().getValue().writtenNanos > TIMEOUT_NANOS) {
      late.add(written.pollFirstEntry().getValue());
    }
    while (!requested.isEmpty() && now - requested.get(0).writtenNanos > TIMEOUT_NANOS) {
      Mark mark = requested.remove(0);
      mark.epochNanos = Clocks.epochNanos();
      late.add(mark);
    }
    lost += late.size();
    return late;
  }

  /** Returns the profiles of the windows that written marks open. */
  synchronized Set<JvmProfile> opening(Set<JvmProfile> into) {
    written.values().forEach(mark -> into.addAll(mark.opens));
    return into;
  }

  synchronized boolean hasWritten() {
    return !written.isEmpty();
  }

  synchronized long lost() {
    return lost;
  }

  /** Closes, and returns the marks that have not been passed; null when already closed. */
  synchronized @org.jspecify.annotations.Nullable List<Mark> close() {
    if (closed) {
      return null;
    }
    closed = true;
    List<Mark> left = new ArrayList<>(written.values());
    written.clear();
    for (Mark mark : requested) {
      mark.epochNanos = Clocks.epochNanos();
      left.add(mark);
    }
    requested.clear();
    notifyAll();
    return left;
  }
}
