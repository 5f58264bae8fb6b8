package dev.psc.jvm.internal.engine;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.CpuClock;
import dev.psc.jvm.internal.capture.JfrRepository;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.JfrThreads;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.label.ThreadTraces;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.NativeProfiler;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A capture that reads the recordings of async-profiler. The profiler runs only while a window
 * needs it, with the events that the windows need. Where a window begins or ends, the recording so
 * far is written and read, so an event is counted in exactly one of two consecutive windows. Only
 * one thread gives commands and counts.
 */
final class AsyncCapture implements Capture {

  private static final Logger logger = LoggerFactory.getLogger(AsyncCapture.class);

  /** While threads have labels, which {@link ThreadLabels} keeps for four seconds. */
  private static final Duration READ_INTERVAL = Duration.ofSeconds(2);

  private static final Duration READ_INTERVAL_WITHOUT_LABELS = Duration.ofSeconds(10);

  private static final Duration ADAPT_INTERVAL = Duration.ofSeconds(1);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

  /**
   * A file above this size is replaced by a new one. Each part of a file repeats all stacks since
   * its start.
   */
  private static final long MAX_FILE_BYTES = 8 << 20;

  private final CaptureSettings settings;
  private final String name;
  private final AsyncCommands commands;
  private final AsyncSession session;
  private final AsyncEvents events;
  private final Aggregator aggregator;
  private final JfrThreads threads;
  private final ThreadTraces traces;
  private final JfrRepository directory;
  private final @Nullable CpuClock clock = CpuClock.open();
  private final Thread worker;
  private final Runnable whenClosed;
  private final Instant since = Instant.now();
  private final LinkedBlockingQueue<Request<?>> requests = new LinkedBlockingQueue<>();

  private volatile boolean closed;
  private volatile long restarts;
  private volatile @Nullable String lastError;
  private volatile long lagNanos;
  private long readNanos = System.nanoTime();
  private long adaptedNanos = readNanos;

  /** An action at a boundary of windows; it runs with the aggregator's lock held. */
  private interface Action<T> {
    T at(long epochNanos);
  }

  /**
   * A request for an action.
   *
   * @param opens the profiles that must be recorded from then on
   */
  private record Request<T>(
      Set<JvmProfile> opens, Runnable whenDone, Action<T> action, CompletableFuture<T> result) {

    void run(long epochNanos) {
      if (result.isDone()) {
        return;
      }
      try {
        result.complete(action.at(epochNanos));
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
    }
  }

  private AsyncCapture(
      NativeProfiler profiler,
      String version,
      CaptureSettings settings,
      ThreadFactory factory,
      JfrRepository directory,
      Path path,
      Runnable whenClosed) {
    this.name = "async-profiler " + version;
    this.settings = settings;
    this.directory = directory;
    this.whenClosed = whenClosed;
    this.traces = settings.maxTraces() > 0 ? ThreadTraces.SHARED : ThreadTraces.NONE;
    this.aggregator =
        new Aggregator(StackPool.Limits.DEFAULT, settings.maxTraces(), settings.traceLabels());
    this.threads =
        new JfrThreads(aggregator.labels(), OwnThreads::contains, settings.threadNames());
    this.commands =
        new AsyncCommands(settings, System.getProperty("os.name", ""), Runtime.version().feature());
    this.events = new AsyncEvents(aggregator, settings, commands, traces);
    this.session = new AsyncSession(profiler, commands, path);
    this.worker = OwnThreads.thread(factory, "psc-jvm-async", this::work);
  }

  /**
   * Loads the profiler and starts it once, to learn what works here.
   *
   * @throws CaptureUnavailableException if it cannot be used
   */
  static Capture open(
      NativeProfiler profiler,
      CaptureSettings settings,
      ThreadFactory factory,
      Runnable whenClosed) {
    String version;
    try {
      version = profiler.load(Optional.ofNullable(settings.asyncProfilerLibrary()));
    } catch (IOException | RuntimeException | LinkageError e) {
      String message = e.getMessage();
      throw new CaptureUnavailableException(message == null ? e.toString() : message, e);
    }
    JfrRepository directory = new JfrRepository(settings.repository());
    Path path = directory.create();
    boolean started = false;
    try {
      AsyncCapture capture =
          new AsyncCapture(profiler, version, settings, factory, directory, path, whenClosed);
      capture.start(path);
      started = true;
      return capture;
    } finally {
      if (!started) {
        directory.close();
      }
    }
  }

  private void start(Path path) {
    if (path.toString().matches(".*[,%].*")) {
      throw new CaptureUnavailableException(
          path + " has a comma or a percent sign: set repository to another directory");
    }
    Exception failure = new IllegalStateException("no event of CPU samples");
    for (String event : AsyncCommands.CPU_EVENTS) {
      commands.cpuEvent(event);
      try {
        session.start(Set.of(JvmProfile.PROCESS_CPU));
        session.stop(aggregator, threads, events.handlers());
        ThreadLabels.SHARED.beginCapture();
        traces.begin();
        worker.start();
        return;
      } catch (IOException | RuntimeException e) {
        failure = e;
      }
    }
    throw new CaptureUnavailableException(JvmFailures.message(failure), failure);
  }

  @Override
  public CompletableFuture<Window> open(Set<JvmProfile> profiles, Runnable whenBegun) {
    Set<JvmProfile> wanted = Set.copyOf(profiles);
    return request(wanted, whenBegun, now -> aggregator.open(wanted, now));
  }

  @Override
  public CompletableFuture<Window> openTotals(Set<JvmProfile> profiles) {
    Set<JvmProfile> wanted = Set.copyOf(profiles);
    return request(wanted, AsyncCapture::nothing, now -> aggregator.openTotals(wanted, now));
  }

  @Override
  public CompletableFuture<List<Snapshot>> close(CompletableFuture<Window> window) {
    return request(Set.of(), AsyncCapture::nothing, now -> closeAndSnapshot(window, now));
  }

  @Override
  public CompletableFuture<Roll> roll(CompletableFuture<Window> window, Set<JvmProfile> next) {
    Set<JvmProfile> wanted = Set.copyOf(next);
    return request(
        wanted,
        AsyncCapture::nothing,
        now -> {
          List<Snapshot> snapshots = closeAndSnapshot(window, now);
          return new Roll(aggregator.open(wanted, now), snapshots);
        });
  }

  private List<Snapshot> closeAndSnapshot(CompletableFuture<Window> opened, long endNanos) {
    // Requests are served in order: the one that opened the window has been.
    Window window = opened.join();
    return aggregator.close(window, profile -> snapshot(window, profile, endNanos));
  }

  /** Returns the sums until now; blocks for a few milliseconds. */
  @Override
  public Snapshot peek(Window window, JvmProfile profile) {
    CompletableFuture<Snapshot> now =
        request(Set.of(), AsyncCapture::nothing, nanos -> snapshot(window, profile, nanos));
    try {
      return now.get(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      logger.debug("The newest events are missing", e);
    }
    synchronized (aggregator) {
      return snapshot(window, profile, Clocks.epochNanos());
    }
  }

  private Snapshot snapshot(Window window, JvmProfile profile, long endNanos) {
    Snapshot snapshot = aggregator.snapshot(window, profile, endNanos);
    return snapshot.withComments(comments(window, profile));
  }

  private List<String> comments(Window window, JvmProfile profile) {
    List<String> comments = new ArrayList<>();
    comments.add("engine: " + name);
    commands.comment(profile, events.cpuSource()).ifPresent(comments::add);
    window.untraced(profile).ifPresent(comments::add);
    return comments;
  }

  @Override
  public void count(Window window, Set<JvmProfile> profiles) {
    Set<JvmProfile> wanted = Set.copyOf(profiles);
    CompletableFuture<Boolean> unused =
        request(
            wanted,
            AsyncCapture::nothing,
            now -> {
              window.count(wanted);
              return true;
            });
  }

  @Override
  public Optional<String> unavailable(JvmProfile profile) {
    return switch (profile) {
      case BLOCK, THREADCREATE, EXCEPTIONS, LEAK_SUSPECTS ->
          Optional.of(
              "the engine async-profiler does not record it; set the engine jfr for "
                  + profile.profileName());
      default -> Optional.empty();
    };
  }

  @Override
  public Snapshot leakSuspects(boolean paths) throws IOException {
    throw new IOException("async-profiler does not sample old objects");
  }

  private static void nothing() {}

  private <T> CompletableFuture<T> request(
      Set<JvmProfile> opens, Runnable whenDone, Action<T> action) {
    CompletableFuture<T> result = new CompletableFuture<>();
    requests.add(new Request<>(opens, whenDone, action, result));
    if (closed) {
      refuseAll(); // the worker may have ended before it was added
    }
    return result;
  }

  private void refuseAll() {
    for (Request<?> left = requests.poll(); left != null; left = requests.poll()) {
      left.result.completeExceptionally(new IllegalStateException("capture is closed"));
    }
  }

  // Worker thread: commands the profiler and counts its events.

  private void work() {
    while (!closed) {
      List<Request<?>> due = new ArrayList<>();
      try {
        Request<?> first = requests.poll(READ_INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
        if (first != null) {
          due.add(first);
          requests.drainTo(due);
        }
        if (!closed && (first != null || mustRead())) {
          serve(due);
        }
      } catch (InterruptedException e) {
        logger.debug("Ignoring an interrupt; only shutdown() ends the capture", e);
      } catch (IOException | RuntimeException e) {
        failed(e);
        // Without the newest events, since the profiler is not running.
        finish(due, e);
      }
    }
    refuseAll();
  }

  private boolean mustRead() {
    boolean labels = ThreadLabels.SHARED.threadCount() > 0 || traces.hasSources();
    boolean stopped =
        session.recorded().isEmpty() && !AsyncCommands.recorded(profilesInUse()).isEmpty();
    long age = System.nanoTime() - readNanos;
    return labels || stopped || age > READ_INTERVAL_WITHOUT_LABELS.toNanos();
  }

  private void serve(List<Request<?>> due) throws IOException {
    Set<JvmProfile> before = profilesInUse();
    Set<JvmProfile> opening = EnumSet.noneOf(JvmProfile.class);
    opening.addAll(before);
    due.forEach(request -> opening.addAll(request.opens));
    record(AsyncCommands.recorded(opening));
    finish(due, null);
    // A window that has ended may have been the last one that needed an event.
    Set<JvmProfile> left = AsyncCommands.recorded(profilesInUse());
    if (!left.equals(session.recorded())) {
      restart(left);
    }
  }

  /** Reads the events until now; then the profiles are recorded. */
  private void record(Set<JvmProfile> profiles) throws IOException {
    if (!profiles.equals(session.recorded())) {
      restart(profiles);
    } else if (!profiles.isEmpty()) {
      long start = System.nanoTime();
      session.read(aggregator, threads, events.handlers());
      lagNanos = System.nanoTime() - start;
      if (adapt() || session.bytes() > MAX_FILE_BYTES) {
        restart(profiles);
      }
    }
    readNanos = System.nanoTime();
    ThreadLabels.SHARED.sweep();
    traces.sweep();
  }

  private boolean adapt() {
    long nanos = System.nanoTime() - adaptedNanos;
    if (nanos < ADAPT_INTERVAL.toNanos()) {
      return false;
    }
    adaptedNanos += nanos;
    synchronized (aggregator) {
      boolean changed = commands.adapt(events.takeAllocations(), events.takeLocks(), nanos);
      events.lockThreshold(commands.lockNanos());
      return changed;
    }
  }

  private void restart(Set<JvmProfile> profiles) throws IOException {
    session.stop(aggregator, threads, events.handlers());
    if (!profiles.isEmpty()) {
      session.start(profiles);
    }
  }

  /** Acts at the boundary of windows. */
  private void finish(List<Request<?>> due, @Nullable Exception failure) {
    synchronized (aggregator) {
      long now = Clocks.epochNanos();
      boolean unused = aggregator.compactIfFull();
      for (Request<?> request : due) {
        if (failure != null && !AsyncCommands.recorded(request.opens).isEmpty()) {
          request.result.completeExceptionally(
              new CaptureUnavailableException(
                  "async-profiler is not running: " + JvmFailures.message(failure), failure));
        } else {
          request.run(now);
        }
      }
      aggregator.forgetTraces();
    }
    due.forEach(request -> request.whenDone.run());
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // one thread counts, others read
  private void failed(Exception failure) {
    String message = "async-profiler failed and is restarted: " + JvmFailures.message(failure);
    if (!message.equals(lastError)) {
      logger.warn("{}", message);
    }
    lastError = message;
    restarts++;
    readNanos = System.nanoTime();
    try {
      session.stop(aggregator, threads, events.handlers());
    } catch (IOException | RuntimeException e) {
      logger.debug("Failed to stop async-profiler", e);
    }
  }

  private Set<JvmProfile> profilesInUse() {
    Set<JvmProfile> profiles = EnumSet.noneOf(JvmProfile.class);
    synchronized (aggregator) {
      for (JvmProfile profile : JvmProfile.values()) {
        if (aggregator.counts(profile)) {
          profiles.add(profile);
        }
      }
    }
    return profiles;
  }

  @Override
  public CaptureStatus status() {
    long[] own = OwnThreads.ids();
    Set<JvmProfile> inUse = profilesInUse();
    inUse.removeIf(profile -> unavailable(profile).isPresent());
    synchronized (aggregator) {
      return new CaptureStatus(
          since,
          inUse,
          name,
          events.cpuSource(),
          settings.stackDepth(),
          false,
          List.of(),
          Duration.ofNanos(commands.lockNanos()),
          settings.allocationsPerSecond(),
          events.events(),
          Duration.ofNanos(lagNanos),
          aggregator.stackPool().stackCount(),
          aggregator.folded(),
          aggregator.labels().refused() + ThreadLabels.SHARED.refused(),
          0,
          0,
          0,
          restarts,
          Duration.ofNanos(clock == null ? 0 : clock.cpuNanos(own)),
          clock == null ? 0 : clock.allocatedBytes(own),
          Optional.ofNullable(lastError));
    }
  }

  @Override
  public void shutdown() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    CompletableFuture<Boolean> wakeUp = request(Set.of(), AsyncCapture::nothing, now -> true);
    try {
      worker.join(CLOSE_TIMEOUT.toMillis());
      if (worker.isAlive()) {
        logger.warn("async-profiler did not respond within {}", CLOSE_TIMEOUT);
      } else {
        session.stop(aggregator, threads, events.handlers());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException | RuntimeException e) {
      logger.debug("Failed to stop async-profiler", e);
    }
    wakeUp.cancel(false);
    directory.close();
    ThreadLabels.SHARED.endCapture();
    traces.end();
    whenClosed.run();
  }
}
