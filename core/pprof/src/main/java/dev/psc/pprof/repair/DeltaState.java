package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireReader;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A state that turns the cumulative profiles of one target and one profile path into differences
 * between scrapes. The columns {@code alloc_*}, {@code contentions} and {@code delay} count since
 * the process started: each stack's value becomes the difference to the scrape before. Other
 * columns, as {@code inuse_*}, are kept, and samples with nothing but zeros are left out. The
 * result's {@code duration_nanos} is the time between the two.
 *
 * <p>Between scrapes it keeps a 64-bit hash and the counters of each stack, no profile. Drop the
 * object with the target. Not thread-safe: the scrapes of one target come one after the other.
 */
public final class DeltaState {

  /** The least state that can be asked for. */
  private static final long MIN_STATE_BYTES = 1 << 12;

  private final long maxStateBytes;
  private final boolean compress;
  private @Nullable StackTable known;
  private List<String> knownColumns = List.of();
  private long knownTime;
  private long knownProgram;
  private long[] knownTotals = {};

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
   * Returns an empty state.
   *
   * @param maxStateBytes the most it may keep between scrapes, at least 4096
   * @param compress whether the profiles it gives are gzip'd
   * @throws IllegalArgumentException when {@code maxStateBytes} is too small
   */
  public static DeltaState create(long maxStateBytes, boolean compress) {
    if (maxStateBytes < MIN_STATE_BYTES) {
      throw new IllegalArgumentException(
          "maxStateBytes must be at least " + MIN_STATE_BYTES + ", but was " + maxStateBytes);
    }
    return new DeltaState(maxStateBytes, compress);
  }

  /** The result of one scrape. Immutable; the arrays must not be changed. */
  public sealed interface Outcome {

    /**
     * The difference to the previous scrape.
     *
     * @param bytes the profile of it
     * @param durationNanos the time between the two scrapes
     */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
    record Delta(byte[] bytes, long durationNanos) implements Outcome {}

    /** The first scrape, which only sets the base; nothing is sent. */
    record First() implements Outcome {}

    /**
     * The process was restarted, so that the scrape counts as the first; nothing is sent.
     *
     * @param reason the evidence, as a sentence
     */
    record Reset(String reason) implements Outcome {}

    /** The profile has no cumulative column and is sent unchanged. */
    record NotCumulative() implements Outcome {}
  }

  /** Returns whether a sample type counts since the process started, as Go's do. */
  static boolean isCumulative(SampleType type) {
    return isCumulative(type.type());
  }

  private static boolean isCumulative(String type) {
    return type.startsWith("alloc_") || type.equals("contentions") || type.equals("delay");
  }

  /** Returns the size of the state in bytes. */
  public long stateBytes() {
    StackTable table = known;
    return table == null ? 0 : table.bytes();
  }

  /** Clears the state, so that the next scrape is the first. */
  public void clear() {
    known = null;
  }

  /**
   * Processes the next scrape.
   *
   * @param body one profile, gzip'd or bare; not changed
   * @param limits the largest profile that is read
   * @throws PprofException if {@link Repair} rejects the profile, or it has more stacks than the
   *     state may hold; the state then stays as it is
   */
  public Outcome advance(byte[] body, PprofLimits limits) throws PprofException {
    Objects.requireNonNull(body, "body");
    Objects.requireNonNull(limits, "limits");
    Unwrapped open = Unwrapped.open(body, limits);
    try {
      Checker checker = Checker.checkTables(ProfileIndex.scan(open.buf(), open.from(), open.to()));
      Outcome outcome = CheckedProfile.isSound(checker) ? advance(checker) : null;
      return outcome != null ? outcome : advanceSound(CheckedProfile.repaired(body, limits));
    } catch (PprofException e) {
      throw open.explain(e);
    }
  }

  /**
   * Processes the next scrape after a repair, without inflating and checking it again. The profile
   * must not have been asked for its bytes yet.
   *
   * @throws PprofException if the profile has more stacks than the state may hold; the state then
   *     stays as it is
   */
  public Outcome advance(Repaired repaired) throws PprofException {
    return advanceSound(repaired.written());
  }

  private Outcome advanceSound(Checker repaired) throws PprofException {
    return Objects.requireNonNull(advance(repaired), "repaired, and breaks rules");
  }

  /** Returns null, and changes nothing, when a sample breaks a rule. */
  private @Nullable Outcome advance(Checker checker) throws PprofException {
    ProfileIndex index = checker.index();
    String[] names = index.texts(index.typeNames());
    int[] counting =
        IntStream.range(0, index.sampleTypes()).filter(i -> isCumulative(names[i * 2])).toArray();
    if (counting.length == 0) {
      return new Outcome.NotCumulative();
    }
    List<String> columns = Arrays.stream(counting).mapToObj(i -> names[i * 2]).toList();
    long program = program(index);
    long time = index.single[ProfileFields.TIME_NANOS];
    StackTable table = known;
    String reason = table == null ? null : otherProcess(columns, program, time);
    if (table == null || reason != null) {
      table = new StackTable(counting.length, index.count[ProfileFields.SAMPLE]);
    }
    StackReader scrape = new StackReader(checker, counting);
    int before = table.size();
    boolean done = false;
    try {
      if (!scrape.read(table)) {
        return null;
      }
      requireRoom(scrape.found, counting.length);
      done = true;
    } finally {
      if (!done) {
        table.truncate(before);
      }
    }
    if (known != null && reason == null) {
      reason = fallen(table, scrape, before);
    }
    Outcome outcome;
    if (known == null) {
      outcome = new Outcome.First();
    } else if (reason != null) {
      outcome = new Outcome.Reset(reason);
    } else {
      long duration = time - knownTime;
      outcome = new Outcome.Delta(write(checker, table, scrape, counting, duration), duration);
    }
    table.take(scrape.counters, scrape.first);
    boolean restarted = !(outcome instanceof Outcome.Delta);
    // A stack that is missing in one scrape must not count from 0 when it returns.
    boolean gone = scrape.found < table.size();
    boolean full = table.bytes() > (gone ? maxStateBytes / 2 : maxStateBytes);
    known = full || (gone && restarted) ? table.only(scrape.first, scrape.found) : table;
    knownColumns = columns;
    knownTotals = scrape.totals;
    knownProgram = program;
    knownTime = time;
    return outcome;
  }

  private void requireRoom(int stacks, int columns) throws PprofException {
    long bytes = StackTable.bytes(stacks, columns);
    if (bytes > maxStateBytes) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "sample",
          "the profile has "
              + stacks
              + " stacks, whose counters take "
              + bytes
              + " bytes where "
              + maxStateBytes
              + " are allowed; raise maxStateBytes, or send the profile without a delta");
    }
  }

  /** Returns a hash of the build id and load address of the program's file. */
  private static long program(ProfileIndex index) throws PprofException {
    if (index.count[ProfileFields.MAPPING] == 0) {
      return 0;
    }
    WireReader r = index.over(ProfileFields.MAPPING);
    r.next();
    WireReader m = r.reset(r.start, r.pos);
    long start = 0;
    long buildId = 0;
    while (m.next()) {
      if (m.field == ProfileFields.MAPPING_START) {
        start = m.value;
      } else if (m.field == ProfileFields.MAPPING_BUILD_ID) {
        buildId = m.value;
      }
    }
    return start * 31 + index.texts(new long[] {buildId})[0].hashCode();
  }

  /** Returns the sign that this is another process than before, or null. */
  private @Nullable String otherProcess(List<String> columns, long program, long time) {
    if (!columns.equals(knownColumns)) {
      return "the profile has other sample types than before";
    }
    if (program != knownProgram) {
      return "the program was loaded at another address or was replaced";
    }
    if (time <= knownTime) {
      return "the profile is not newer than the previous one";
    }
    return null;
  }

  /** Returns which counter is less than before, or null. */
  private @Nullable String fallen(StackTable table, StackReader scrape, int before) {
    long[] totals = scrape.totals;
    int columns = totals.length;
    for (int c = 0; c < columns; c++) {
      if (totals[c] < knownTotals[c]) {
        return "the counters fell from " + knownTotals[c] + " to " + totals[c] + " in total";
      }
    }
    long[] counters = scrape.counters;
    for (int i = table.difference(counters, 0); i >= 0; i = table.difference(counters, i + 1)) {
      int entry = i / columns;
      long was = table.counter(entry, i % columns);
      if (entry < before && counters[i] < was && scrape.first[entry] != 0) {
        return "a stack's counter fell from " + was + " to " + counters[i];
      }
    }
    return null;
  }

  private byte[] write(
      Checker checker, StackTable table, StackReader scrape, int[] counting, long duration)
      throws PprofException {
    ProfileIndex index = checker.index();
    BitSet kept = changed(table, scrape, counting.length);
    int count = kept.cardinality();
    Rewriter rewriter =
        new Rewriter(checker, (int) Math.min((long) index.to - index.from, 64L * count) + 4096);
    rewriter.samples = kept;
    rewriter.values = values(index, table, scrape, counting, kept);
    rewriter.durationNanos = duration;
    // If most samples stay, nearly everything is referenced, and pruning costs more than it saves.
    if (count <= scrape.entries.length / 2) {
      Pruner pruner = new Pruner(checker);
      WireReader r = new WireReader(index.buf, 0, 0);
      for (int n = kept.nextSetBit(0); n >= 0; n = kept.nextSetBit(n + 1)) {
        r.read(scrape.at[n], index.to);
        pruner.keepSample(r.start, r.pos);
      }
      pruner.plan(rewriter, CheckedProfile.namesExecutables(index));
    }
    return compress ? rewriter.writeGzip(Repair.LEVEL) : rewriter.write().toByteArray();
  }

  /** Returns the samples with a change: a counter that grew, or another value. */
  private static BitSet changed(StackTable table, StackReader scrape, int columns) {
    BitSet changed = scrape.others;
    long[] counters = scrape.counters;
    for (int i = table.difference(counters, 0); i >= 0; i = table.difference(counters, i + 1)) {
      int sample = scrape.first[i / columns] - 1;
      if (sample >= 0) {
        changed.set(sample);
      }
    }
    return changed;
  }

  private static long[] values(
      ProfileIndex index, StackTable table, StackReader scrape, int[] counting, BitSet kept)
      throws PprofException {
    int types = index.sampleTypes();
    int columns = counting.length;
    long[] rows = new long[kept.cardinality() * types];
    long[] row = new long[types];
    WireReader r = new WireReader(index.buf, 0, 0);
    WireReader values = new WireReader(index.buf, 0, 0);
    int to = 0;
    for (int n = kept.nextSetBit(0); n >= 0; n = kept.nextSetBit(n + 1)) {
      r.read(scrape.at[n], index.to);
      CheckedProfile.values(values.reset(r.start, r.pos), row);
      int entry = scrape.entries[n];
      // Several samples of one stack: the first takes the difference of all.
      boolean first = scrape.first[entry] == n + 1;
      for (int c = 0; c < columns; c++) {
        row[counting[c]] =
            first ? scrape.counters[entry * columns + c] - table.counter(entry, c) : 0;
      }
      System.arraycopy(row, 0, rows, to, types);
      to += types;
    }
    return rows;
  }
}
