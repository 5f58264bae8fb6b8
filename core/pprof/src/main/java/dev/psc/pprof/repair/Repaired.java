package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A profile that a strict store takes, what {@link Repair} did to get there, and what it learned of
 * it on the way. Immutable, but for the array, which nobody may change.
 */
public final class Repaired {

  private final byte[] bytes;
  private final boolean changed;
  private final List<RepairAction> actions;
  private final List<SampleType> sampleTypes;
  private final @Nullable SampleType periodType;
  private final long timeNanos;
  private final long durationNanos;
  private final int samples;
  private final long inflatedBytes;
  private final List<ExecutableComment> executables;

  Repaired(
      byte[] bytes,
      boolean changed,
      List<RepairAction> actions,
      ProfileIndex index,
      long[] times,
      SampleType[] types)
      throws PprofException {
    this.bytes = bytes;
    this.changed = changed;
    this.actions = List.copyOf(actions);
    this.timeNanos = times[0];
    this.durationNanos = times[1];
    this.samples = index.count[ProfileFields.SAMPLE];
    this.inflatedBytes = (long) index.to - index.from;
    int columns = index.sampleTypes();
    this.sampleTypes = List.of(types).subList(0, columns);
    SampleType period = types[columns];
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

  /** Returns the profile, gzip'd; the very array that came in when nothing had to be done. */
  public byte[] bytes() {
    return bytes;
  }

  /** Returns whether {@link #bytes} is another array than the one that came in. */
  public boolean changed() {
    return changed;
  }

  /** Returns what was done, empty when nothing. */
  public List<RepairAction> actions() {
    return actions;
  }

  /** Returns the sample types as they now are. */
  public List<SampleType> sampleTypes() {
    return sampleTypes;
  }

  /** Returns the period type as it now is, or null when the profile has none. */
  public @Nullable SampleType periodType() {
    return periodType;
  }

  /** Returns when it was taken, in nanoseconds since 1970; 0 when neither it nor anyone knows. */
  public long timeNanos() {
    return timeNanos;
  }

  /** Returns the time that it covers in nanoseconds, 0 when it covers none. */
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

  /** Returns what its comments say of its mappings' executables: one per mapping, or nothing. */
  public List<ExecutableComment> executables() {
    return executables;
  }

  /** Returns the actions' codes and the size. */
  @Override
  public String toString() {
    return "Repaired["
        + bytes.length
        + " bytes, "
        + actions.stream().map(RepairAction::code).toList()
        + "]";
  }
}
