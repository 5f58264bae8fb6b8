package dev.psc.testkit;

import dev.psc.pprof.ProfileBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Small valid profiles for tests. */
public final class TestProfiles {

  private static final long SAMPLE_NANOS = 10_000_000;

  private TestProfiles() {}

  /**
   * Returns a CPU profile in gzip, of one second up to now, with one sample of 10 ms in one
   * function.
   */
  public static byte[] cpu(String function) {
    return cpu(function, 1, Instant.now());
  }

  /**
   * Returns a CPU profile in gzip, of one second.
   *
   * @param function the only function
   * @param samples the number of samples of 10 ms, summed in one
   * @param time the time of the profile
   */
  public static byte[] cpu(String function, long samples, Instant time) {
    ProfileBuilder builder = ProfileBuilder.create();
    builder.sampleType("samples", "count");
    builder.sampleType("cpu", "nanoseconds");
    builder
        .periodType("cpu", "nanoseconds", SAMPLE_NANOS)
        .timeNanos(ChronoUnit.NANOS.between(Instant.EPOCH, time))
        .durationNanos(1_000_000_000);
    int location = builder.location(0, 0, builder.function(function, "", "", 0), 0);
    builder.sample(
        new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, samples, samples * SAMPLE_NANOS);
    return builder.build();
  }
}
