package dev.psc.scrape.transform;

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

/**
 * Checks a profile within limits, mends what a strict store would refuse, keeps the sample types
 * asked for, and reads what its comments say of executables. Immutable and thread-safe.
 */
public final class Validation implements ProfileTransform {

  private final PprofLimits limits;
  private final List<SampleType> kept;

  /**
   * Creates the transform.
   *
   * @param inflatedSizeLimitBytes the largest profile, inflated
   * @param kept the only sample types to keep; all of them when empty
   */
  public Validation(long inflatedSizeLimitBytes, List<SampleType> kept) {
    this.limits = PprofLimits.defaults().withInflatedBytes(inflatedSizeLimitBytes);
    this.kept = List.copyOf(kept);
  }

  @Override
  public Result apply(RawProfile profile) {
    try {
      Repaired repaired =
          Repair.repair(
              profile.pprof(),
              limits,
              new RepairContext(profile.timeNanos(), profile.durationNanos()));
      byte[] bytes = repaired.bytes();
      if (!kept.isEmpty()) {
        bytes = KeepSampleTypes.of(kept).apply(bytes, limits);
      }
      return new Result.Pass(
          profile.toBuilder()
              .pprof(bytes)
              .timeNanos(repaired.timeNanos())
              .durationNanos(repaired.durationNanos())
              .executableInfo(
                  repaired.executables().stream()
                      .map(
                          info ->
                              new RawProfile.ExecutableInfo(
                                  info.elfType(), info.offset(), info.vaddr()))
                      .toList())
              .build());
    } catch (PprofException unusable) {
      return new Result.Reject(unusable.code(), String.valueOf(unusable.getMessage()));
    }
  }
}
