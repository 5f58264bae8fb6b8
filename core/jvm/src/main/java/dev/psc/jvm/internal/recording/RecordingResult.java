package dev.psc.jvm.internal.recording;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.PprofEncoder;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The totals of a recorded file, and the periods that they rest on. Not thread-safe. */
final class RecordingResult {

  private final Aggregator tables;
  private final Sums totals;
  private final Sums nativeInUse;
  private final Timed cpu;
  private final Timed wall;
  private @Nullable String nativeComment;
  private String liveComment = "inuse values are those of sampled objects";

  /** The periods of the samples of one profile. */
  private final class Timed {
    private final JvmProfile profile;
    private final long otherwise;
    private final Sums pending;
    private final Set<Long> periods = new TreeSet<>();
    private final Set<String> assumptions = new LinkedHashSet<>();
    private boolean estimated;

    Timed(JvmProfile profile, long otherwise) {
      this.profile = profile;
      this.otherwise = otherwise;
      this.pending = new Sums(tables, profile);
    }

    void add(Sums sums, long period) {
      if (sums.has(profile)) {
        estimated = true;
        periods.add(period);
        totals.addAll(sums, profile, period);
      }
    }

    void assume(Sums sums, long period, String why) {
      if (sums.has(profile)) {
        assumptions.add(
            "the recording "
                + why
                + "; "
                + period
                + " ns are assumed for "
                + sums.samples(profile)
                + " samples");
        add(sums, period);
      }
    }

    void conflict(Sums sums, String type, Set<Long> stated) {
      if (sums.has(profile) && !stated.isEmpty()) {
        assumptions.add(
            "a chunk states several sampling periods of "
                + type
                + ", "
                + stated
                + " ns; the shortest is assumed for "
                + sums.samples(profile)
                + " samples");
      }
    }

    /** Adds the samples of chunks without settings with the period of the others, if there is. */
    void end() {
      if (periods.size() == 1) {
        add(pending, periods.iterator().next());
      } else {
        assume(pending, otherwise, "does not state the sampling period");
      }
    }

    long period() {
      return periods.isEmpty() ? otherwise : periods.iterator().next();
    }

    List<String> comments() {
      if (!estimated) {
        return List.of();
      }
      String type = profile.sampleTypes().get(1);
      String comment = type + " is an estimate: samples times the sampling period of " + periods;
      return List.of(comment + " ns" + (assumptions.isEmpty() ? "" : ", assumed: " + assumptions));
    }
  }

  RecordingResult(Aggregator tables) {
    this.tables = tables;
    this.cpu = new Timed(JvmProfile.PROCESS_CPU, ChunkSettings.DEFAULT_CPU_NANOS);
    this.wall = new Timed(JvmProfile.WALL, ChunkSettings.DEFAULT_WALL_NANOS);
    this.totals = new Sums(tables, JvmProfile.values());
    this.nativeInUse = new Sums(tables, JvmProfile.NATIVE_MEMORY);
  }

  /** Adds sums whose values are final. */
  void add(Sums sums, JvmProfile profile) {
    totals.addAll(sums, profile, 0);
  }

  /**
   * Adds numbers of CPU or wall-clock samples.
   *
   * @param type the event type whose period is a setting of their chunk
   */
  void addTimed(Sums sums, JvmProfile profile, ChunkSettings settings, String type) {
    Timed timed = profile == JvmProfile.PROCESS_CPU ? cpu : wall;
    long period = settings.nanosOf(type);
    if (period > 0) {
      timed.add(sums, period);
      timed.conflict(sums, type, settings.conflicts(type));
    } else if (settings.leavesDefault()) {
      timed.assume(sums, timed.otherwise, "leaves the sampling period to the profiler's default");
    } else {
      timed.pending.addAll(sums, profile, 0);
    }
  }

  /** Returns the table of the native allocations that are in use. */
  Sums nativeInUse() {
    return nativeInUse;
  }

  void liveComment(String comment) {
    liveComment = comment;
  }

  void nativeComment(String comment) {
    nativeComment = comment;
  }

  /** Returns the profiles that have samples so far. */
  Set<JvmProfile> profiles() {
    Set<JvmProfile> profiles = EnumSet.noneOf(JvmProfile.class);
    for (JvmProfile profile : JvmProfile.values()) {
      if (totals.has(profile)) {
        profiles.add(profile);
      }
    }
    for (Timed timed : List.of(cpu, wall)) {
      if (timed.pending.has(timed.profile)) {
        profiles.add(timed.profile);
      }
    }
    return profiles;
  }

  /** Encodes the profiles. */
  JfrConversion end(
      long start,
      long duration,
      long foldedBefore,
      Map<String, Long> events,
      boolean elsewhere,
      List<String> remarks) {
    for (Timed timed : List.of(cpu, wall)) {
      timed.end();
      timed.assumptions.forEach(
          assumption -> remarks.add(timed.profile.profileName() + ": " + assumption));
    }
    Map<JvmProfile, byte[]> pprofs = new EnumMap<>(JvmProfile.class);
    for (JvmProfile profile : profiles()) {
      pprofs.put(profile, encode(profile, start, duration));
    }
    long folded = foldedBefore + totals.folded() + nativeInUse.folded();
    if (folded > 0) {
      remarks.add(folded + " samples are under [other], because there are too many stacks");
    }
    if (tables.stackPool().isFull()) {
      remarks.add("There are too many stacks or functions; the rest is counted under [other]");
    }
    Instant since = Instant.ofEpochSecond(start / 1_000_000_000L, start % 1_000_000_000L);
    return new JfrConversion(since, Duration.ofNanos(duration), pprofs, events, elsewhere, remarks);
  }

  private byte[] encode(JvmProfile profile, long start, long duration) {
    Snapshot snapshot = snapshot(totals, profile, start, duration);
    Snapshot[] parts =
        switch (profile) {
          case HEAP -> new Snapshot[] {Snapshot.empty(JvmProfile.HEAP), snapshot};
          case NATIVE_MEMORY ->
              new Snapshot[] {snapshot, snapshot(nativeInUse, profile, start, duration)};
          default -> new Snapshot[] {snapshot};
        };
    List<String> comments =
        switch (profile) {
          case PROCESS_CPU -> cpu.comments();
          case WALL -> wall.comments();
          case HEAP -> List.of(liveComment);
          case NATIVE_MEMORY -> nativeComment == null ? List.of() : List.of(nativeComment);
          default -> List.of();
        };
    return PprofEncoder.encode(
        profile,
        profile == JvmProfile.WALL ? wall.period() : cpu.period(),
        start,
        profile.isMoment() ? 0 : duration,
        comments,
        parts);
  }

  private static Snapshot snapshot(Sums sums, JvmProfile profile, long start, long duration) {
    return new Snapshot(
        profile,
        sums.aggregator().stackPool(),
        sums.aggregator().labels(),
        sums.table(profile),
        start,
        duration);
  }
}
