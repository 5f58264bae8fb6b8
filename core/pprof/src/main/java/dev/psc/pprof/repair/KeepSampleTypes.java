package dev.psc.pprof.repair;

import dev.psc.label.LegalNames;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/**
 * A filter that keeps some sample types of a profile. It removes the other columns, the samples
 * whose remaining values are all 0, and the locations, functions, mappings (except the first) and
 * strings that are not referenced any more. Kept samples keep their values, stacks and labels.
 *
 * <p>Immutable and safe to share between threads.
 */
public final class KeepSampleTypes {

  private static final int MAX_LISTED = 20;

  private final List<SampleType> kept;

  private KeepSampleTypes(List<SampleType> kept) {
    this.kept = kept;
  }

  /**
   * Returns a filter.
   *
   * @param kept the sample types to keep; an empty unit matches any. A profile needs to have at
   *     least one of them
   * @throws IllegalArgumentException if the list is empty
   */
  public static KeepSampleTypes of(List<SampleType> kept) {
    if (kept.isEmpty()) {
      throw new IllegalArgumentException("kept must name at least one sample type");
    }
    return new KeepSampleTypes(List.copyOf(kept));
  }

  /** Returns the sample types that are kept. */
  public List<SampleType> kept() {
    return kept;
  }

  /**
   * Filters a profile.
   *
   * @param body one profile, gzip'd or bare; not changed
   * @param limits the largest profile that is read
   * @return the filtered profile, gzip'd; the same array if the profile has no other types
   * @throws PprofException if the profile has none of the types, or {@link Repair} rejects it
   */
  public byte[] apply(byte[] body, PprofLimits limits) throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Repaired repaired = Repair.repair(body, limits, RepairContext.none(), this);
    return repaired.filtered() ? repaired.bytes() : body;
  }

  /**
   * Returns which columns are kept.
   *
   * @param before the sample types as they came
   * @param types the same, repaired, and then the period type
   * @throws PprofException if none is kept
   */
  BitSet columns(List<SampleType> before, SampleType[] types) throws PprofException {
    BitSet columns = new BitSet(before.size());
    for (int i = 0; i < before.size(); i++) {
      columns.set(i, matches(before.get(i)) || matches(types[i]));
    }
    if (columns.isEmpty()) {
      throw noneOf(before);
    }
    return columns;
  }

  /** Plans the rewriting of a profile whose references are sound. */
  static Rewriter plan(Checker checker, BitSet columns) throws PprofException {
    ProfileIndex index = checker.index();
    Rewriter rewriter = new Rewriter(checker, Math.min(index.to - index.from, Rewriter.GZIP_BYTES));
    rewriter.columns = columns;
    if (defaultIsDropped(index, index.texts(index.typeNames()), columns)) {
      rewriter.defaultSampleType = 0;
    }
    Pruner pruner = new Pruner(checker);
    keepSamples(index, columns, rewriter, pruner);
    pruner.plan(rewriter, CheckedProfile.namesExecutables(index));
    return rewriter;
  }

  private boolean matches(SampleType type) {
    for (SampleType keep : kept) {
      if ((keep.type().equals(type.type()) || LegalNames.typePart(keep.type()).equals(type.type()))
          && (keep.unit().isEmpty()
              || keep.unit().equals(type.unit())
              || LegalNames.typePart(keep.unit()).equals(type.unit()))) {
        return true;
      }
    }
    return false;
  }

  private PprofException noneOf(List<SampleType> types) {
    StringBuilder has = new StringBuilder();
    for (int i = 0; i < Math.min(types.size(), MAX_LISTED); i++) {
      has.append(i == 0 ? "" : ", ").append(types.get(i));
    }
    if (types.size() > MAX_LISTED) {
      has.append(" and ").append(types.size() - MAX_LISTED).append(" more");
    }
    return new PprofException(
        PprofException.NO_SUCH_SAMPLE_TYPE,
        "sample_type",
        "the profile has none of the sample types to keep "
            + kept
            + ", it has "
            + has
            + "; name one of these, or keep them all");
  }

  private static boolean defaultIsDropped(ProfileIndex index, String[] texts, BitSet columns)
      throws PprofException {
    long named = index.single[ProfileFields.DEFAULT_SAMPLE_TYPE];
    if (named == 0) {
      return false;
    }
    String type = index.texts(new long[] {named})[0];
    for (int i = columns.nextSetBit(0); i >= 0; i = columns.nextSetBit(i + 1)) {
      if (texts[i * 2].equals(type)) {
        return false;
      }
    }
    return true;
  }

  private static void keepSamples(
      ProfileIndex index, BitSet columns, Rewriter rewriter, Pruner pruner) throws PprofException {
    BitSet samples = new BitSet(index.count[ProfileFields.SAMPLE]);
    long[] row = new long[index.sampleTypes()];
    WireReader r = index.over(ProfileFields.SAMPLE);
    WireReader s = new WireReader(index.buf, 0, 0);
    int n = 0;
    while (r.next()) {
      if (r.field != ProfileFields.SAMPLE) {
        continue;
      }
      CheckedProfile.values(s.reset(r.start, r.pos), row);
      long any = 0;
      for (int i = columns.nextSetBit(0); i >= 0; i = columns.nextSetBit(i + 1)) {
        any |= row[i];
      }
      if (any != 0) {
        samples.set(n);
        pruner.keepSample(r.start, r.pos);
      }
      n++;
    }
    rewriter.samples = samples;
  }
}
