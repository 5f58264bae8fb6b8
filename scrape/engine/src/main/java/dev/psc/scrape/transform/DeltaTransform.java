package dev.psc.scrape.transform;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.repair.DeltaState;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Turns cumulative profiles (allocations, contentions) into what happened since the scrape before,
 * series by series. The first scrape of a series, and the first after its process was started anew,
 * send nothing; a profile that counts nothing since a start passes as it is.
 *
 * <p>What is kept between scrapes is bounded: the series that was not seen for the longest time is
 * forgotten first, and its next scrape is a first one again. Thread-safe; one series waits for no
 * other.
 */
public final class DeltaTransform implements ProfileTransform {

  /** The reason of a scrape that only starts the counting. */
  public static final String FIRST = "first_delta";

  /** The least state that can be asked for: 1 MiB. */
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

  private DeltaTransform(PprofLimits limits, long maxStateBytes) {
    this.limits = limits;
    this.maxStateBytes = maxStateBytes;
  }

  /**
   * Returns a transform that knows no series yet.
   *
   * @param limits how much a profile may be
   * @param maxStateBytes how much may be kept between scrapes over all series, at least 1 MiB;
   *     about 64 bytes per stack
   * @throws IllegalArgumentException when {@code maxStateBytes} is too small
   */
  public static DeltaTransform create(PprofLimits limits, long maxStateBytes) {
    Objects.requireNonNull(limits, "limits");
    if (maxStateBytes < MIN_STATE_BYTES) {
      throw new IllegalArgumentException(
          "maxStateBytes must be at least " + MIN_STATE_BYTES + ", is " + maxStateBytes);
    }
    return new DeltaTransform(limits, maxStateBytes);
  }

  @Override
  public Result apply(RawProfile profile) {
    Series series = series(profile.labels());
    long bytes = 0;
    try {
      DeltaState.Outcome outcome;
      synchronized (series.state) {
        try {
          outcome = series.state.advance(profile.pprof(), limits);
        } finally {
          bytes = series.state.stateBytes();
        }
      }
      return result(profile, outcome);
    } catch (PprofException unusable) {
      return new Result.Reject(unusable.code(), String.valueOf(unusable.getMessage()));
    } finally {
      account(profile.labels(), series, bytes);
    }
  }

  private static Result result(RawProfile profile, DeltaState.Outcome outcome) {
    if (outcome instanceof DeltaState.Outcome.Delta delta) {
      return new Result.Pass(
          profile.toBuilder().pprof(delta.bytes()).durationNanos(delta.durationNanos()).build());
    }
    if (outcome instanceof DeltaState.Outcome.NotCumulative) {
      return new Result.Pass(profile);
    }
    return new Result.Withhold(
        FIRST,
        outcome instanceof DeltaState.Outcome.Reset reset
            ? "counted anew from here on: " + reset.reason()
            : "the first scrape has nothing to compare with; the next one is sent");
  }

  private synchronized Series series(LabelSet labels) {
    return known.computeIfAbsent(
        labels, unknown -> new Series(DeltaState.create(maxStateBytes, true)));
  }

  private synchronized void account(LabelSet labels, Series series, long bytes) {
    if (!series.equals(known.get(labels))) {
      // Forgotten meanwhile.
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

  /** Returns how much is kept between scrapes at present, in bytes. */
  public synchronized long stateBytes() {
    return stateBytes;
  }

  @Override
  public String toString() {
    return "DeltaTransform[maxStateBytes=" + maxStateBytes + "]";
  }
}
