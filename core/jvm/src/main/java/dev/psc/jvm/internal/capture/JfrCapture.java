package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.consumer.RecordedEvent;
import org.jspecify.annotations.Nullable;

/**
 * Capture by one long-lived stream of the JDK's events. A clock thread writes the marks: it is the
 * only one that reads the CPU clocks, so marks and readings have one order.
 */
final class JfrCapture implements Capture {
  /** Bounds what is not known of threads that end: their clocks are gone. */
  private static final Duration TICK = Duration.ofMillis(500);

  private static final Duration GUARD_INTERVAL = Duration.ofMillis(990);
  private static final Duration NOT_READY_TICK = Duration.ofMillis(20);
  private static final Duration IDLE_TICK = Duration.ofSeconds(10);

  /** A mark that takes longer is given up: its window ends with what was counted so far. */
  private static final long MARK_TIMEOUT_NANOS = 5_000_000_000L;

  private final CaptureSettings settings;
  private final Aggregator aggregator;
  private final @Nullable CpuClock clock;
  private final EventPlan plan;
  private final CpuCalibration cpu;
  private final EventCounter converter;
  private final RecordedEvents recorded;
  private final JfrStream stream;
  private final CaptureThrottle guards;
  private final Thread clockThread;
  private final JfrLeaks leaks;
  private final Instant since = Instant.now();
  private final boolean depthWasSet;
  private final Runnable whenClosed;

  private final Object lock = new Object();
  private final long id = ThreadLocalRandom.current().nextLong();
  private final List<Mark> wanted = new ArrayList<>();
  private final TreeMap<Long, Mark> written = new TreeMap<>();
  private long nextMark;
  private boolean closed;
  private boolean cpuWasOn;
  private long guardedNanos = System.nanoTime();
  private long guardedCpuNanos;
  private long events;
  private volatile long lagNanos;
  private long lostMarks;

  /** The end of a window on its way through the stream. */
  private static final class Mark {
    private final Set<JvmProfile> opens;
    private final Runnable whenWritten;
    private final Runnable action;
    private Reading reading = Reading.nothing();
    private long epochNanos;
    private long writtenNanos = System.nanoTime();
    private boolean endsWindow;

    private Mark(Set<JvmProfile> opens, boolean endsWindow, Runnable whenWritten, Runnable action) {
      this.opens = opens;
      this.endsWindow = endsWindow;
      this.whenWritten = whenWritten;
      this.action = action;
    }
  }

  JfrCapture(
      CaptureSettings settings,
      ThreadFactory threads,
      boolean depthWasSet,
      Path directory,
      Runnable whenClosed) {
    this.leaks = new JfrLeaks(directory);
    this.settings = settings;
    this.depthWasSet = depthWasSet;
    this.whenClosed = whenClosed;
    this.aggregator = new Aggregator(StackPool.Limits.DEFAULT);
    this.clock = CpuClock.open();
    this.plan = new EventPlan(settings, eventNames(), isLinux());
    this.cpu =
        new CpuCalibration(
            aggregator,
            clock == null ? null : clock::names,
            settings.cpuPeriod().toNanos(),
            plan.nativePeriod().toNanos(),
            settings.ownThreads());
    this.converter = new EventCounter(aggregator, settings, cpu, ThreadLabels.SHARED);
    this.recorded = new RecordedEvents(aggregator, OwnThreads::contains, settings.threadNames());
    this.guards = new CaptureThrottle(settings, converter);
    this.stream = new JfrStream(threads, this::register, this::flushed);
    this.clockThread = OwnThreads.thread(threads, "psc-jvm-clock", this::runClock);
  }

  void start() {
    ThreadLabels.SHARED.begin();
    stream.start();
    clockThread.start();
  }

  private static Set<String> eventNames() {
    Set<String> names = new HashSet<>();
    for (EventType type : FlightRecorder.getFlightRecorder().getEventTypes()) {
      names.add(type.getName());
    }
    return names;
  }

  private static boolean isLinux() {
    return System.getProperty("os.name", "").startsWith("Linux");
  }

  private void register(JfrStream.Registration events) {
    events.on(WindowEvent.class, this::markArrived);
    converter
        .handlers()
        .forEach(
            (name, handler) ->
                events.on(
                    name,
                    event -> {
                      synchronized (aggregator) {
                        handler.accept(recorded.of(event));
                        this.events++;
                      }
                    }));
  }

  @Override
  public CompletableFuture<Window> open(Set<JvmProfile> profiles, Runnable whenBegun) {
    Set<JvmProfile> wantedProfiles = Set.copyOf(profiles);
    return mark(
        wantedProfiles, false, whenBegun, mark -> aggregator.open(wantedProfiles, mark.epochNanos));
  }

  @Override
  public CompletableFuture<List<Snapshot>> close(CompletableFuture<Window> window) {
    return mark(
        Set.of(), true, JfrCapture::nothing, mark -> closeAndSnapshot(window, mark.epochNanos));
  }

  @Override
  public CompletableFuture<Roll> roll(CompletableFuture<Window> window, Set<JvmProfile> next) {
    Set<JvmProfile> wantedProfiles = Set.copyOf(next);
    return mark(
        wantedProfiles,
        true,
        JfrCapture::nothing,
        mark -> {
          List<Snapshot> snapshots = closeAndSnapshot(window, mark.epochNanos);
          return new Roll(aggregator.open(wantedProfiles, mark.epochNanos), snapshots);
        });
  }

  private List<Snapshot> closeAndSnapshot(CompletableFuture<Window> opened, long endNanos) {
    // Marks pass in order: the one that opened the window has.
    Window window = opened.join();
    aggregator.close(window);
    List<Snapshot> snapshots = new ArrayList<>();
    for (JvmProfile profile : JvmProfile.values()) {
      if (window.counts(profile)) {
        snapshots.add(aggregator.snapshot(window, profile, endNanos));
      }
    }
    return snapshots;
  }

  @Override
  public Snapshot peek(Window window, JvmProfile profile) {
    synchronized (aggregator) {
      return aggregator.snapshot(window, profile, Clocks.epochNanos());
    }
  }

  @Override
  public void count(Window window, Set<JvmProfile> profiles) {
    // Events first: a mark that opens nothing new makes the clock thread apply them.
    CompletableFuture<Boolean> unused =
        mark(
            Set.copyOf(profiles),
            false,
            JfrCapture::nothing,
            mark -> {
              window.count(profiles);
              return true;
            });
  }

  @Override
  public Snapshot leakSuspects() throws IOException {
    return leaks.take();
  }

  /** What happens at a mark, with the aggregator's lock held. */
  private interface Action<T> {
    T at(Mark mark);
  }

  private <T> CompletableFuture<T> mark(
      Set<JvmProfile> opens, boolean endsWindow, Runnable whenWritten, Action<T> action) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Mark[] self = new Mark[1];
    Mark mark =
        new Mark(opens, endsWindow, whenWritten, () -> complete(result, () -> action.at(self[0])));
    self[0] = mark;
    synchronized (lock) {
      if (closed) {
        result.completeExceptionally(new IllegalStateException("capture is closed"));
        return result;
      }
      wanted.add(mark);
      lock.notifyAll();
    }
    return result;
  }

  private static void nothing() {}

  private static <T> void complete(CompletableFuture<T> result, Supplier<T> action) {
    try {
      result.complete(action.get());
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  // The clock thread: switches events, reads clocks, writes marks.

  private void runClock() {
    long nextTick = System.nanoTime();
    while (true) {
      List<Mark> due = new ArrayList<>();
      synchronized (lock) {
        boolean ready = stream.isReady();
        long wait = Math.max(0, nextTick - System.nanoTime());
        if (wanted.isEmpty() || !ready) {
          waitNanos(ready ? wait : Math.min(wait, NOT_READY_TICK.toNanos()));
        }
        if (closed) {
          return;
        }
        if (stream.isReady()) {
          due.addAll(wanted);
          wanted.clear();
        }
      }
      try {
        for (Mark mark : due) {
          writeMark(mark);
        }
        if (System.nanoTime() - nextTick >= 0) {
          boolean busy = tick();
          nextTick = System.nanoTime() + (busy ? TICK : IDLE_TICK).toNanos();
        } else if (!due.isEmpty()) {
          nextTick = Math.min(nextTick, System.nanoTime() + TICK.toNanos());
        }
      } catch (RuntimeException e) {
        stream.failed("the clock thread failed", e);
        nextTick = System.nanoTime() + TICK.toNanos();
      }
    }
  }

  @SuppressWarnings("WaitNotInLoop") // the caller loops, and looks at everything again
  private void waitNanos(long nanos) {
    try {
      // At least a millisecond: wait(0) is for ever.
      lock.wait(Math.max(1, nanos / 1_000_000));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
  }

  private boolean tick() {
    giveUpOldMarks();
    boolean cpuOn;
    boolean busy;
    synchronized (aggregator) {
      cpuOn = countsCpu();
      busy = !profilesInUse().isEmpty();
    }
    if (cpuOn && stream.isReady()) {
      writeMark(new Mark(Set.of(), false, JfrCapture::nothing, JfrCapture::nothing));
    }
    boolean changed = false;
    if (System.nanoTime() - guardedNanos >= GUARD_INTERVAL.toNanos()) {
      double ownShare = ownShare();
      synchronized (aggregator) {
        changed = guards.tick(ownShare);
      }
    }
    if (changed || busy) {
      applyEvents(Set.of());
    }
    synchronized (lock) {
      return busy || !written.isEmpty();
    }
  }

  /** Returns what our threads took of a core since the last time. */
  private double ownShare() {
    long now = System.nanoTime();
    long cpu = clock == null ? 0 : clock.cpuNanos(OwnThreads.ids());
    // A thread that ended takes its time along.
    double share = (double) Math.max(0, cpu - guardedCpuNanos) / (now - guardedNanos);
    guardedNanos = now;
    guardedCpuNanos = cpu;
    return share;
  }

  private boolean countsCpu() {
    return aggregator.counts(JvmProfile.PROCESS_CPU) || aggregator.counts(JvmProfile.WALL);
  }

  private void writeMark(Mark mark) {
    if (!mark.opens.isEmpty()) {
      applyEvents(mark.opens);
    }
    mark.reading = clock == null ? Reading.nothing() : clock.read();
    mark.epochNanos = Clocks.epochNanos();
    mark.writtenNanos = System.nanoTime();
    WindowEvent event = new WindowEvent();
    synchronized (lock) {
      event.boundary = nextMark++;
      written.put(event.boundary, mark);
    }
    event.capture = id;
    event.commit();
    mark.whenWritten.run();
  }

  private void applyEvents(Set<JvmProfile> opening) {
    Set<JvmProfile> profiles;
    synchronized (aggregator) {
      profiles = profilesInUse();
    }
    profiles.addAll(opening);
    synchronized (lock) {
      for (Mark mark : written.values()) {
        profiles.addAll(mark.opens);
      }
    }
    guards.profiles(profiles);
    stream.apply(plan.events(profiles, guards.dynamic()));
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

  private void giveUpOldMarks() {
    long now = System.nanoTime();
    List<Mark> given = new ArrayList<>();
    synchronized (lock) {
      while (!written.isEmpty()
          && now - written.firstEntry().getValue().writtenNanos > MARK_TIMEOUT_NANOS) {
        given.add(written.pollFirstEntry().getValue());
        lostMarks++;
      }
      while (!wanted.isEmpty() && now - wanted.get(0).writtenNanos > MARK_TIMEOUT_NANOS) {
        Mark mark = wanted.remove(0);
        mark.epochNanos = Clocks.epochNanos();
        given.add(mark);
        lostMarks++;
      }
    }
    given.forEach(this::passMark);
  }

  // The stream's thread: counts events, passes marks.

  private void markArrived(RecordedEvent event) {
    if (event.getLong("capture") != id) {
      return; // another copy of this class, in another class loader
    }
    long boundary = event.getLong("boundary");
    List<Mark> passed = new ArrayList<>();
    synchronized (lock) {
      while (!written.isEmpty() && written.firstKey() <= boundary) {
        passed.add(written.pollFirstEntry().getValue());
      }
    }
    for (Mark mark : passed) {
      lagNanos = System.nanoTime() - mark.writtenNanos;
      passMark(mark);
    }
  }

  private void passMark(Mark mark) {
    mark.whenWritten.run(); // of one that was given up before
    synchronized (aggregator) {
      boolean on = countsCpu();
      if (on || cpuWasOn) {
        cpu.endSegment(mark.reading, plan.samplesAreWeighed(), mark.endsWindow);
      }
      compact();
      mark.action.run();
      on = countsCpu();
      if (on && !cpuWasOn) {
        cpu.reset();
        cpu.endSegment(mark.reading, plan.samplesAreWeighed(), false);
      }
      cpuWasOn = on;
    }
  }

  private void flushed() {
    ThreadLabels.SHARED.sweep();
    synchronized (aggregator) {
      if (cpu.isEmpty()) {
        compact();
      }
    }
  }

  private void compact() {
    if (aggregator.compactIfFull()) {
      cpu.forgetStacks();
    }
  }

  @Override
  public CaptureStatus status() {
    long[] own = OwnThreads.ids();
    synchronized (aggregator) {
      return new CaptureStatus(
          since,
          profilesInUse(),
          plan.cpuSource(),
          depthWasSet ? settings.stackDepth() : 0,
          JvmAge.wasLate(),
          JfrRuntime.otherRecordings(stream.recordingId()),
          Duration.ofNanos(converter.lockThresholdNanos()),
          guards.dynamic().allocationsPerSecond(),
          events,
          Duration.ofNanos(lagNanos),
          aggregator.stackPool().stackCount(),
          aggregator.folded(),
          aggregator.labels().refused() + ThreadLabels.SHARED.refused(),
          recorded.truncatedStacks(),
          converter.lostSamples(),
          lostMarks,
          stream.restarts(),
          Duration.ofNanos(clock == null ? 0 : clock.cpuNanos(own)),
          clock == null ? 0 : clock.allocatedBytes(own),
          Optional.ofNullable(stream.lastError()));
    }
  }

  @Override
  public void shutdown() {
    List<Mark> left = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      left.addAll(written.values());
      written.clear();
      for (Mark mark : wanted) {
        mark.epochNanos = Clocks.epochNanos();
        left.add(mark);
      }
      wanted.clear();
      lock.notifyAll();
    }
    left.forEach(this::passMark);
    leaks.close();
    stream.close();
    ThreadLabels.SHARED.end();
    synchronized (aggregator) {
      converter.clearIdentities();
      recorded.clear();
    }
    whenClosed.run();
  }
}
