package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.runtime.FileDescriptors;
import dev.psc.jvm.internal.runtime.JvmExit;
import dev.psc.jvm.internal.runtime.OwnThreads;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.function.Consumer;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A stream of events that is restarted when it fails. It runs on a daemon thread of the profiler,
 * because the JDK's thread would keep the JVM alive. Thread-safe.
 */
public final class JfrStream {

  private static final Logger logger = LoggerFactory.getLogger(JfrStream.class);

  /** Bounds the files of a stream that falls behind; the JDK drops the oldest events. */
  private static final long MAX_BYTES = 64L << 20;

  private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);
  private static final Duration MOST_BACKOFF = Duration.ofMinutes(1);
  private static final long FILE_CHECK_NANOS = 500_000_000;
  private static final int FILE_CHECK_PART = 1_000;
  private static final long JOIN_MILLIS = 1_500;

  private final ThreadFactory threads;
  private final Consumer<Registration> registrar;
  private final Runnable onFlush;
  private final Consumer<String> beforeEnable;
  private final Thread thread;
  private final FlightRecorderListener recordings =
      new FlightRecorderListener() {
        @Override
        public void recordingStateChanged(Recording recording) {
          if (recording.getState() == RecordingState.CLOSED) {
            recordingEnded(recording);
          }
        }
      };
  private final EventType markType = EventType.getEventType(WindowEvent.class);
  private final Object lock = new Object();

  /** The settings of the current stream, or null before its first. */
  private @Nullable Map<String, Map<String, String>> applied;

  private Map<String, Map<String, String>> wanted = Map.of();
  private @Nullable RecordingStream current;
  private boolean closed;
  private volatile @Nullable String lastError;
  private long restarts;
  private volatile long recordingId = -1;

  /** Confined to the thread that checks. */
  private long nextFileCheckNanos = System.nanoTime();

  /** Registers the handlers of events with a new stream. */
  public interface Registration {

    void on(String eventName, Consumer<RecordedEvent> handler);

    void on(Class<? extends Event> event, Consumer<RecordedEvent> handler);
  }

  /**
   * @param onFlush called when the JDK has handed over all events of a flush
   * @param beforeEnable called with the name of an event that is about to be switched on, also when
   *     the stream restarts; with the stream's lock held
   */
  public JfrStream(
      ThreadFactory threads,
      Consumer<Registration> registrar,
      Runnable onFlush,
      Consumer<String> beforeEnable) {
    this.threads = threads;
    this.registrar = registrar;
    this.onFlush = onFlush;
    this.beforeEnable = beforeEnable;
    this.thread = OwnThreads.thread(threads, "psc-jvm-events", this::run);
  }

  public void start() {
    FlightRecorder.addListener(recordings);
    thread.start();
  }

  /** Ends the stream when its recording was stopped from outside; newer JDKs would wait forever. */
  private void recordingEnded(Recording recording) {
    RecordingStream stream;
    synchronized (lock) {
      stream = current;
      if (closed || stream == null || recording.getId() != recordingId) {
        return;
      }
    }
    // Not on this thread, which holds the recorder's lock that the stream's thread may need.
    OwnThreads.thread(threads, "psc-jvm-stream-end", stream::close).start();
  }

  /**
   * Ends the stream while the process is short of file descriptors. The flight recorder begins a
   * file every few seconds to minutes, and aborts the JVM if it cannot.
   */
  void endIfShortOfFiles() {
    long started = System.nanoTime();
    if (started - nextFileCheckNanos < 0) {
      return;
    }
    boolean isShort = FileDescriptors.free() < FileDescriptors.FOR_RECORDING;
    long ended = System.nanoTime();
    // Counting takes time where many are open.
    nextFileCheckNanos = ended + Math.max(FILE_CHECK_NANOS, FILE_CHECK_PART * (ended - started));
    RecordingStream stream;
    synchronized (lock) {
      stream = current;
    }
    if (isShort && stream != null) {
      failed(FileDescriptors.SHORTAGE);
      stream.close();
    }
  }

  /** Returns whether marks that are written now will arrive. */
  boolean isReady() {
    return markType.isEnabled();
  }

  /** Applies the settings of events, also to a restarted stream. */
  public void apply(Map<String, Map<String, String>> events) {
    synchronized (lock) {
      wanted = events;
      RecordingStream stream = current;
      if (stream == null) {
        return;
      }
      Map<String, Map<String, String>> before = applied;
      if (events.equals(before)) {
        return;
      }
      for (String name : events.keySet()) {
        if (before == null || !before.containsKey(name)) {
          beforeEnable.accept(name);
        }
      }
      stream.setSettings(flat(events));
      applied = events;
    }
  }

  /**
   * Returns the settings as one map, because the flight recorder configures all of its events again
   * after each change of a single setting.
   */
  private Map<String, String> flat(Map<String, Map<String, String>> events) {
    Map<String, String> flat = new HashMap<>();
    flat.put(markType.getName() + "#enabled", "true");
    for (Map.Entry<String, Map<String, String>> event : events.entrySet()) {
      flat.put(event.getKey() + "#enabled", "true");
      for (Map.Entry<String, String> setting : event.getValue().entrySet()) {
        flat.put(event.getKey() + "#" + setting.getKey(), setting.getValue());
      }
    }
    return flat;
  }

  private void run() {
    Duration backoff = FIRST_BACKOFF;
    while (true) {
      long started = System.nanoTime();
      try {
        runStream();
      } catch (RuntimeException | LinkageError e) {
        if (isClosed() || JvmExit.isUnderWay()) {
          logger.debug("The stream was closed before it started, or with the JVM", e);
          return;
        }
        failed("the event stream failed", e);
      }
      synchronized (lock) {
        current = null;
        applied = null;
        if (closed || JvmExit.isUnderWay()) {
          return; // the flight recorder ends with the JVM
        }
        if (System.nanoTime() - started > MOST_BACKOFF.toNanos()) {
          backoff = FIRST_BACKOFF;
        }
        restarts++;
        logger.warn("Event stream ended; restarting it in {}", backoff);
        if (!pause(backoff)) {
          return;
        }
      }
      Duration twice = backoff.multipliedBy(2);
      backoff = twice.compareTo(MOST_BACKOFF) > 0 ? MOST_BACKOFF : twice;
    }
  }

  private boolean isClosed() {
    synchronized (lock) {
      return closed;
    }
  }

  /** Waits on the lock; returns whether to continue. */
  private boolean pause(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    try {
      long left = duration.toMillis();
      while (!closed && left > 0) {
        lock.wait(left);
        left = (end - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    return !closed;
  }

  private void runStream() {
    FileDescriptors.requireForRecording();
    long newest = newestRecording();
    try (RecordingStream stream = new RecordingStream()) {
      long fresh = newestRecording();
      recordingId = fresh > newest ? fresh : -1;
      stream.setMaxSize(MAX_BYTES);
      stream.setOrdered(true);
      stream.setReuse(true);
      stream.onError(e -> failed("the event stream reported an error", e));
      stream.onFlush(guarded(onFlush));
      synchronized (lock) {
        if (closed) {
          return;
        }
        current = stream;
        applied = null;
      }
      registrar.accept(
          new Registration() {
            @Override
            public void on(String eventName, Consumer<RecordedEvent> handler) {
              stream.onEvent(eventName, guarded(handler));
            }

            @Override
            public void on(Class<? extends Event> event, Consumer<RecordedEvent> handler) {
              stream.onEvent(EventType.getEventType(event).getName(), guarded(handler));
            }
          });
      apply(wanted());
      stream.start();
    }
  }

  private static long newestRecording() {
    return FlightRecorder.getFlightRecorder().getRecordings().stream()
        .mapToLong(Recording::getId)
        .max()
        .orElse(0);
  }

  /** Returns the id of the stream's recording, or -1. */
  long recordingId() {
    return recordingId;
  }

  private Map<String, Map<String, String>> wanted() {
    synchronized (lock) {
      return wanted;
    }
  }

  private Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        failed("failed to handle a flush", e);
      }
    };
  }

  private Consumer<RecordedEvent> guarded(Consumer<RecordedEvent> handler) {
    return event -> {
      try {
        handler.accept(event);
      } catch (RuntimeException e) {
        failed("failed to count an event " + event.getEventType().getName(), e);
      }
    };
  }

  /** Records a failure; the first one of each kind is logged. */
  void failed(String what, Throwable failure) {
    String text = what + ": " + failure;
    if (!text.equals(lastError)) {
      logger.warn("Profiling error: {}", what, failure);
    }
    lastError = text;
  }

  /** Records a failure that has no exception, and logs it. */
  void failed(String what) {
    logger.warn("Profiling error: {}", what);
    lastError = what;
  }

  public @Nullable String lastError() {
    return lastError;
  }

  public long restarts() {
    synchronized (lock) {
      return restarts;
    }
  }

  /** Ends the stream, removes its files and waits for its thread, at most 1.5 s. */
  public void close() {
    RecordingStream stream;
    synchronized (lock) {
      closed = true;
      stream = current;
      lock.notifyAll();
    }
    FlightRecorder.removeListener(recordings);
    if (stream != null) {
      stream.close();
    }
    try {
      thread.join(JOIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
