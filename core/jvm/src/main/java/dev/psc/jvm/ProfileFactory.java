package dev.psc.jvm;

import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;

/** Makes finished profiles for the endpoint and for push. Thread-safe. */
final class ProfileFactory {

  /** A thread dump stops all threads: requests that come closer than this share one. */
  private static final Duration DUMP_INTERVAL = Duration.ofSeconds(1);

  private final Profiler profiler;
  private final long periodNanos;
  private final Throttled<Snapshot> dumps;

  /** A profile in both forms; each is made when asked for. */
  record Made(Supplier<byte[]> encoder, Supplier<String> writer) {

    byte[] pprof() {
      return encoder.get();
    }

    String text() {
      return writer.get();
    }
  }

  ProfileFactory(Profiler profiler) {
    this.profiler = profiler;
    this.periodNanos = profiler.settings().cpuPeriod().toNanos();
    this.dumps =
        new Throttled<>(DUMP_INTERVAL, () -> ThreadDump.take(profiler.settings().ownThreads()));
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
    if (profile == JvmProfile.GOROUTINE) {
      Snapshot dump = dumps.get();
      return made(dump, dump.startNanos(), 0);
    }
    throw new Profiler.UnavailableException("not available", false);
  }

  private Made made(Snapshot snapshot, long timeNanos, long durationNanos) {
    return new Made(
        () ->
            PprofEncoder.encode(
                snapshot.profile(), periodNanos, timeNanos, durationNanos, List.of(), snapshot),
        () -> PprofText.of(snapshot));
  }
}
