package dev.psc.scrape.internal.transform;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.repair.DeltaState;
import dev.psc.pprof.repair.Repaired;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A transform that turns cumulative profiles (allocations, contentions) into the difference to the
 * previous scrape, per series. The first scrape of a series and the first after a restart of its
 * process send nothing. A profile without cumulative columns passes unchanged.
 *
 * <p>The state kept between scrapes is bounded: the series that was not seen for the longest time
 * is dropped first, and its next scrape counts as a first one. Thread-safe; series do not wait for
 * each other.
 */
public final class DeltaTransform implements ProfileTransform {

  /** The reason of a scrape that is only the base of the next difference. */
  public static final String FIRST = "first_delta";

  /** The smallest allowed value of {@code maxStateBytes}: 1 MiB. */
  public static final long MIN_STATE_BYTES = 1 << 20;

  private final PprofLimits limits;
  private final long maxStateBytes;

  // Guarded by this; in the order of their last use.
  private final Map<LabelSet, Series> known = new LinkedHashMap<>(16, 0.75f, true);
  private long stateBytes;

  private static final class Series {
    /** Guards itself. */
    final DeltaState state;

    /** Guarded by the transform. */
    long bytes;

    Series(DeltaState state) {
      this.state = state;
    }
  }

  /** Adds a scrape to a state. */
  @FunctionalInterface
  private interface Step {
    DeltaState.Outcome advance(DeltaState state) throws PprofException;
  }

  private DeltaTransform(PprofLimits limits, long maxStateBytes) {
    this.limits = limits;
    this.maxStateBytes = maxStateBytes;
  }

  /**
   * Returns a transform without any series.
   *
   * @param limits the largest profile that is read
   * @param maxStateBytes the most that is kept between scrapes for all series together, at least 1
   *     MiB; a stack takes about 64 bytes
   * @throws IllegalArgumentException if {@code maxStateBytes} is too small
   */
  public static DeltaTransform create(PprofLimits limits, long maxStateBytes) {
    Objects.requireNonNull(limits, "limits");
    if (maxStateBytes < MIN_STATE_BYTES) {
      throw new IllegalArgumentException(
          "maxStateBytes must be at least " + MIN_STATE_BYTES + ", but was " + maxStateBytes);
    }
    return new DeltaTransform(limits, maxStateBytes);
  }

  @Override
  public Result apply(RawProfile profile) {
    return apply(profile, state -> state.advance(profile.pprof(), limits), profile::pprof);
  }

  /**
   * Processes an already repaired profile, without inflating and checking it again.
   *
   * @param profile the profile with the time and duration of the repaired one; its bytes are not
   *     read
   * @param repaired the profile, not asked for its bytes yet
   */
  Result apply(RawProfile profile, Repaired repaired) {
    return apply(profile, state -> state.advance(repaired), repaired::bytes);
  }

  private Result apply(RawProfile profile, Step step, Supplier<byte[]> whole) {
    Series series = series(profile.labels());
    long bytes = 0;
    try {
      DeltaState.Outcome outcome;
      synchronized (series.state) {
        try {
          outcome = step.advance(series.state);
        } finally {
          bytes = series.state.stateBytes();
        }
      }
      return result(profile, outcome, whole);
    } catch (PprofException e) {
      return new Result.Reject(e.code(), String.valueOf(e.getMessage()));
    } finally {
      account(profile.labels(), series, bytes);
    }
  }

  private static Result result(
      RawProfile profile, DeltaState.Outcome outcome, Supplier<byte[]> whole) {
    if (outcome instanceof DeltaState.Outcome.Delta delta) {
      return new Result.Pass(
          profile.toBuilder().pprof(delta.bytes()).durationNanos(delta.durationNanos()).build());
    }
    if (outcome instanceof DeltaState.Outcome.NotCumulative) {
      byte[] bytes = whole.get();
      return new Result.Pass(
          bytes == profile.pprof() ? profile : profile.toBuilder().pprof(bytes).build());
    }
    return new Result.Withhold(
        FIRST,
        outcome instanceof DeltaState.Outcome.Reset reset
            ? "counting starts again from this scrape: " + reset.reason()
            : "the first scrape has nothing to compare with; the next one is sent");
  }

  private synchronized Series series(LabelSet labels) {
    return known.computeIfAbsent(
        labels, unknown -> new Series(DeltaState.create(maxStateBytes, true)));
  }

  private synchronized void account(LabelSet labels, Series series, long bytes) {
    if (!series.equals(known.get(labels))) {
      // Dropped in the meantime.
      return;
    }
    stateBytes += bytes - series.bytes;
    series.bytes = bytes;
    if (bytes == 0) {
      known.remove(labels);
      return;
    }
    Iterator<Series> oldest = known.values().iterator();
    while (stateBytes > maxStateBytes && known.size() > 1) {
      stateBytes -= oldest.next().bytes;
      oldest.remove();
    }
  }

  /** Returns the size of the state kept between scrapes, in bytes. */
  public synchronized long stateBytes() {
    return stateBytes;
  }

  @Override
  public String toString() {
    return "DeltaTransform[maxStateBytes=" + maxStateBytes + "]";
  }
}
