package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.CpuClock.Reading;
import dev.psc.jvm.internal.capture.WindowMarks.Mark;
import dev.psc.jvm.internal.event.AllocationBaseline;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.label.ThreadTraces;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.consumer.RecordedEvent;
import org.jspecify.annotations.Nullable;

/**
 * A capture that reads one long-lived stream of the JDK's events. Only its clock thread writes
 * marks and reads the CPU clocks, so marks and readings have the same order.
 */
final class JfrCapture implements Capture {
  /** Bounds the CPU time that is unknown for ended threads, whose clocks have ended. */
  private static final Duration TICK = Duration.ofMillis(500);

  private static final Duration THROTTLE_INTERVAL = Duration.ofMillis(990);
  private static final Duration NOT_READY_TICK = Duration.ofMillis(20);
  private static final Duration IDLE_TICK = Duration.ofSeconds(10);

  private final CaptureSettings settings;
  private final ThreadTraces traces;
  private final Aggregator aggregator;
  private final @Nullable CpuClock clock;
  private final EventPlan plan;
  private final CpuCalibration cpu;
  private final EventCounter converter;
  private final RecordedEvents recorded;
  private final JfrStream stream;
  private final CaptureThrottle throttle;
  private final Thread clockThread;
  private final VirtualThreadWaits virtualWaits;
  private final JfrLeaks leaks;
  private final SilentSampler silentSampler;
  private final boolean exactLines = CpuClock.hasExactLines();
  private final Instant since = Instant.now();
  private final boolean depthWasSet;
  private final Runnable whenClosed;

  private final WindowMarks marks = new WindowMarks();
  private boolean cpuWasOn;
  private long throttledNanos = System.nanoTime();
  private long throttledCpuNanos;
  private long events;
  private volatile long lagNanos;

  JfrCapture(
      CaptureSettings settings,
      ThreadFactory threads,
      boolean depthWasSet,
      Path directory,
      Runnable whenClosed) {
    this.leaks = new JfrLeaks(directory, JfrLeaks.LEAST_AGE);
    this.settings = settings;
    this.traces = settings.maxTraces() > 0 ? ThreadTraces.SHARED : ThreadTraces.NONE;
    this.depthWasSet = depthWasSet;
    this.whenClosed = whenClosed;
    this.aggregator =
        new Aggregator(StackPool.Limits.DEFAULT, settings.maxTraces(), settings.traceLabels());
    this.clock = CpuClock.open();
    this.plan = new EventPlan(settings, eventNames(), isLinux());
    this.cpu =
        new CpuCalibration(
            aggregator,
            clock == null ? null : clock::names,
            settings.cpuPeriod().toNanos(),
            plan.nativePeriod().toNanos(),
            settings.ownThreads());
    this.silentSampler = new SilentSampler(settings.cpuPeriod());
    this.converter =
        new EventCounter(
            aggregator, settings, cpu, ThreadLabels.SHARED, traces, AllocationBaseline.SHARED);
    this.recorded = new RecordedEvents(aggregator, OwnThreads::contains, settings.threadNames());
    this.throttle = new CaptureThrottle(settings, converter);
    this.stream = new JfrStream(threads, this::register, this::flushed, JfrCapture::beforeEnable);
    this.virtualWaits = new VirtualThreadWaits(aggregator, settings, threads);
    this.clockThread = OwnThreads.thread(threads, "psc-jvm-clock", this::runClock);
  }

  void start() {
    ThreadLabels.SHARED.beginCapture();
    traces.begin();
    stream.start();
    clockThread.start();
    virtualWaits.start();
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

  private static void beforeEnable(String event) {
    if (event.equals(EventPlan.ALLOCATION)) {
      AllocationCounters.begin(AllocationBaseline.SHARED);
    }
  }

  @Override
  public CompletableFuture<Window> open(Set<JvmProfile> profiles, Runnable whenBegun) {
    Set<JvmProfile> wantedProfiles = Set.copyOf(profiles);
    return mark(
        wantedProfiles,
        false,
        whenBegun,
        mark -> aggregator.open(wantedProfiles, mark.epochNanos()));
  }

  @Override
  public CompletableFuture<Window> openTotals(Set<JvmProfile> profiles) {
    Set<JvmProfile> wantedProfiles = Set.copyOf(profiles);
    return mark(
        wantedProfiles,
        false,
        JfrCapture::nothing,
        mark -> aggregator.openTotals(wantedProfiles, mark.epochNanos()));
  }

  @Override
  public CompletableFuture<List<Snapshot>> close(CompletableFuture<Window> window) {
    return mark(
        Set.of(), true, JfrCapture::nothing, mark -> closeAndSnapshot(window, mark.epochNanos()));
  }

  @Override
  public CompletableFuture<Roll> roll(CompletableFuture<Window> window, Set<JvmProfile> next) {
    Set<JvmProfile> wantedProfiles = Set.copyOf(next);
    return mark(
        wantedProfiles,
        true,
        JfrCapture::nothing,
        mark -> {
          List<Snapshot> snapshots = closeAndSnapshot(window, mark.epochNanos());
          return new Roll(aggregator.open(wantedProfiles, mark.epochNanos()), snapshots);
        });
  }

  private List<Snapshot> closeAndSnapshot(CompletableFuture<Window> opened, long endNanos) {
    // Marks pass in order: the one that opened the window has passed.
    Window window = opened.join();
    return aggregator.close(window, profile -> snapshot(window, profile, endNanos));
  }

  @Override
  public Snapshot peek(Window window, JvmProfile profile) {
    synchronized (aggregator) {
      converter.flushAllocations();
      return snapshot(window, profile, Clocks.epochNanos());
    }
  }

  private Snapshot snapshot(Window window, JvmProfile profile, long endNanos) {
    Snapshot snapshot = aggregator.snapshot(window, profile, endNanos);
    return snapshot.withComments(comments(window, profile));
  }

  private List<String> comments(Window window, JvmProfile profile) {
    List<String> comments = new ArrayList<>();
    if (profile == JvmProfile.PROCESS_CPU || profile == JvmProfile.WALL) {
      comments.addAll(plan.cpuComments(clock != null, exactLines));
      if (clock != null && !plan.samplesAreTimed()) {
        comments.add(
            "coverage: samples represent " + cpu.coverage() + " % of the CPU time of Java threads");
      }
    }
    long threshold = window.lockThresholdNanos();
    boolean waits =
        profile == JvmProfile.MUTEX || profile == JvmProfile.BLOCK || profile == JvmProfile.WALL;
    if (waits && threshold > settings.lockThreshold().toNanos()) {
      comments.add(
          "waits for locks shorter than "
              + threshold / 1_000
              + " us are missing: there were so many that lockThreshold was raised from "
              + settings.lockThreshold().toNanos() / 1_000
              + " us");
    }
    window.untraced(profile).ifPresent(comments::add);
    return comments;
  }

  @Override
  public void count(Window window, Set<JvmProfile> profiles) {
    // The clock thread enables the events before it writes the mark.
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
  public Snapshot leakSuspects(boolean paths) throws IOException {
    return leaks.take(paths);
  }

  /** An action at a mark; it runs with the aggregator's lock held. */
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
    if (!marks.request(mark)) {
      result.completeExceptionally(new IllegalStateException("capture is closed"));
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

  // Clock thread: enables events, reads clocks, writes marks.

  private void runClock() {
    long nextTick = System.nanoTime();
    while (true) {
      long now = System.nanoTime();
      long wait = Math.max(0, Math.min(nextTick - now, throttle.nextBurstNanos(now)));
      if (stream.isReady()) {
        marks.awaitRequest(wait);
      } else {
        marks.awaitChange(Math.min(wait, NOT_READY_TICK.toNanos()));
      }
      if (marks.isClosed()) {
        return;
      }
      stream.endIfShortOfFiles();
      List<Mark> due = stream.isReady() ? marks.takeRequested() : List.of();
      try {
        for (Mark mark : due) {
          writeMark(mark);
        }
        if (throttle.burst(System.nanoTime())) {
          applyEvents(Set.of());
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

  private boolean tick() {
    marks.giveUp().forEach(this::passMark);
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
    if (System.nanoTime() - throttledNanos >= THROTTLE_INTERVAL.toNanos()) {
      double ownShare = ownShare();
      synchronized (aggregator) {
        changed = throttle.tick(ownShare);
        aggregator.noteLockThreshold(converter.lockThresholdNanos());
      }
    }
    if (changed || busy) {
      applyEvents(Set.of());
    }
    return busy || marks.hasWritten();
  }

  /** Returns the share of a core that the profiler's threads used since the last call. */
  private double ownShare() {
    long now = System.nanoTime();
    long cpu = clock == null ? 0 : clock.cpuNanos(OwnThreads.ids());
    // The sum falls when a thread ends, because its clock ends too.
    double share = (double) Math.max(0, cpu - throttledCpuNanos) / (now - throttledNanos);
    throttledNanos = now;
    throttledCpuNanos = cpu;
    return share;
  }

  private boolean countsCpu() {
    return aggregator.counts(JvmProfile.PROCESS_CPU) || aggregator.counts(JvmProfile.WALL);
  }

  private void writeMark(Mark mark) {
    if (!mark.opens().isEmpty()) {
      applyEvents(mark.opens());
    }
    marks.write(mark, clock == null ? Reading.nothing() : clock.read(mark.isBoundary()));
  }

  private void applyEvents(Set<JvmProfile> opening) {
    Set<JvmProfile> profiles;
    synchronized (aggregator) {
      profiles = profilesInUse();
    }
    profiles.addAll(opening);
    profiles = marks.opening(profiles);
    throttle.profiles(profiles);
    stream.apply(plan.events(profiles, throttle.dynamic()));
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

  // Stream thread: counts events, passes marks.

  private void markArrived(RecordedEvent event) {
    for (Mark mark : marks.arrived(event)) {
      lagNanos = System.nanoTime() - mark.writtenNanos();
      passMark(mark);
    }
  }

  private void passMark(Mark mark) {
    mark.whenWritten().run(); // for a mark that was given up before it was written
    synchronized (aggregator) {
      boolean on = countsCpu();
      if (on || cpuWasOn) {
        // A window that begins here must not get the CPU time that threads used before.
        boolean atWindow = mark.endsWindow() || !mark.opens().isEmpty();
        long longestNanos = cpu.endSegment(mark.reading(), atWindow);
        if (plan.samplesAreTimed() && silentSampler.isSilent(longestNanos, cpu.timedSamples())) {
          plan.fallBack(); // the next tick applies the events
          stream.failed(EventPlan.NO_SIGNAL);
        }
      }
      if (mark.isBoundary()) {
        converter.flushAllocations(mark.reading().threadIds(), mark.reading().threadBytes());
      }
      compact();
      mark.action().run();
      if (mark.isBoundary()) {
        aggregator.forgetTraces();
      }
      on = countsCpu();
      if (on && !cpuWasOn) {
        cpu.reset();
        cpu.endSegment(mark.reading(), false);
      }
      cpuWasOn = on;
    }
  }

  private void flushed() {
    ThreadLabels.SHARED.sweep();
    traces.sweep();
    synchronized (aggregator) {
      if (cpu.isEmpty()) {
        compact();
      }
    }
  }

  private void compact() {
    if (aggregator.stackPool().isFull()) {
      converter.flushAllocations();
    }
    if (aggregator.compactIfFull()) {
      cpu.forgetStacks();
      converter.forgetStacks();
    }
  }

  @Override
  public CaptureStatus status() {
    long[] own = OwnThreads.ids();
    synchronized (aggregator) {
      return new CaptureStatus(
          since,
          profilesInUse(),
          settings.flightRecorder(),
          plan.cpuSource(),
          depthWasSet ? settings.stackDepth() : 0,
          JvmAge.wasLate(),
          JfrRuntime.otherRecordings(stream.recordingId()),
          Duration.ofNanos(converter.lockThresholdNanos()),
          throttle.dynamic().allocationsPerSecond(),
          events,
          Duration.ofNanos(lagNanos),
          aggregator.stackPool().stackCount(),
          aggregator.folded(),
          aggregator.labels().refused() + ThreadLabels.SHARED.refused(),
          recorded.truncatedStacks(),
          converter.lostSamples(),
          marks.lost(),
          stream.restarts(),
          Duration.ofNanos(clock == null ? 0 : clock.cpuNanos(own)),
          clock == null ? 0 : clock.allocatedBytes(own),
          Optional.ofNullable(stream.lastError()));
    }
  }

  @Override
  public void shutdown() {
    List<Mark> left = marks.close();
    if (left == null) {
      return;
    }
    left.forEach(this::passMark);
    virtualWaits.close();
    leaks.close();
    stream.close();
    ThreadLabels.SHARED.endCapture();
    traces.end();
    synchronized (aggregator) {
      converter.clearIdentities();
      recorded.clear();
    }
    whenClosed.run();
  }
}
