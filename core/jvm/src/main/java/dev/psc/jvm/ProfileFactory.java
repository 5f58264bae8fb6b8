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

/** Makes finished profiles for the endpoint and for push. Thread-safe. */
final class ProfileFactory {

  /** A thread dump stops all threads: requests that come closer than this share one. */
  private static final Duration DUMP_INTERVAL = Duration.ofSeconds(1);

  private final Profiler profiler;
  private final long periodNanos;
  private final long heapMaxBytes;
  private final Throttled<Snapshot> dumps;
  private final Throttled<Snapshot> virtualDumps;
  private final Throttled<Snapshot> histograms;

  /** A profile in both forms; each is made when asked for. */
  record Made(long timeNanos, Supplier<byte[]> encoder, Supplier<String> writer) {

    byte[] pprof() {
      return encoder.get();
    }

    String text() {
      return writer.get();
    }
  }

  ProfileFactory(Profiler profiler, Duration heapInterval, long heapMaxBytes) {
    this.heapMaxBytes = heapMaxBytes;
    this.histograms = new Throttled<>(heapInterval, ClassHistogram::take);
    this.profiler = profiler;
    this.periodNanos = profiler.settings().cpuPeriod().toNanos();
    boolean own = profiler.settings().ownThreads();
    this.dumps = new Throttled<>(DUMP_INTERVAL, () -> ThreadDump.take(own, false));
    this.virtualDumps = new Throttled<>(DUMP_INTERVAL, () -> ThreadDump.take(own, true));
  }

  /** Returns the running total since the start: no duration, as in Go. */
  Made total(JvmProfile profile) throws Profiler.UnavailableException, InterruptedException {
    Snapshot snapshot = profiler.total(profile);
    return made(snapshot, snapshot.startNanos() + snapshot.durationNanos(), 0);
  }

  /** Returns what happens from now on for a while. */
  Made span(JvmProfile profile, Duration length)
      throws Profiler.UnavailableException, InterruptedException {
    return delta(profiler.span(profile, length));
  }

  /** Returns the profile of a window that has ended. */
  Made delta(Snapshot snapshot) {
    return made(snapshot, snapshot.startNanos(), Math.max(1, snapshot.durationNanos()));
  }

  /** Returns the state of this moment. */
  Made moment(JvmProfile profile) throws Profiler.UnavailableException, InterruptedException {
    return switch (profile) {
      case GOROUTINE -> {
        Snapshot dump = dumps.get();
        yield made(dump, dump.startNanos(), 0);
      }
      case HEAP -> heap();
      case LEAK_SUSPECTS -> leaks();
      default -> throw new IllegalArgumentException(profile + " is not a profile of a moment");
    };
  }

  /**
   * Returns the state of this moment of all threads, virtual ones too.
   *
   * @throws Profiler.UnavailableException before JDK 21
   */
  Made allThreads() throws Profiler.UnavailableException {
    try {
      Snapshot dump = virtualDumps.get();
      return made(dump, dump.startNanos(), 0);
    } catch (CaptureUnavailableException e) {
      throw new Profiler.UnavailableException(JvmFailures.message(e), false);
    }
  }

  private Made heap() throws Profiler.UnavailableException, InterruptedException {
    List<String> comments = new ArrayList<>();
    comments.add("inuse values are exact and by class, without stacks: see " + ClassHistogram.ROOT);
    Snapshot live = Snapshot.empty(JvmProfile.HEAP);
    long used = ClassHistogram.usedBytes();
    if (used <= heapMaxBytes) {
      try {
        live = histograms.get();
      } catch (CaptureUnavailableException e) {
        comments.add(JvmFailures.message(e));
      }
    } else {
      comments.add(
          "the live heap was not looked at: "
              + used
              + " bytes are used, heapMaxBytes = "
              + heapMaxBytes);
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
    return new Made(
        now,
        () -> PprofEncoder.encode(JvmProfile.HEAP, periodNanos, now, 0, comments, first, second),
        () -> String.join("\n", comments) + "\n" + PprofText.of(second));
  }

  private Made leaks() throws Profiler.UnavailableException, InterruptedException {
    try {
      Snapshot suspects = profiler.running().leakSuspects();
      return made(suspects, suspects.startNanos(), 0);
    } catch (IOException e) {
      throw new Profiler.UnavailableException("the recording cannot be written: " + e, true);
    }
  }

  private Made made(Snapshot snapshot, long timeNanos, long durationNanos) {
    return new Made(
        timeNanos,
        () ->
            PprofEncoder.encode(
                snapshot.profile(), periodNanos, timeNanos, durationNanos, List.of(), snapshot),
        () -> PprofText.of(snapshot));
  }
}
