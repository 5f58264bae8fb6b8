package dev.psc.pprof;

import dev.psc.pprof.repair.DeltaState;

/**
 * A comparison of two profiles of one type: growth has positive values, decline negative ones, and
 * equal values are left out.
 *
 * <p>For cumulative profiles of one process, where only growth is meant, use {@link DeltaState}.
 */
public final class Diff {

  private Diff() {}

  /**
   * Returns {@code after - before} by stack and labels, as gzip'd pprof with the time, duration and
   * comments of {@code after}. Stacks are the same as in {@link Merge}.
   *
   * @throws IllegalArgumentException if their sample types or period types differ
   */
  public static byte[] between(Profile before, Profile after) {
    ProfileCopier copier = new ProfileCopier(after);
    copier.add(after, 1);
    copier.add(before, -1);
    copier.period(after.period());
    return copier
        .builder()
        .timeNanos(after.timeNanos())
        .durationNanos(after.durationNanos())
        .comments(after.comments())
        .build();
  }
}
