package dev.psc.pprof;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads all samples of one scrape into the entries of a {@link StackTable}, checking and hashing in
 * one walk. Eight bytes are looked at together: the forms that writers use (packed numbers, tags of
 * one byte) are read without a branch per number; whatever else the wire allows takes the slow way
 * of {@link SampleChecker} and {@link StackHashes}, to the same result. Used once.
 */
final class StackReader {

  private static final int SAMPLE_TAG = Fields.SAMPLE << 3 | WireReader.BYTES;
  private static final int STACK_TAG = Fields.SAMPLE_LOCATION_ID << 3 | WireReader.BYTES;
  private static final int VALUES_TAG = Fields.SAMPLE_VALUE << 3 | WireReader.BYTES;
  private static final int LABEL_TAG = Fields.SAMPLE_LABEL << 3 | WireReader.BYTES;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;

  /** Powers of {@link StackHashes#BASE}. */
  private static final long P1 = 0xd6e8feb86659fd93L;

  private static final long P2 = 0x3be80d036f61e269L;
  private static final long P3 = 0xc1d580c23e77c74bL;
  private static final long P4 = 0x8210003a69cf8f11L;
  private static final long P5 = 0xb46b0a7e657bf3c3L;
  private static final long P6 = 0x3ce14a3f36dfaff9L;
  private static final long P7 = 0x9c9cd860f6ec20fbL;
  private static final long P8 = 0x43e8bf589f71ff21L;
  private static final long P16 = 0xce31725e3764c241L;

  /** The most bytes of a stack that is read without a loop, whose end a branch guesses wrong. */
  private static final int SHORT_STACK = 24;

  /** By number of bytes: which of the first, second and third eight belong to a short stack. */
  private static final long[] FIRST = masks(0);

  private static final long[] SECOND = masks(8);
  private static final long[] THIRD = masks(16);

  /** The most bytes of a label whose hash is remembered; one byte is left for its length. */
  private static final int SHORT_LABEL = 7;

  private static final int REMEMBERED_LABELS = 2048;

  private final Checker checker;
  private final ProfileIndex index;
  private final SampleChecker slow;
  private final StackHashes hashes;
  private final byte[] buf;
  private final int types;

  /** For each sample type which counter it is, -1 for the others. */
  private final int[] counterOf;

  private final int columns;
  private final long[] row;

  /** What makes a byte too large when it is no id of a location. */
  private final long above;

  private final long[] labelKeys = new long[REMEMBERED_LABELS];
  private final long[] labelHashes = new long[REMEMBERED_LABELS];

  /** Where the tag of each sample stands. */
  final int[] at;

  /** The entry of each sample; its complement where a column that counts nothing is not 0. */
  final int[] entries;

  /** Sums of the counters. */
  final long[] totals;

  /** Counters by entry, in the table's layout, and 0 where this scrape lacks an entry. */
  long[] counters;

  /** By entry: the first sample of it, counted from 1; 0 where this scrape lacks it. */
  int[] first;

  /** How many entries this scrape has. */
  int found;

  StackReader(Checker checker, int[] counting) throws PprofException {
    this.checker = checker;
    this.index = checker.index();
    this.slow = new SampleChecker(checker);
    this.hashes = new StackHashes(checker);
    this.buf = index.buf;
    above = Math.max(0, 0x7f - index.count[Fields.LOCATION]) * ONES;
    this.types = index.sampleTypes();
    this.columns = counting.length;
    this.row = new long[types];
    this.counterOf = new int[types];
    Arrays.fill(counterOf, -1);
    for (int c = 0; c < counting.length; c++) {
      counterOf[counting[c]] = c;
    }
    int samples = index.count[Fields.SAMPLE];
    totals = new long[columns];
    at = new int[samples];
    entries = new int[samples];
    first = new int[0];
    counters = new long[0];
  }

  /**
   * Reads the samples.
   *
   * @return false when one breaks a rule; the table then has entries that are to be taken out again
   */
  boolean read(StackTable table) throws PprofException {
    byte[] b = buf;
    table.rewind();
    reserve(table.capacity());
    WireReader top = index.over(Fields.SAMPLE);
    int p = top.pos;
    int end = top.end;
    int n = 0;
    while (p < end) {
      int tag = p;
      int start;
      if (b[p] == SAMPLE_TAG && end - p > 2) {
        int length = b[p + 1];
        start = p + 2;
        if (length < 0) {
          length = (length & 0x7f) | (b[start++] << 7);
        }
        if (length >= 0 && length <= end - start) {
          p = start + length;
          if (!sample(table, start, p, tag, n++)) {
            return false;
          }
          continue;
        }
      }
      top.reset(p, end);
      top.next();
      p = top.pos;
      if (top.field == Fields.SAMPLE && !sample(table, top.start, p, tag, n++)) {
        return false;
      }
    }
    return true;
  }

  private boolean sample(StackTable table, int start, int end, int tag, int n)
      throws PprofException {
    long key = end + Long.BYTES <= buf.length ? hash(start, end, n) : 0;
    if (key == 0) {
      long breaches = checker.breaches();
      slow.sample(start, end, n);
      if (checker.breaches() != breaches) {
        return false;
      }
      WireReader reader = new WireReader(buf, start, end);
      Opened.values(reader, row);
      key = hashes.sample(start, end);
    }
    int entry = table.entry(key);
    if (entry >= first.length) {
      reserve(table.capacity());
    }
    long other = 0;
    int from = entry * columns;
    for (int i = 0; i < types; i++) {
      int counter = counterOf[i];
      if (counter < 0) {
        other |= row[i];
      } else {
        counters[from + counter] += row[i];
        totals[counter] += row[i];
      }
    }
    if (first[entry] == 0) {
      first[entry] = n + 1;
      found++;
    }
    at[n] = tag;
    entries[n] = other != 0 ? ~entry : entry;
    return true;
  }

  private void reserve(int capacity) {
    first = Arrays.copyOf(first, capacity);
    counters = Arrays.copyOf(counters, capacity * columns);
  }

  /**
   * Returns the hash of a sample and leaves its values in the row; 0 to take the slow way. Fields
   * may come in any order: Go writes the stack first, others the values.
   */
  private long hash(int start, int end, int n) throws PprofException {
    byte[] b = buf;
    long stack = 0;
    boolean values = false;
    long labels = 0;
    int p = start;
    while (p < end) {
      int tag = b[p];
      int length = b[p + 1];
      p += 2;
      if (length < 0) {
        length = (length & 0x7f) | (b[p++] << 7);
      }
      if (length <= 0 || length > end - p) {
        return 0;
      }
      int from = p;
      p += length;
      if (tag == LABEL_TAG) {
        long label = length <= SHORT_LABEL ? label(from, p, n) : 0;
        if (label == 0) {
          return 0;
        }
        labels += label;
      } else if (tag == STACK_TAG && stack == 0) {
        stack = stack(from, p);
        if (stack == 0) {
          return 0;
        }
      } else if (tag == VALUES_TAG && !values) {
        values = true;
        if (!values(from, p)) {
          return 0;
        }
      } else {
        return 0;
      }
    }
    return values && stack != 0 ? StackHashes.joined(stack, labels) : 0;
  }

  /** Reads packed values of at most eight bytes each into the row; false when there are others. */
  private boolean values(int start, int end) {
    byte[] b = buf;
    long[] values = row;
    int bytes = end - start;
    if (bytes <= Long.BYTES) {
      long word = (long) LONGS.get(b, start) & FIRST[bytes];
      long ends = ~word & HIGH & FIRST[bytes];
      if (Long.bitCount(ends) != values.length || ends >>> ((bytes << 3) - 1) == 0) {
        return false;
      }
      int from = 0;
      for (int i = 0; i < values.length; i++) {
        int to = Long.numberOfTrailingZeros(ends) + 1;
        values[i] = joinSevens((word & (-1L >>> (Long.SIZE - to))) >>> from);
        ends &= ends - 1;
        from = to;
      }
      return true;
    }
    int p = start;
    for (int i = 0; i < values.length; i++) {
      if (p >= end) {
        return false;
      }
      long word = (long) LONGS.get(b, p);
      int bits = Long.numberOfTrailingZeros(~word & HIGH) + 1;
      if (bits > Long.SIZE) {
        return false;
      }
      p += bits >>> 3;
      values[i] = joinSevens(word & (-1L >>> (Long.SIZE - bits)));
    }
    return p == end;
  }

  /** Returns the hash of a short label; 0 when it breaks a rule. */
  private long label(int start, int end, int n) throws PprofException {
    int bytes = end - start;
    long bits = (1L << (bytes * 8)) - 1;
    long word = ((long) LONGS.get(buf, start) & bits) | ((long) bytes << 56);
    int slot = (int) ((word * P1) >>> 53);
    if (labelKeys[slot] != word) {
      long breaches = checker.breaches();
      slow.label(start, end, n);
      if (checker.breaches() != breaches) {
        return 0;
      }
      labelKeys[slot] = word;
      labelHashes[slot] = hashes.label(start, end);
    }
    return labelHashes[slot];
  }

  /** Joins the lower seven bits of each byte, as a varint has them. */
  private static long joinSevens(long bytes) {
    if (bytes >>> 32 == 0) {
      int low = (int) bytes;
      low = (low & 0x007f007f) | ((low & 0x7f007f00) >>> 1);
      return (low & 0x3fff) | ((low & 0x3fff0000) >>> 2);
    }
    long v = bytes & 0x7f7f7f7f7f7f7f7fL;
    v = (v & 0x007f007f007f007fL) | ((v & 0x7f007f007f007f00L) >>> 1);
    v = (v & 0x00003fff00003fffL) | ((v & 0x3fff00003fff0000L) >>> 2);
    return (v & 0x000000000fffffffL) | ((v & 0x0fffffff00000000L) >>> 4);
  }

  /** Returns the hash of packed location ids; 0 when one of them has to be looked at. */
  private long stack(int start, int end) {
    int bytes = end - start;
    if (bytes <= SHORT_STACK && start + SHORT_STACK <= buf.length) {
      long first = (long) LONGS.get(buf, start) & FIRST[bytes];
      long second = (long) LONGS.get(buf, start + 8) & SECOND[bytes];
      long third = (long) LONGS.get(buf, start + 16) & THIRD[bytes];
      long unsure =
          unsure(first, FIRST[bytes]) | unsure(second, SECOND[bytes]) | unsure(third, THIRD[bytes]);
      return unsure == 0
          ? eight(first) + eight(second) * P8 + eight(third) * P16
          : severalBytes(start, end, 0, 1);
    }
    long sum = 0;
    long power = 1;
    for (int p = start; p < end; p += 8) {
      long inside = FIRST[Math.min(end - p, 8)];
      long word = (long) LONGS.get(buf, p) & inside;
      if (unsure(word, inside) != 0) {
        return severalBytes(p, end, sum, power);
      }
      sum += eight(word) * power;
      power *= P8;
    }
    return sum;
  }

  /** Returns the bytes that are a part of an id, or 0, or no location's. */
  private long unsure(long word, long inside) {
    long ids = word | ~inside;
    return (word | ((ids - ONES) & ~ids) | (word + above)) & (HIGH & inside);
  }

  /** Returns the sum of eight ids' hashes, each times its power; the id 0 counts nothing. */
  private long eight(long word) {
    // Masked by the length itself, so that no index needs to be checked.
    long[] h = hashes.low;
    int mask = h.length - 1;
    return h[(int) word & mask]
        + h[(int) (word >>> 8) & mask] * P1
        + h[(int) (word >>> 16) & mask] * P2
        + h[(int) (word >>> 24) & mask] * P3
        + h[(int) (word >>> 32) & mask] * P4
        + h[(int) (word >>> 40) & mask] * P5
        + h[(int) (word >>> 48) & mask] * P6
        + h[(int) (word >>> 56) & mask] * P7;
  }

  private static long[] masks(int before) {
    long[] masks = new long[SHORT_STACK + 1];
    for (int bytes = before + 1; bytes < masks.length; bytes++) {
      masks[bytes] = -1L >>> (Long.SIZE - Math.min(bytes - before, Long.BYTES) * 8);
    }
    return masks;
  }

  /** Goes on with ids of one to three bytes, in any mix; branches would guess wrong too often. */
  private long severalBytes(int start, int end, long sumBefore, long powerBefore) {
    byte[] b = buf;
    long[] byId = hashes.byId;
    int count = index.count[Fields.LOCATION];
    long sum = sumBefore;
    long power = powerBefore;
    int p = start;
    while (p < end) {
      int low = b[p];
      int high = b[p + 1];
      int more = low >> 31;
      int id = (low & 0x7f) | ((high << 7) & more);
      p += 1 - more;
      if ((high & more) < 0) {
        id = (id & 0x3fff) | (b[p++] << 14);
      }
      if (id <= 0 || id > count) {
        return 0;
      }
      sum += byId[id] * power;
      power *= P1;
    }
    return p == end ? sum : 0;
  }
}
