package dev.psc.examples.scraper;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import java.time.Duration;

/** A transform that withholds CPU profiles with less than a minimum of CPU time. */
record DropIdle(Duration leastCpu) implements ProfileTransform {

  @Override
  public Result apply(RawProfile profile) {
    if (!profile.name().equals("process_cpu")) {
      return new Result.Pass(profile);
    }
    try {
      Profile parsed = Profile.parse(profile.pprof());
      int cpu = parsed.sampleTypeIndex("cpu");
      if (cpu >= 0 && parsed.total(cpu) < leastCpu.toNanos()) {
        return new Result.Withhold("idle", "less than " + leastCpu.toMillis() + " ms of CPU time");
      }
      return new Result.Pass(profile);
    } catch (PprofException broken) {
      return new Result.Reject(broken.code(), String.valueOf(broken.getMessage()));
    }
  }
}
