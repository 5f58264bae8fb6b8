package dev.psc.scrape.internal.transform;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.KeepSampleTypes;
import dev.psc.pprof.repair.Repair;
import dev.psc.pprof.repair.RepairContext;
import dev.psc.pprof.repair.Repaired;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A transform that checks a profile within limits, repairs what a strict store rejects, keeps the
 * requested sample types, optionally computes the difference to the previous scrape, and reads the
 * executables named in the profile's comments. The body is inflated and checked once for all of
 * this. Thread-safe.
 */
public final class Validation implements ProfileTransform {

  private final PprofLimits limits;
  private final @Nullable KeepSampleTypes kept;
  private final @Nullable DeltaTransform delta;
  private final InflationBudget budget;

  /**
   * Creates a transform. All transforms of a JVM share a budget of inflated bytes: a sixth of the
   * heap for a single profile, whatever the limit.
   *
   * @param inflatedSizeLimitBytes the largest profile, inflated
   * @param kept the sample types to keep; all of them if empty
   */
  public Validation(long inflatedSizeLimitBytes, List<SampleType> kept) {
    this(
        PprofLimits.defaults().withInflatedBytes(inflatedSizeLimitBytes),
        kept.isEmpty() ? null : KeepSampleTypes.of(kept),
        null,
        InflationBudget.OF_HEAP);
  }

  Validation(
      PprofLimits limits,
      @Nullable KeepSampleTypes kept,
      @Nullable DeltaTransform delta,
      InflationBudget budget) {
    this.limits = limits;
    this.kept = kept;
    this.delta = delta;
    this.budget = budget;
  }

  /** Returns a transform that also applies a delta, without inflating the profile again. */
  public Validation withDelta(DeltaTransform delta) {
    return new Validation(limits, kept, Objects.requireNonNull(delta, "delta"), budget);
  }

  @Override
  public Result apply(RawProfile profile) {
    long limit = limits.inflatedBytes();
    try {
      return apply(profile, Math.min(limit, budget.concurrentBytes()));
    } catch (PprofException e) {
      if (!e.code().equals(PprofException.TOO_LARGE) || limit <= budget.concurrentBytes()) {
        return rejected(e);
      }
    }
    budget.enter();
    try {
      return apply(profile, Math.min(limit, budget.largeBytes()));
    } catch (PprofException e) {
      return e.code().equals(PprofException.TOO_LARGE) && limit > budget.largeBytes()
          ? new Result.Reject(
              e.code(),
              e.getMessage()
                  + "; the heap allows "
                  + budget.largeBytes()
                  + " inflated bytes: raise -Xmx if the size is expected")
          : rejected(e);
    } finally {
      budget.leave();
    }
  }

  private static Result rejected(PprofException e) {
    return new Result.Reject(e.code(), e.getMessage() + advice(e.code()));
  }

  private Result apply(RawProfile profile, long inflatedBytes) throws PprofException {
    Repaired repaired =
        Repair.repair(
            profile.pprof(),
            limits.withInflatedBytes(inflatedBytes),
            new RepairContext(profile.timeNanos(), profile.durationNanos()),
            kept);
    RawProfile.Builder valid =
        profile.toBuilder()
            .timeNanos(repaired.timeNanos())
            .durationNanos(repaired.durationNanos())
            .executableInfo(executables(repaired));
    return delta == null
        ? new Result.Pass(valid.pprof(repaired.bytes()).build())
        : delta.apply(valid.build(), repaired);
  }

  private static List<RawProfile.ExecutableInfo> executables(Repaired repaired) {
    return repaired.executables().isEmpty()
        ? List.of()
        : repaired.executables().stream()
            .map(info -> new RawProfile.ExecutableInfo(info.elfType(), info.offset(), info.vaddr()))
            .toList();
  }

  private static String advice(String code) {
    return switch (code) {
      case PprofException.NOT_PPROF, PprofException.LEGACY_BINARY ->
          "; check the profile's path, e.g. /debug/pprof/heap";
      case PprofException.LEGACY_TEXT -> "";
      case PprofException.TRUNCATED ->
          "; the target or a proxy broke off the response, see its log";
      case PprofException.TOO_LARGE -> "; raise inflated_size_limit if the size is expected";
      case PprofException.NO_SUCH_SAMPLE_TYPE -> "; correct keep_sample_type";
      case PprofException.CORRUPT, PprofException.TRAILING_GARBAGE ->
          "; check the profile's path, and proxies between scraper and target; if the target sends"
              + " it like this, its profiler has to be corrected";
      default -> "; the program that writes the profile has to be corrected";
    };
  }
}
