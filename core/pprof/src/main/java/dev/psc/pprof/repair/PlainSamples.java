package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.SampleChecker;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Samples as writers write them, some hundred at a time: first all are located, then all stacks
 * hashed, then all labels, then all values read. Each is a short loop whose turns do not wait for
 * each other. Words of eight bytes are read together, without a branch per number; most of a
 * profile's words are ones that it had before, so what they mean is remembered. Whatever is not
 * plain is left to {@link StackReader}. Used once.
 */
final class PlainSamples {

  /** The number of samples that are located at a time. */
  private static final int SIZE = 512;

  private static final int SAMPLE_TAG = ProfileFields.SAMPLE << 3 | WireReader.BYTES;
  private static final int LOCATION_TAG = ProfileFields.LOCATION << 3 | WireReader.BYTES;
  private static final int FUNCTION_TAG = ProfileFields.FUNCTION << 3 | WireReader.BYTES;
  private static final int STACK_TAG = ProfileFields.SAMPLE_LOCATION_ID << 3 | WireReader.BYTES;
  private static final int VALUES_TAG = ProfileFields.SAMPLE_VALUE << 3 | WireReader.BYTES;
  private static final int LABEL_TAG = ProfileFields.SAMPLE_LABEL << 3 | WireReader.BYTES;

  /** The number of bytes after a sample that may be read. */
  private static final int MARGIN = 32;

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
  private static final int REMEMBERED_ROWS = 2048;
  private static final int REMEMBERED_WORDS = 4096;

  private final Checker checker;
  private final SampleChecker slow;
  private final StackHashes hashes;
  private final byte[] buf;
  private final int locations;

  /** An addend that sets the highest bit of a byte that is not the id of a location. */
  private final long above;

  /** The counter of each sample type, -1 for types that are not counters. */
  private final int[] counterOf;

  /** The number of values in a row: the counters, then all other values joined by or. */
  private final int stride;

  private final long[] row;

  /** Words of eight one-byte ids, as {@link #key} marks them, and their hashes, in turns. */
  private final long[] words = new long[2 * REMEMBERED_WORDS];

  private final long[] labels = new long[2 * REMEMBERED_LABELS];

  /** Packed values of at most eight bytes and their numbers, {@link #stride} apart. */
  final long[] rows;

  /** The number of samples that are located. */
  int count;

  /** The start of the packed ids of each sample. */
  private final int[] stackAt = new int[SIZE];

  private final int[] stackBytes = new int[SIZE];

  private final int[] valuesAt = new int[SIZE];
  private final int[] valuesBytes = new int[SIZE];

  /** The start of the label; 0 for a sample without one. */
  private final int[] labelAt = new int[SIZE];

  private final long[] stacks = new long[SIZE];

  /** The hash of each sample; 0 to take the slow way. */
  final long[] keys = new long[SIZE];

  PlainSamples(Checker checker, StackHashes hashes, int[] counterOf, int columns) {
    this.checker = checker;
    this.slow = new SampleChecker(checker);
    this.hashes = hashes;
    this.buf = checker.index().buf;
    this.locations = checker.index().count[ProfileFields.LOCATION];
    above = Math.max(0, 0x7f - locations) * ONES;
    this.counterOf = counterOf;
    stride = columns + 2;
    row = new long[counterOf.length];
    rows = new long[stride * (REMEMBERED_ROWS + 1)];
  }

  /**
   * Locates samples from a position on, as many as are plain and there is room for, stepping over
   * the locations and functions that writers put between them.
   *
   * @param at receives the positions of their tags, from the nth on
   * @return the position behind them
   */
  int locate(int from, int end, int[] at, int nth) {
    byte[] b = buf;
    int last = Math.min(end, b.length - MARGIN);
    int n = 0;
    int p = from;
    while (p < last && n < SIZE) {
      int length = b[p + 1];
      int body = p + 2;
      if (length < 0) {
        length = (length & 0x7f) | (b[body++] << 7);
      }
      int next = body + length;
      if (length < 0 || next > last) {
        break;
      }
      if (b[p] != SAMPLE_TAG) {
        if (b[p] != LOCATION_TAG && b[p] != FUNCTION_TAG) {
          break;
        }
        p = next;
        continue;
      }
      int first = body + 2;
      int firstBytes = b[body + 1];
      if (firstBytes < 0) {
        firstBytes = (firstBytes & 0x7f) | (b[first++] << 7);
      }
      int second = first + firstBytes + 2;
      if (firstBytes < 0 || second > next) {
        break;
      }
      int secondBytes = b[second - 1];
      if (secondBytes < 0) {
        secondBytes = (secondBytes & 0x7f) | (b[second++] << 7);
      }
      int label = second + secondBytes;
      boolean valuesFirst = b[body] == VALUES_TAG;
      if (secondBytes < 0
          || b[first + firstBytes] != (valuesFirst ? STACK_TAG : VALUES_TAG)
          || !(valuesFirst || b[body] == STACK_TAG)) {
        break;
      }
      if (label == next) {
        labelAt[n] = 0;
      } else {
        label += 2;
        if (label > next
            || b[label - 2] != LABEL_TAG
            || label + b[label - 1] != next
            || next - label > SHORT_LABEL) {
          break;
        }
        labelAt[n] = label;
      }
      at[nth + n] = p;
      stackAt[n] = valuesFirst ? second : first;
      stackBytes[n] = valuesFirst ? secondBytes : firstBytes;
      valuesAt[n] = valuesFirst ? first : second;
      valuesBytes[n] = valuesFirst ? firstBytes : secondBytes;
      n++;
      p = next;
    }
    count = n;
    return p;
  }

  /** Hashes the located samples; the first is the profile's n-th sample. */
  void hash(int n) throws PprofException {
    hashStacks();
    hashLabels(n);
  }

  private void hashStacks() {
    byte[] b = buf;
    long[] known = words;
    for (int i = 0; i < count; i++) {
      int start = stackAt[i];
      int bytes = stackBytes[i];
      if (bytes > SHORT_STACK) {
        stacks[i] = stack(start, start + bytes);
        continue;
      }
      long first = (long) LONGS.get(b, start) & FIRST[bytes];
      long second = (long) LONGS.get(b, start + 8) & SECOND[bytes];
      long third = (long) LONGS.get(b, start + 16) & THIRD[bytes];
      long firstKey = key(first, FIRST[bytes]);
      long secondKey = key(second, SECOND[bytes]);
      long thirdKey = key(third, THIRD[bytes]);
      int x = slot(firstKey);
      int y = slot(secondKey);
      int z = slot(thirdKey);
      stacks[i] =
          (((first | second | third) & HIGH)
                      | (known[x] ^ firstKey)
                      | (known[y] ^ secondKey)
                      | (known[z] ^ thirdKey))
                  == 0
              ? known[x + 1] + known[y + 1] * P8 + known[z + 1] * P16
              : shortStack(start, bytes);
    }
  }

  private void hashLabels(int n) throws PprofException {
    byte[] b = buf;
    long[] known = labels;
    for (int i = 0; i < count; i++) {
      int start = labelAt[i];
      long hash = 0;
      if (start != 0) {
        int bytes = b[start - 1]; // From 1 to SHORT_LABEL.
        long word = ((long) LONGS.get(b, start) & FIRST[bytes]) | ((long) bytes << 56);
        int slot = (int) ((word * P1) >>> 53) << 1;
        hash =
            known[slot] == word ? known[slot + 1] : label(start, start + bytes, n + i, slot, word);
        if (hash == 0) {
          keys[i] = 0;
          continue;
        }
      }
      long stack = stacks[i];
      keys[i] = stack == 0 ? 0 : StackHashes.joined(stack, hash);
    }
  }

  /**
   * Reads the values of one of the samples.
   *
   * @return their position in {@link #rows} until the next are read, or -1 to use the slow path
   */
  int row(int sample) {
    int start = valuesAt[sample];
    int bytes = valuesBytes[sample];
    if (bytes > 0 && bytes <= Long.BYTES && buf[start + bytes - 1] >= 0) {
      // Turned over, so that the highest bit of the last byte that is there is 1: words of
      // different lengths differ, and none is 0 as empty slots are.
      long word = ~(long) LONGS.get(buf, start) & FIRST[bytes];
      int slot = (int) ((word * P1) >>> 53) * stride;
      if (rows[slot] == word || rememberRow(slot, word, start, bytes)) {
        return slot + 1;
      }
    }
    return values(start, start + bytes) ? spareRow(row) : -1;
  }

  private boolean rememberRow(int slot, long word, int start, int bytes) {
    if (!values(start, start + bytes)) {
      return false;
    }
    rows[slot] = word;
    fill(row, slot + 1);
    return true;
  }

  private void fill(long[] values, int to) {
    long other = 0;
    for (int i = 0; i < values.length; i++) {
      int counter = counterOf[i];
      if (counter < 0) {
        other |= values[i];
      } else {
        rows[to + counter] = values[i];
      }
    }
    rows[to + stride - 2] = other;
  }

  /** Brings values into the layout of {@link #rows}, in a row that the next ones take. */
  int spareRow(long[] values) {
    int to = rows.length - stride;
    fill(values, to);
    return to;
  }

  private long shortStack(int start, int bytes) {
    long first = (long) LONGS.get(buf, start) & FIRST[bytes];
    long second = (long) LONGS.get(buf, start + 8) & SECOND[bytes];
    long third = (long) LONGS.get(buf, start + 16) & THIRD[bytes];
    long unsure =
        unsure(first, FIRST[bytes]) | unsure(second, SECOND[bytes]) | unsure(third, THIRD[bytes]);
    if (unsure != 0) {
      return severalBytes(start, start + bytes, 0, 1);
    }
    return remember(key(first, FIRST[bytes]), first)
        + remember(key(second, SECOND[bytes]), second) * P8
        + remember(key(third, THIRD[bytes]), third) * P16;
  }

  /**
   * Returns a key of a word of one-byte ids, from its bytes and their number: the highest bits,
   * which such ids do not have, mark the bytes that are there. Only no bytes at all give 0, as
   * empty slots have, and their hash is 0 too.
   */
  private static long key(long word, long inside) {
    return word | (inside & HIGH);
  }

  private static int slot(long key) {
    return (int) ((key * P1) >>> 52) << 1;
  }

  private long remember(long key, long word) {
    int slot = slot(key);
    long hash = eight(word);
    words[slot] = key;
    words[slot + 1] = hash;
    return hash;
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

  /** Checks a short label and remembers its hash; returns 0 when it breaks a rule. */
  private long label(int start, int end, int n, int slot, long word) throws PprofException {
    long breaches = checker.breaches();
    slow.label(start, end, n);
    if (checker.breaches() != breaches) {
      return 0;
    }
    labels[slot] = word;
    long hash = hashes.label(start, end);
    labels[slot + 1] = hash;
    return hash;
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

  /** Returns the hash of many packed location ids; 0 if one of them has to be read by itself. */
  private long stack(int start, int end) {
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

  /** Continues with ids of one to three bytes; branches would be mispredicted too often. */
  private long severalBytes(int start, int end, long sumBefore, long powerBefore) {
    byte[] b = buf;
    long[] byId = hashes.byId;
    int count = locations;
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
