package dev.psc.pprof.format;

/**
 * Limits on the size of a profile. Reading stops when a limit is exceeded, so that a small body
 * that inflates to a huge one costs no more than the limit.
 *
 * @param wireBytes the largest body before decompression, in bytes; at least 1
 * @param inflatedBytes the largest profile after decompression, in bytes; between 1 and 2^31 - 64
 * @param ratio the largest ratio of inflated to compressed bytes, at least 1; applied to the whole
 *     body once it exceeds 8 MiB, since small bodies of a few repeated stacks compress very well
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
      throw new IllegalArgumentException("wireBytes must be at least 1, but was " + wireBytes);
    }
    if (inflatedBytes < 1 || inflatedBytes > Integer.MAX_VALUE - 63L) {
      throw new IllegalArgumentException(
          "inflatedBytes must be between 1 and 2147483584, but was " + inflatedBytes);
    }
    if (ratio < 1) {
      throw new IllegalArgumentException("ratio must be at least 1, but was " + ratio);
    }
  }

  /** Returns the defaults: 64 MiB before and 256 MiB after decompression, a ratio of 200. */
  public static PprofLimits defaults() {
    return DEFAULTS;
  }

  /** Returns these limits with another {@code wireBytes}. */
  public PprofLimits withWireBytes(long wireBytes) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }

  /** Returns these limits with another {@code inflatedBytes}. */
  public PprofLimits withInflatedBytes(long inflatedBytes) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }

  /** Returns these limits with another ratio. */
  public PprofLimits withRatio(int ratio) {
    return new PprofLimits(wireBytes, inflatedBytes, ratio);
  }
}
