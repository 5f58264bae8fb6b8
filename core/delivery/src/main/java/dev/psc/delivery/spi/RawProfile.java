package dev.psc.delivery.spi;

import dev.psc.label.LabelSet;
import java.util.List;
import java.util.Objects;

/**
 * A profile on its way: immutable labels, the bytes of one pprof, and what was learned of them.
 *
 * <p>The array is neither copied on the way in nor on the way out, so that a profile that needs no
 * change is never written again: who hands it over gives it up, and who reads it must not change
 * it. Under that rule instances are immutable and safe to share between threads.
 */
public final class RawProfile {

  private final LabelSet labels;
  private final byte[] pprof;
  private final long timeNanos;
  private final long durationNanos;
  private final boolean normalizedAddresses;
  private final List<ExecutableInfo> executableInfo;

  private RawProfile(Builder builder) {
    this.labels = builder.labels;
    this.pprof = builder.pprof;
    this.timeNanos = builder.timeNanos;
    this.durationNanos = builder.durationNanos;
    this.normalizedAddresses = builder.normalizedAddresses;
    this.executableInfo = builder.executableInfo;
  }

  /**
   * Returns a profile of which only labels and bytes are known.
   *
   * @param labels the labels of its series, with {@code __name__}
   * @param pprof one pprof, gzip'd or bare; given up by the caller
   */
  public static RawProfile of(LabelSet labels, byte[] pprof) {
    return builder(labels, pprof).build();
  }

  /**
   * Returns a builder.
   *
   * @param labels the labels of its series, with {@code __name__}
   * @param pprof one pprof, gzip'd or bare; given up by the caller
   */
  public static Builder builder(LabelSet labels, byte[] pprof) {
    return new Builder(labels, pprof);
  }

  /** Returns a builder that starts with everything that is known of this profile. */
  public Builder toBuilder() {
    Builder builder = new Builder(labels, pprof);
    builder.timeNanos = timeNanos;
    builder.durationNanos = durationNanos;
    builder.normalizedAddresses = normalizedAddresses;
    builder.executableInfo = executableInfo;
    return builder;
  }

  /** Returns the labels of the series. */
  public LabelSet labels() {
    return labels;
  }

  /** Returns the value of {@code __name__}, or the empty text. */
  public String name() {
    return labels.valueOf(LabelSet.NAME);
  }

  /** Returns the pprof itself, not a copy; it must not be changed. */
  public byte[] pprof() {
    return pprof;
  }

  /** Returns the size of the pprof in bytes, as it will be sent. */
  public int sizeBytes() {
    return pprof.length;
  }

  /** Returns when it was taken, in nanoseconds since 1970, or 0 when that is not known. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns the time that it covers in nanoseconds, or 0 for a profile that covers none. */
  public long durationNanos() {
    return durationNanos;
  }

  /** Returns whether its addresses are already normalized, as the store's requests say it. */
  public boolean normalizedAddresses() {
    return normalizedAddresses;
  }

  /** Returns what is known of its mappings' executables: nothing, or one entry per mapping. */
  public List<ExecutableInfo> executableInfo() {
    return executableInfo;
  }

  @Override
  public String toString() {
    return "RawProfile[" + labels + ", " + pprof.length + " bytes]";
  }

  /**
   * The ELF header values of one mapping's executable, as the profile store's {@code
   * ExecutableInfo} carries them.
   *
   * @param elfType {@code e_type} of the file
   * @param loadSegmentOffset file offset of the executable load segment
   * @param loadSegmentVaddr virtual address of that segment
   */
  public record ExecutableInfo(int elfType, long loadSegmentOffset, long loadSegmentVaddr) {}

  /** Collects what is known of a profile. Not thread-safe. */
  public static final class Builder {

    private LabelSet labels;
    private byte[] pprof;
    private long timeNanos;
    private long durationNanos;
    private boolean normalizedAddresses;
    private List<ExecutableInfo> executableInfo = List.of();

    private Builder(LabelSet labels, byte[] pprof) {
      this.labels = Objects.requireNonNull(labels, "labels");
      this.pprof = Objects.requireNonNull(pprof, "pprof");
    }

    /** Sets the labels of the series. */
    public Builder labels(LabelSet labels) {
      this.labels = Objects.requireNonNull(labels, "labels");
      return this;
    }

    /** Sets the bytes of the pprof; given up by the caller. */
    public Builder pprof(byte[] pprof) {
      this.pprof = Objects.requireNonNull(pprof, "pprof");
      return this;
    }

    /** Sets when it was taken, in nanoseconds since 1970; 0, the default, is "not known". */
    public Builder timeNanos(long timeNanos) {
      this.timeNanos = timeNanos;
      return this;
    }

    /** Sets the time that it covers in nanoseconds; 0, the default, is "none". */
    public Builder durationNanos(long durationNanos) {
      this.durationNanos = durationNanos;
      return this;
    }

    /** Sets whether its addresses are already normalized; false by default. */
    public Builder normalizedAddresses(boolean normalizedAddresses) {
      this.normalizedAddresses = normalizedAddresses;
      return this;
    }

    /** Sets the executables of its mappings, one entry per mapping; none by default. */
    public Builder executableInfo(List<ExecutableInfo> executableInfo) {
      this.executableInfo = List.copyOf(executableInfo);
      return this;
    }

    /** Returns the profile. */
    public RawProfile build() {
      return new RawProfile(this);
    }
  }
}
