package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.PprofEncoder;
import dev.psc.jvm.internal.aggregate.PprofText;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.dump.ClassHistogram;
import dev.psc.jvm.internal.dump.ThreadDump;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.internal.runtime.Throttled;
import dev.psc.jvm.profile.JvmProfile;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A factory of encoded profiles for the endpoint and for pushing. Thread-safe. */
final class ProfileFactory {

  /**
   * The minimum time between two thread dumps, which stop all threads; requests in between share
   * one.
   */
  private static final Duration DUMP_INTERVAL = Duration.ofSeconds(1);

  private final Profiler profiler;
  private final long periodNanos;
  private final Throttled<Snapshot> dumps;
  private final Throttled<Snapshot> virtualDumps;
  private final LiveHeap liveHeap;

  /** A profile in both forms, each encoded on demand. */
  record EncodableProfile(long timeNanos, Supplier<byte[]> encoder, Supplier<String> writer) {

    byte[] pprof() {
      return encoder.get();
    }

    String text() {
      return writer.get();
    }
  }

  ProfileFactory(Profiler profiler, Duration heapInterval, @Nullable Long heapMaxBytes) {
    this.liveHeap =
        new LiveHeap(
            heapInterval,
            heapMaxBytes,
            ClassHistogram::take,
            ClassHistogram::usedBytes,
            System::nanoTime);
    this.profiler = profiler;
    this.periodNanos = profiler.settings().cpuPeriod().toNanos();
    boolean own = profiler.settings().ownThreads();
    this.dumps = new Throttled<>(DUMP_INTERVAL, () -> ThreadDump.take(own, false));
    this.virtualDumps = new Throttled<>(DUMP_INTERVAL, () -> ThreadDump.take(own, true));
  }

  /** Returns the running total since the start: no duration, as in Go. */
  EncodableProfile total(JvmProfile profile)
      throws Profiler.UnavailableException, InterruptedException {
    Snapshot snapshot = profiler.total(profile);
    return made(snapshot, snapshot.startNanos() + snapshot.durationNanos(), 0);
  }

  /** Returns the profile of a span of time that starts now. */
  EncodableProfile span(JvmProfile profile, Duration length)
      throws Profiler.UnavailableException, InterruptedException {
    return delta(profiler.span(profile, length));
  }

  /** Returns the profile of a window that has ended. */
  EncodableProfile delta(Snapshot snapshot) {
    return made(snapshot, snapshot.startNanos(), Math.max(1, snapshot.durationNanos()));
  }

  /** Returns a profile of the current state. */
  EncodableProfile moment(JvmProfile profile)
      throws Profiler.UnavailableException, InterruptedException {
    return switch (profile) {
      case GOROUTINE -> moment(threads());
      case HEAP -> heap();
      case LEAK_SUSPECTS -> leaks(false);
      default -> throw new IllegalArgumentException(profile + " is not a snapshot of one moment");
    };
  }

  /** Returns the stacks of all platform threads, at most a second old. */
  Snapshot threads() {
    return dumps.get();
  }

  /** Returns the profile of a snapshot of one moment. */
  EncodableProfile moment(Snapshot snapshot) {
    return made(snapshot, snapshot.startNanos(), 0);
  }

  /**
   * Returns a profile of all current threads, including virtual threads.
   *
   * @throws Profiler.UnavailableException before JDK 21
   */
  EncodableProfile allThreads() throws Profiler.UnavailableException {
    try {
      Snapshot dump = virtualDumps.get();
      return made(dump, dump.startNanos(), 0);
    } catch (CaptureUnavailableException e) {
      throw new Profiler.UnavailableException(JvmFailures.message(e), false);
    }
  }

  private EncodableProfile heap() throws Profiler.UnavailableException, InterruptedException {
    List<String> comments = new ArrayList<>();
    comments.add("inuse values are exact and by class, without stacks: see " + ClassHistogram.ROOT);
    Snapshot live = Snapshot.empty(JvmProfile.HEAP);
    try {
      live = liveHeap.get();
    } catch (CaptureUnavailableException e) {
      comments.add(JvmFailures.message(e));
    }
    Snapshot allocated;
    try {
      allocated = profiler.total(JvmProfile.MEMORY);
    } catch (Profiler.UnavailableException e) {
      comments.add("allocations: " + e.getMessage());
      allocated = Snapshot.empty(JvmProfile.HEAP);
    }
    Snapshot first = allocated;
    Snapshot second = live;
    long now = Clocks.epochNanos();
    return new EncodableProfile(
        now,
        () -> PprofEncoder.encode(JvmProfile.HEAP, periodNanos, now, 0, comments, first, second),
        () -> String.join("\n", comments) + "\n" + PprofText.of(second));
  }

  /**
   * Returns a profile of sampled objects that have lived long.
   *
   * @param paths whether to search for what holds them, which stops the application meanwhile
   */
  EncodableProfile leaks(boolean paths) throws Profiler.UnavailableException, InterruptedException {
    try {
      Snapshot suspects = profiler.leakSuspects(paths);
      return made(suspects, suspects.startNanos(), 0);
    } catch (IOException e) {
      throw new Profiler.UnavailableException("failed to write the recording: " + e, true);
    }
  }

  private EncodableProfile made(Snapshot counted, long timeNanos, long durationNanos) {
    boolean timed =
        counted.profile() == JvmProfile.PROCESS_CPU || counted.profile() == JvmProfile.WALL;
    Snapshot snapshot = timed ? counted.inPeriods(periodNanos) : counted;
    return new EncodableProfile(
        timeNanos,
        () ->
            PprofEncoder.encode(
                snapshot.profile(),
                periodNanos,
                timeNanos,
                durationNanos,
                snapshot.comments(),
                snapshot),
        () -> PprofText.of(snapshot));
  }
}
