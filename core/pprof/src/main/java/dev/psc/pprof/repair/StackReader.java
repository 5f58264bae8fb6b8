package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.check.SampleChecker;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.Arrays;
import java.util.BitSet;

/**
 * A reader of all samples of one scrape into the entries of a {@link StackTable}, with checks and
 * hashes in one pass. {@link PlainSamples} are read some hundred at a time; all other forms take
 * the slow path of {@link SampleChecker} and {@link StackHashes}, to the same result. Used once.
 */
final class StackReader {

  private final Checker checker;
  private final ProfileIndex index;
  private final SampleChecker slow;
  private final StackHashes hashes;
  private final PlainSamples plain;
  private final byte[] buf;
  private final int types;

  /** The counter of each sample type, -1 for types that are not counters. */
  private final int[] counterOf;

  private final int columns;
  private final long[] row;

  /** The position of each sample's tag. */
  final int[] at;

  /** The entry of each sample. */
  final int[] entries;

  /** The samples of which a column that counts nothing is not 0. */
  final BitSet others;

  /** Sums of the counters. */
  final long[] totals;

  /** Counters by entry, in the table's layout, and 0 where this scrape lacks an entry. */
  long[] counters;

  /** By entry: the first sample of it, counted from 1; 0 where this scrape lacks it. */
  int[] first;

  /** The number of entries of this scrape. */
  int found;

  StackReader(Checker checker, int[] counting) throws PprofException {
    this.checker = checker;
    this.index = checker.index();
    this.slow = new SampleChecker(checker);
    this.hashes = new StackHashes(checker);
    this.buf = index.buf;
    this.types = index.sampleTypes();
    this.columns = counting.length;
    this.row = new long[types];
    this.counterOf = new int[types];
    Arrays.fill(counterOf, -1);
    for (int c = 0; c < counting.length; c++) {
      counterOf[counting[c]] = c;
    }
    this.plain = new PlainSamples(checker, hashes, counterOf, columns);
    int samples = index.count[ProfileFields.SAMPLE];
    totals = new long[columns];
    at = new int[samples];
    entries = new int[samples];
    others = new BitSet(samples);
    first = new int[0];
    counters = new long[0];
  }

  /**
   * Reads the samples.
   *
   * @return false when one breaks a rule; the table then has entries that are to be taken out again
   */
  boolean read(StackTable table) throws PprofException {
    table.rewind();
    reserve(table.capacity());
    WireReader top = index.over(ProfileFields.SAMPLE);
    int end = top.end;
    int n = 0;
    while (top.pos < end) {
      int p = plain.locate(top.pos, end, at, n);
      if (plain.count > 0) {
        plain.hash(n);
        if (!addPlain(table, n)) {
          return false;
        }
        n += plain.count;
      }
      top.reset(p, end);
      if (p < end) {
        top.next();
        if (top.field == ProfileFields.SAMPLE) {
          at[n] = top.tagStart;
          if (!sample(table, top.tagStart, n++)) {
            return false;
          }
        }
      }
    }
    sum(table.size() * columns);
    return true;
  }

  private void sum(int end) {
    for (int c = 0; c < columns; c++) {
      long sum = 0;
      for (int i = c; i < end; i += columns) {
        sum += counters[i];
      }
      totals[c] = sum;
    }
  }

  /** Adds the samples that are located; returns false when one breaks a rule. */
  private boolean addPlain(StackTable table, int from) throws PprofException {
    long[] keys = plain.keys;
    long[] rows = plain.rows;
    int count = plain.count;
    for (int i = 0; i < count; i++) {
      long key = keys[i];
      int row = plain.row(i);
      if (key != 0 && row >= 0) {
        add(table, key, rows, row, from + i);
      } else if (!sample(table, at[from + i], from + i)) {
        return false;
      }
    }
    return true;
  }

  private void add(StackTable table, long key, long[] rows, int row, int n) {
    int entry = table.entry(key);
    if (entry >= first.length) {
      reserve(table.capacity());
    }
    int to = entry * columns;
    for (int c = 0; c < columns; c++) {
      counters[to + c] += rows[row + c];
    }
    if (first[entry] == 0) {
      first[entry] = n + 1;
      found++;
    }
    entries[n] = entry;
    if (rows[row + columns] != 0) {
      others.set(n);
    }
  }

  /** Adds a sample in whatever form the wire allows; returns false when it breaks a rule. */
  private boolean sample(StackTable table, int tag, int n) throws PprofException {
    WireReader r = new WireReader(buf, tag, index.to);
    r.next();
    long breaches = checker.breaches();
    slow.sample(r.start, r.pos, n);
    if (checker.breaches() != breaches) {
      return false;
    }
    long key = hashes.sample(r.start, r.pos);
    CheckedProfile.values(r.reset(r.start, r.pos), row);
    add(table, key, plain.rows, plain.spareRow(row), n);
    return true;
  }

  private void reserve(int capacity) {
    first = Arrays.copyOf(first, capacity);
    counters = Arrays.copyOf(counters, capacity * columns);
  }
}
