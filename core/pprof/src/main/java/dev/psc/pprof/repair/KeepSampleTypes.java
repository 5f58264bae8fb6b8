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
 * Keeps some sample types of a profile and leaves out the others: their columns, then the samples
 * whose remaining values are all 0, then the locations, functions, mappings (but the first) and
 * strings that nothing refers to any more. What stays keeps its values, stacks and labels.
 *
 * <p>Immutable and safe to share between threads.
 */
public final class KeepSampleTypes {

  private final List<SampleType> kept;

  private KeepSampleTypes(List<SampleType> kept) {
    this.kept = kept;
  }

  /**
   * Returns a filter.
   *
   * @param kept the sample types to keep; an empty unit stands for any. Those that a profile lacks
   *     do no harm as long as it has one of them
   * @throws IllegalArgumentException when none is given
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
   * @param limits how much it may be
   * @return the filtered profile, gzip'd; the very array that came in when it has no other types
   * @throws PprofException when it has none of the types, or is no profile that {@link Repair} lets
   *     pass
   */
  public byte[] apply(byte[] body, PprofLimits limits) throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Checker checker = CheckedProfile.open(body, limits);
    ProfileIndex index = checker.index();
    int types = index.sampleTypes();
    long[] names = index.typeNames();
    String[] texts = index.texts(names);
    BitSet columns = new BitSet(types);
    for (int i = 0; i < types; i++) {
      columns.set(i, matches(texts[i * 2], texts[i * 2 + 1]));
    }
    if (columns.isEmpty()) {
      throw noneOf(texts, types);
    }
    if (columns.cardinality() == types) {
      return body;
    }
    Rewriter rewriter = new Rewriter(checker, Math.min(index.to - index.from, Rewriter.GZIP_BYTES));
    rewriter.columns = columns;
    if (defaultIsDropped(index, texts, columns)) {
      rewriter.defaultSampleType = 0;
    }
    Pruner pruner = new Pruner(checker);
    keepSamples(index, columns, rewriter, pruner);
    pruner.plan(rewriter, CheckedProfile.namesExecutables(index));
    return rewriter.writeGzip(Repair.LEVEL);
  }

  private boolean matches(String type, String unit) {
    for (SampleType keep : kept) {
      if ((keep.type().equals(type) || LegalNames.typePart(keep.type()).equals(type))
          && (keep.unit().isEmpty()
              || keep.unit().equals(unit)
              || LegalNames.typePart(keep.unit()).equals(unit))) {
        return true;
      }
    }
    return false;
  }

  private PprofException noneOf(String[] texts, int types) {
    StringBuilder has = new StringBuilder();
    for (int i = 0; i < types; i++) {
      has.append(i == 0 ? "" : ", ").append(texts[i * 2]).append('/').append(texts[i * 2 + 1]);
    }
    return new PprofException(
        PprofException.NO_SUCH_SAMPLE_TYPE,
        "sample_type",
        "none of the sample types to keep "
            + kept
            + " is in the profile, which has "
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
