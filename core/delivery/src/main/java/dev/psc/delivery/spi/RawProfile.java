package dev.psc.delivery.spi;

import dev.psc.label.LabelSet;
import java.util.List;
import java.util.Objects;

/**
 * A profile to be delivered: its labels, the bytes of one pprof, and metadata.
 *
 * <p>The array of bytes is not copied. The caller that passes it in must not change it afterwards,
 * and readers must not change it either. Under this rule instances are immutable and thread-safe.
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
   * Returns a profile without metadata.
   *
   * @param labels the labels of its series, with {@code __name__}
   * @param pprof one pprof, with or without gzip; the caller must not change it afterwards
   */
  public static RawProfile of(LabelSet labels, byte[] pprof) {
    return builder(labels, pprof).build();
  }

  /**
   * Returns a builder.
   *
   * @param labels the labels of its series, with {@code __name__}
   * @param pprof one pprof, with or without gzip; the caller must not change it afterwards
   */
  public static Builder builder(LabelSet labels, byte[] pprof) {
    return new Builder(labels, pprof);
  }

  /** Returns a builder with the values of this profile. */
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

  /** Returns the value of {@code __name__}, or an empty string. */
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

  /** Returns the time of the profile in nanoseconds since 1970, or 0 if unknown. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns the duration of the profile in nanoseconds, or 0 if it has none. */
  public long durationNanos() {
    return durationNanos;
  }

  /** Returns whether the addresses are already normalized. */
  public boolean normalizedAddresses() {
    return normalizedAddresses;
  }

  /** Returns the executables of the mappings: none, or one entry per mapping. */
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

  /** A builder of {@link RawProfile}. Not thread-safe. */
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

    /** Sets the bytes of the pprof, which the caller must not change afterwards. */
    public Builder pprof(byte[] pprof) {
      this.pprof = Objects.requireNonNull(pprof, "pprof");
      return this;
    }

    /** Sets the time in nanoseconds since 1970; 0, the default, means unknown. */
    public Builder timeNanos(long timeNanos) {
      this.timeNanos = timeNanos;
      return this;
    }

    /** Sets the duration in nanoseconds; 0, the default, means none. */
    public Builder durationNanos(long durationNanos) {
      this.durationNanos = durationNanos;
      return this;
    }

    /** Sets whether the addresses are already normalized; false by default. */
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
