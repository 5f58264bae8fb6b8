package dev.psc.pprof.format;

/**
 * How much a profile may be. Reading stops as soon as a limit is passed, so that a small body that
 * inflates to a huge one costs no more than the limit.
 *
 * @param wireBytes the most bytes of a body as it comes, at least 1
 * @param inflatedBytes the most bytes after decompression, at least 1 and at most 2^31 - 64
 * @param ratio how many times its size a gzip stream may inflate to, at least 1; counted from the
 *     first 8 MiB of output on, as small bodies of a few repeated stacks compress very well
 */
public record PprofLimits(long wireBytes, long inflatedBytes, int ratio) {

  private static final PprofLimits DEFAULTS = new PprofLimits(64L << 20, 256L << 20, 200);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException when one is out of its range
   */
  public PprofLimits {
    if (wireBytes < 1) {
      throw new IllegalArgumentException("wireBytes must be at least 1, not " + wireBytes);
    }
    if (inflatedBytes < 1 || inflatedBytes > Integer.MAX_VALUE - 63L) {
      throw new IllegalArgumentException(
          "inflatedBytes must be between 1 and 2147483584, not " + inflatedBytes);
    }
    if (ratio < 1) {
      throw new IllegalArgumentException("ratio must be at least 1, not " + ratio);
    }
  }

  /** Returns 64 MiB as it comes, 256 MiB inflated, a ratio of 200. */
  public static PprofLimits defaults() {
    return DEFAULTS;
  }

  /** Returns these limits with another one for the body as it comes. */
  public PprofLimits withWireBytes(long wireBytes) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }

  /** Returns these limits with another one for the inflated body. */
  public PprofLimits withInflatedBytes(long inflatedBytes) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }

  /** Returns these limits with another ratio. */
  public PprofLimits withRatio(int ratio) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }
}
