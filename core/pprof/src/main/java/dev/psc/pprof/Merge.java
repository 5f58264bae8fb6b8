package dev.psc.pprof;

import dev.psc.pprof.internal.wire.SaturatingMath;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A sum of profiles of one type: values are summed by stack and labels, the time is the earliest,
 * the duration the sum of all, the period the longest, and every comment is kept once. The default
 * sample type and the documentation's address are those of the first profile that has one.
 *
 * <p>Stacks are the same when their functions, files and lines are and, for native code, their
 * addresses within the binary: the same library loaded at another address in another process counts
 * as the same code. Profiles are not retained, so memory grows only with their differences.
 *
 * <p>Not thread-safe.
 */
public final class Merge {

  private final Set<String> comments = new LinkedHashSet<>();
  private @Nullable ProfileCopier copier;
  private long timeNanos;
  private long durationNanos;
  private long period;
  private int profileCount;

  private Merge() {}

  /** Returns an empty sum. */
  public static Merge create() {
    return new Merge();
  }

  /**
   * Adds a profile, whose sample types may be in another order than those of the first.
   *
   * @throws IllegalArgumentException if its sample types or its period type are not those of the
   *     first
   */
  public Merge add(Profile profile) {
    ProfileCopier into = copier;
    if (into == null) {
      into = new ProfileCopier(profile);
      copier = into;
    }
    into.add(profile, 1);
    if (profile.timeNanos() != 0 && (timeNanos == 0 || profile.timeNanos() < timeNanos)) {
      timeNanos = profile.timeNanos();
    }
    durationNanos = SaturatingMath.sum(durationNanos, profile.durationNanos());
    period = Math.max(period, profile.period());
    comments.addAll(profile.comments());
    profileCount++;
    return this;
  }

  /** Returns how many profiles were added. */
  public int profileCount() {
    return profileCount;
  }

  /**
   * Returns the sum as pprof, gzip'd. More can be added afterwards.
   *
   * @throws IllegalStateException if no profile was added
   */
  public byte[] build() {
    ProfileCopier from = copier;
    if (from == null) {
      throw new IllegalStateException("no profile was added: call add(profile) first");
    }
    from.period(period);
    return from.builder()
        .timeNanos(timeNanos)
        .durationNanos(durationNanos)
        .comments(comments)
        .build();
  }
}
