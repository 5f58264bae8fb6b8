package dev.psc.pprof;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Holds the samples of a profile to the rules. Samples are most of a profile's bytes, so the forms
 * that writers use (packed numbers, tags of one byte) are read with nothing but local variables;
 * whatever else the wire allows goes through a {@link WireReader}.
 */
final class SampleChecker {

  private static final int SAMPLE_TAG = Fields.SAMPLE << 3 | WireReader.BYTES;
  private static final int STACK_TAG = Fields.SAMPLE_LOCATION_ID << 3 | WireReader.BYTES;
  private static final int VALUES_TAG = Fields.SAMPLE_VALUE << 3 | WireReader.BYTES;
  private static final int LABEL_TAG = Fields.SAMPLE_LABEL << 3 | WireReader.BYTES;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH = 0x8080808080808080L;

  private final Checker checker;
  private final ProfileIndex index;
  private final byte[] buf;
  private final IdMap locations;
  private final int strings;
  private final int types;
  private final WireReader top;
  private final WireReader field;
  private final WireReader slow;
  private final LabelNames labelNames;

  SampleChecker(Checker checker) {
    this.checker = checker;
    this.index = checker.index();
    this.buf = index.buf;
    this.locations = checker.locations;
    this.strings = index.strings();
    this.types = index.sampleTypes();
    this.top = index.over(Fields.SAMPLE);
    this.field = new WireReader(buf, 0, 0);
    this.slow = new WireReader(buf, 0, 0);
    this.labelNames = new LabelNames(index);
  }

  /** Returns the names of the labels of the samples that were checked. */
  LabelNames labelNames() {
    return labelNames;
  }

  void run() throws PprofException {
    byte[] b = buf;
    int p = top.pos;
    int end = top.end;
    int n = 0;
    while (p < end) {
      // A tag, a length of at most two bytes, a payload: nearly always.
      if (b[p] == SAMPLE_TAG && end - p > 2) {
        int length = b[p + 1];
        int start = p + 2;
        if (length < 0 && b[p + 2] >= 0) {
          length = (length & 0x7f) | b[p + 2] << 7;
          start++;
        }
        if (length >= 0 && length <= end - start) {
          p = start + length;
          sample(start, p, n++);
          continue;
        }
      }
      top.reset(p, end);
      top.next();
      p = top.pos;
      if (top.field == Fields.SAMPLE) {
        sample(top.start, p, n++);
      }
    }
  }

  void sample(int start, int end, int n) throws PprofException {
    byte[] b = buf;
    int values = 0;
    int p = start;
    while (p < end) {
      int tag = b[p];
      if ((tag == STACK_TAG || tag == VALUES_TAG || tag == LABEL_TAG) && p + 1 < end) {
        int length = b[p + 1];
        int from = p + 2;
        if (length < 0 && from < end && b[from] >= 0) {
          length = (length & 0x7f) | b[from] << 7;
          from++;
        }
        if (length >= 0 && length <= end - from) {
          p = from + length;
          if (tag == STACK_TAG) {
            stack(from, p, n);
          } else if (tag == VALUES_TAG) {
            values += countVarints(from, p);
          } else {
            label(from, p, n);
          }
          continue;
        }
      }
      field.reset(p, end);
      field.next();
      p = field.pos;
      values += anyField(n);
    }
    if (values != types) {
      if (checker.breached(PprofRule.VALUE_COUNT)) {
        checker.list(
            PprofRule.VALUE_COUNT,
            "sample[" + n + "].value",
            "the sample has " + values + " values where there are " + types + " sample types");
      }
    }
  }

  /** Checks the field just read; returns how many values it has. */
  private int anyField(int n) throws PprofException {
    WireReader f = field;
    if (f.field > Fields.SAMPLE_LABEL) {
      return 0;
    }
    boolean packed = f.type == WireReader.BYTES;
    if (!packed && (f.type != WireReader.VARINT || f.field == Fields.SAMPLE_LABEL)) {
      throw ProfileIndex.wrongType("field " + f.field + " of sample[" + n + "]", f);
    }
    if (f.field == Fields.SAMPLE_VALUE) {
      return packed ? countVarints(f.start, f.pos) : 1;
    }
    if (f.field == Fields.SAMPLE_LABEL) {
      label(f.start, f.pos, n);
    } else if (packed) {
      stack(f.start, f.pos, n);
    } else {
      location(f.value, n);
    }
    return 0;
  }

  /**
   * Checks packed ids. Where ids count up, eight bytes are looked at together: all that has to be
   * known is that no id is 0 or above the number of locations. Whatever is not plain to see there
   * is read one by one.
   */
  private void stack(int start, int end, int n) throws PprofException {
    int count = locations.size();
    int p = start;
    if (locations.isSequential() && count > 0x7f) {
      // Ids of two bytes whose second is below this are in range.
      int safe = Math.min(count >> 7, 0x80);
      long bias = (0x80 - safe) * ONES;
      long carry = 0;
      for (; p + 8 <= end; p += 8) {
        long word = (long) LONGS.get(buf, p);
        long more = word & HIGH;
        long second = more << 8 | carry;
        if ((more & second) != 0 || ((word - ONES) & ~word & HIGH) != 0) {
          break; // An id of three bytes, or a 0.
        }
        long seconds = word & (second >>> 7) * 0xff;
        for (long unsure = seconds + bias & HIGH; unsure != 0; unsure &= unsure - 1) {
          int at = p + (Long.numberOfTrailingZeros(unsure) >> 3);
          int id = (buf[at - 1] & 0x7f) | buf[at] << 7;
          if (id > count) {
            location(id, n);
          }
        }
        carry = more >>> 56;
      }
      if (carry != 0) {
        p--;
      }
    }
    oneByOne(p, end, n);
  }

  private void oneByOne(int start, int end, int n) throws PprofException {
    byte[] b = buf;
    boolean sequential = locations.isSequential();
    int count = locations.size();
    int p = start;
    while (p < end) {
      long id = b[p++];
      if (id < 0) {
        if (p < end && b[p] >= 0) {
          id = (id & 0x7f) | b[p++] << 7;
        } else {
          slow.reset(p - 1, end);
          id = slow.varint();
          p = slow.pos;
        }
      }
      if (id <= 0 || id > count || !sequential) {
        location(id, n);
      }
    }
  }

  private void location(long id, int n) {
    if (id == 0) {
      if (checker.breached(PprofRule.STACK_LOCATION_ZERO)) {
        checker.list(
            PprofRule.STACK_LOCATION_ZERO,
            "sample[" + n + "].location_id",
            "a location id of the sample is 0");
      }
    } else if (locations.indexOf(id) < 0) {
      if (checker.breached(PprofRule.STACK_LOCATION_MISSING)) {
        checker.list(
            PprofRule.STACK_LOCATION_MISSING,
            "sample[" + n + "].location_id",
            "there is no location with the id " + Long.toUnsignedString(id));
      }
    }
  }

  private int countVarints(int start, int end) throws PprofException {
    byte[] b = buf;
    int count = 0;
    int run = 0;
    for (int p = start; p < end; p++) {
      if (b[p] >= 0) {
        count++;
        run = 0;
      } else if (++run > 8) {
        break;
      }
    }
    if (run != 0) {
      // One of ten bytes, too long, or cut: the slow way tells which.
      count = 0;
      slow.reset(start, end);
      for (; slow.pos < end; count++) {
        slow.varint();
      }
    }
    return count;
  }

  void label(int start, int end, int n) throws PprofException {
    byte[] b = buf;
    long key = 0;
    int p = start;
    while (p < end) {
      int tag = b[p];
      long value;
      if (tag > 0 && tag <= Fields.LABEL_NUM_UNIT << 3 && (tag & 7) == 0 && p + 1 < end) {
        value = b[++p];
        if (value >= 0) {
          p++;
        } else {
          slow.reset(p, end);
          value = slow.varint();
          p = slow.pos;
        }
      } else {
        slow.reset(p, end);
        slow.next();
        p = slow.pos;
        if (slow.field > Fields.LABEL_NUM_UNIT) {
          continue;
        }
        if (slow.type != WireReader.VARINT) {
          throw ProfileIndex.wrongType("a label of sample[" + n + "]", slow);
        }
        tag = slow.field << 3;
        value = slow.value;
      }
      if (tag == Fields.LABEL_KEY << 3) {
        key = value;
      }
      if (tag != Fields.LABEL_NUM << 3 && (value < 0 || value >= strings)) {
        checker.text(value, "sample", n, labelField(tag >> 3));
      }
    }
    if (key == 0) {
      if (checker.breached(PprofRule.LABEL_KEY)) {
        checker.list(
            PprofRule.LABEL_KEY, "sample[" + n + "].label", "a label of the sample has no key");
      }
    }
    if (key >= 0 && key < strings) {
      labelNames.use((int) key);
    }
  }

  private static String labelField(int number) {
    return switch (number) {
      case Fields.LABEL_KEY -> "label.key";
      case Fields.LABEL_STR -> "label.str";
      default -> "label.num_unit";
    };
  }
}
