package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A profile that a strict store accepts, with a report of what {@link Repair} changed. It holds the
 * inflated profile until {@link #bytes} is called. Immutable and safe to share between threads; the
 * array must not be changed.
 */
public final class Repaired {

  // Guarded by this: the body, and the content from which it is made on request.
  private byte @Nullable [] bytes;
  private @Nullable Content content;

  private final boolean changed;
  private final boolean filtered;
  private final List<RepairAction> actions;
  private final List<SampleType> sampleTypes;
  private final @Nullable SampleType periodType;
  private final long timeNanos;
  private final long durationNanos;
  private final int samples;
  private final long inflatedBytes;
  private final List<ExecutableComment> executables;

  /**
   * The findings of a repair.
   *
   * @param index the profile as it came
   * @param times the time and the duration
   * @param types the sample types, then the period type
   * @param columns the sample types that were kept, null for all
   * @param samples how many samples were kept
   */
  @SuppressWarnings("ArrayRecordComponent") // Passed on, never compared.
  record Facts(
      ProfileIndex index,
      long[] times,
      SampleType[] types,
      @Nullable BitSet columns,
      int samples) {}

  Repaired(byte @Nullable [] unchanged, Content content, List<RepairAction> actions, Facts facts)
      throws PprofException {
    this.bytes = unchanged;
    this.content = content;
    this.changed = unchanged == null;
    this.filtered = facts.columns() != null;
    this.actions = List.copyOf(actions);
    this.timeNanos = facts.times()[0];
    this.durationNanos = facts.times()[1];
    this.samples = facts.samples();
    ProfileIndex index = facts.index();
    this.inflatedBytes = (long) index.to - index.from;
    SampleType[] types = facts.types();
    int last = types.length - 1;
    BitSet columns = facts.columns();
    List<SampleType> kept = new ArrayList<>();
    for (int i = 0; i < last; i++) {
      if (columns == null || columns.get(i)) {
        kept.add(types[i]);
      }
    }
    this.sampleTypes = List.copyOf(kept);
    SampleType period = types[last];
    this.periodType = period.type().isEmpty() && period.unit().isEmpty() ? null : period;
    this.executables = executables(index);
  }

  private static List<ExecutableComment> executables(ProfileIndex index) throws PprofException {
    if (index.count[ProfileFields.COMMENT] == 0) {
      return List.of();
    }
    List<ExecutableComment> found = new ArrayList<>();
    for (String comment : index.texts(index.comments())) {
      ExecutableComment executable = ExecutableComment.parse(comment);
      if (executable != null) {
        found.add(executable);
      }
    }
    // A request must give one per mapping or none at all.
    return found.size() == index.count[ProfileFields.MAPPING] ? List.copyOf(found) : List.of();
  }

  /** Returns the profile, gzip'd; the array that came in if nothing was changed. */
  public synchronized byte[] bytes() {
    byte[] known = bytes;
    Content from = content;
    if (known == null) {
      try {
        known = Objects.requireNonNull(from).gzip();
      } catch (PprofException e) {
        throw new IllegalStateException("the body was changed after it was repaired", e);
      }
      bytes = known;
    }
    if (from != null) {
      from.release();
      content = null;
    }
    return known;
  }

  /** Returns the profile, not compressed, for the next stage. Call it before {@link #bytes}. */
  synchronized Checker written() throws PprofException {
    return Objects.requireNonNull(content, "bytes() was called before").written();
  }

  /** Returns whether {@link #bytes} is another array than the one that came in. */
  public boolean changed() {
    return changed;
  }

  /** Returns whether sample types were left out. */
  boolean filtered() {
    return filtered;
  }

  /** Returns the changes; empty if there are none. */
  public List<RepairAction> actions() {
    return actions;
  }

  /** Returns the sample types after the repair. */
  public List<SampleType> sampleTypes() {
    return sampleTypes;
  }

  /** Returns the period type after the repair, or null if the profile has none. */
  public @Nullable SampleType periodType() {
    return periodType;
  }

  /** Returns its time in nanoseconds since 1970; 0 if unknown. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns its duration in nanoseconds; 0 for a snapshot. */
  public long durationNanos() {
    return durationNanos;
  }

  /** Returns the number of samples. */
  public int sampleCount() {
    return samples;
  }

  /** Returns the size of the profile before compression. */
  public long inflatedBytes() {
    return inflatedBytes;
  }

  /** Returns the executables that its comments describe: one per mapping, or none. */
  public List<ExecutableComment> executables() {
    return executables;
  }

  /** Returns the actions' codes and the size. */
  @Override
  public String toString() {
    return "Repaired["
        + inflatedBytes
        + " bytes, "
        + actions.stream().map(RepairAction::code).toList()
        + "]";
  }
}
