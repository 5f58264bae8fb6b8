package dev.psc.pprof;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Turns the cumulative profiles of one target and one profile path into what happened between two
 * scrapes. The columns {@code alloc_*}, {@code contentions} and {@code delay} count since the
 * process started: each stack's value becomes the difference to the scrape before. Other columns,
 * as {@code inuse_*}, are kept. The result's {@code duration_nanos} is the time between the two.
 *
 * <p>Between scrapes it keeps a 64-bit hash and the counters of each stack, no profile. Drop the
 * object with the target. Not thread-safe: the scrapes of one target come one after the other.
 */
public final class DeltaState {

  /** The least state that can be asked for. */
  private static final long MIN_STATE_BYTES = 1 << 12;

  private final long maxStateBytes;
  private final boolean compress;
  private @Nullable StackTable previous;
  private long previousTime;
  private long previousProgram;
  private long[] previousTotals = {};

  private DeltaState(long maxStateBytes, boolean compress) {
    this.maxStateBytes = maxStateBytes;
    this.compress = compress;
  }

  /**
   * Returns a state of at most 16 MiB, enough for about 250,000 stacks, that gives gzip'd profiles.
   */
  public static DeltaState create() {
    return create(16L << 20, true);
  }

  /**
   * Returns a state that holds nothing yet.
   *
   * @param maxStateBytes the most it may keep between scrapes, at least 4096
   * @param compress whether the profiles it gives are gzip'd
   * @throws IllegalArgumentException when {@code maxStateBytes} is too small
   */
  public static DeltaState create(long maxStateBytes, boolean compress) {
    if (maxStateBytes < MIN_STATE_BYTES) {
      throw new IllegalArgumentException(
          "maxStateBytes must be at least " + MIN_STATE_BYTES + ", not " + maxStateBytes);
    }
    return new DeltaState(maxStateBytes, compress);
  }

  /** What became of one scrape. Immutable, but for the arrays, which nobody may change. */
  public sealed interface Outcome {

    /**
     * What happened since the scrape before.
     *
     * @param bytes the profile of it
     * @param durationNanos the time between the two scrapes
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
    record Delta(byte[] bytes, long durationNanos) implements Outcome {}

    /** The first scrape: there is nothing yet to take the difference to, and nothing to send. */
    record First() implements Outcome {}

    /**
     * The process was started anew, so that the scrape counts as the first; nothing to send.
     *
     * @param reason what shows it, in a sentence
     */
    record Reset(String reason) implements Outcome {}

    /** The profile has no cumulative column; it is to be sent as it came. */
    record NotCumulative() implements Outcome {}
  }

  /** Returns whether a sample type counts since the process started, as Go's do. */
  public static boolean isCumulative(SampleType type) {
    return isCumulative(type.type());
  }

  private static boolean isCumulative(String type) {
    return type.startsWith("alloc_") || type.equals("contentions") || type.equals("delay");
  }

  /** Returns how many bytes are kept until the next scrape. */
  public long stateBytes() {
    StackTable table = previous;
    return table == null ? 0 : table.bytes();
  }

  /** Forgets everything, so that the next scrape is the first. */
  public void clear() {
    previous = null;
  }

  /**
   * Takes the next scrape.
   *
   * @param body one profile, gzip'd or bare; not changed
   * @param limits how much it may be
   * @throws PprofException when it is no profile that {@link Repair} lets pass, or has more stacks
   *     than the state may hold; what is known of the scrape before stays
   */
  public Outcome advance(byte[] body, PprofLimits limits) throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Checker checker = Opened.open(body, limits);
    ProfileIndex index = checker.index();
    int types = index.sampleTypes();
    String[] names = index.texts(index.typeNames());
    BitSet cumulative = new BitSet(types);
    for (int i = 0; i < types; i++) {
      cumulative.set(i, isCumulative(names[i * 2]));
    }
    if (cumulative.isEmpty()) {
      return new Outcome.NotCumulative();
    }
    int[] counting = cumulative.stream().toArray();
    StackHashes hashes = new StackHashes(checker);
    int samples = index.count[Fields.SAMPLE];
    int[] entries = new int[samples];
    StackTable current = new StackTable(counting.length, samples);
    long[] rows = new long[samples * types];
    read(index, hashes, current, counting, entries, rows);
    if (current.bytes() > maxStateBytes) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "sample",
          "the profile has "
              + current.size()
              + " stacks, whose counters take "
              + current.bytes()
              + " bytes where "
              + maxStateBytes
              + " are allowed; raise maxStateBytes or send it as it is");
    }
    StackTable before = previous;
    long[] totals = totals(current, counting.length);
    long program = program(index);
    String reason = before == null ? null : restarted(before, current, totals, program, index);
    long duration = index.single[Fields.TIME_NANOS] - previousTime;
    previousTime = index.single[Fields.TIME_NANOS];
    previousTotals = totals;
    previousProgram = program;
    previous = current;
    if (before == null) {
      return new Outcome.First();
    }
    if (reason != null) {
      return new Outcome.Reset(reason);
    }
    byte[] delta = write(checker, before, current, counting, entries, rows, duration);
    keepGone(before, current, counting.length);
    return new Outcome.Delta(delta, duration);
  }

  private static void read(
      ProfileIndex index,
      StackHashes hashes,
      StackTable current,
      int[] counting,
      int[] entries,
      long[] rows)
      throws PprofException {
    int types = index.sampleTypes();
    long[] row = new long[types];
    WireReader r = index.over(Fields.SAMPLE);
    WireReader s = new WireReader(index.buf, 0, 0);
    int n = 0;
    while (r.next()) {
      if (r.field != Fields.SAMPLE) {
        continue;
      }
      Opened.values(s.reset(r.start, r.pos), row);
      int entry = current.entry(hashes.sample(r.start, r.pos));
      entries[n] = entry;
      System.arraycopy(row, 0, rows, n * types, types);
      for (int c = 0; c < counting.length; c++) {
        current.add(entry, c, row[counting[c]]);
      }
      n++;
    }
  }

  private static long[] totals(StackTable table, int columns) {
    long[] totals = new long[columns];
    for (int i = 0; i < table.size(); i++) {
      for (int c = 0; c < columns; c++) {
        totals[c] += table.counter(i, c);
      }
    }
    return totals;
  }

  /** Tells one run of a program from another by where its own file was loaded. */
  private static long program(ProfileIndex index) throws PprofException {
    if (index.count[Fields.MAPPING] == 0) {
      return 0;
    }
    WireReader r = index.over(Fields.MAPPING);
    r.next();
    WireReader m = r.reset(r.start, r.pos);
    long start = 0;
    long buildId = 0;
    while (m.next()) {
      if (m.field == Fields.MAPPING_START) {
        start = m.value;
      } else if (m.field == Fields.MAPPING_BUILD_ID) {
        buildId = m.value;
      }
    }
    return start * 31 + index.texts(new long[] {buildId})[0].hashCode();
  }

  private @Nullable String restarted(
      StackTable before, StackTable current, long[] totals, long program, ProfileIndex index) {
    if (totals.length != previousTotals.length) {
      return "the profile has other sample types than before";
    }
    if (program != previousProgram) {
      return "the program was loaded elsewhere or is another one";
    }
    if (index.single[Fields.TIME_NANOS] <= previousTime) {
      return "the profile's time does not go on";
    }
    for (int c = 0; c < totals.length; c++) {
      if (totals[c] < previousTotals[c]) {
        return "the counters fell from " + previousTotals[c] + " to " + totals[c] + " in all";
      }
    }
    for (int i = 0; i < current.size(); i++) {
      int old = before.find(current.key(i));
      for (int c = 0; old >= 0 && c < totals.length; c++) {
        if (current.counter(i, c) < before.counter(old, c)) {
          return "a stack's counter fell from "
              + before.counter(old, c)
              + " to "
              + current.counter(i, c);
        }
      }
    }
    return null;
  }

  private byte[] write(
      Checker checker,
      StackTable before,
      StackTable current,
      int[] counting,
      int[] entries,
      long[] rows,
      long duration)
      throws PprofException {
    ProfileIndex index = checker.index();
    int types = index.sampleTypes();
    BitSet written = new BitSet(current.size());
    BitSet kept = new BitSet(entries.length);
    Pruner pruner = new Pruner(checker);
    WireReader r = index.over(Fields.SAMPLE);
    int n = 0;
    int size = 0;
    while (r.next()) {
      if (r.field != Fields.SAMPLE) {
        continue;
      }
      int entry = entries[n];
      int old = before.find(current.key(entry));
      int from = n * types;
      // Several samples of one stack: the first takes the difference of all.
      boolean first = !written.get(entry);
      written.set(entry);
      for (int c = 0; c < counting.length; c++) {
        long sum = current.counter(entry, c) - (old < 0 ? 0 : before.counter(old, c));
        rows[from + counting[c]] = first ? sum : 0;
      }
      long any = 0;
      for (int i = 0; i < types; i++) {
        any |= rows[from + i];
        rows[size + i] = rows[from + i];
      }
      if (any != 0) {
        kept.set(n);
        size += types;
        pruner.keepSample(r.start, r.pos);
      }
      n++;
    }
    Rewriter rewriter = new Rewriter(checker, index.to - index.from + 64);
    rewriter.samples = kept;
    rewriter.values = rows;
    rewriter.durationNanos = duration;
    pruner.plan(rewriter, Opened.namesExecutables(index));
    WireWriter out = rewriter.write();
    return compress
        ? Gzip.deflate(out.buf, 0, out.size, Repair.LEVEL)
        : Arrays.copyOf(out.buf, out.size);
  }

  /** A stack that is not there for one scrape must not count from 0 when it comes back. */
  private void keepGone(StackTable before, StackTable current, int columns) {
    for (int i = 0; i < before.size() && current.bytes() <= maxStateBytes / 2; i++) {
      if (current.find(before.key(i)) < 0) {
        int entry = current.entry(before.key(i));
        for (int c = 0; c < columns; c++) {
          current.add(entry, c, before.counter(i, c));
        }
      }
    }
  }
}
