package dev.psc.pprof.internal.check;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.internal.wire.IdMap;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A check of a profile's samples against the rules. Their stacks are most of a profile's bytes, so
 * where ids count up eight bytes of these are read together; the rest goes through a {@link
 * WireReader}.
 */
public final class SampleChecker {

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
  private final WireReader sample;
  private final WireReader inner;
  private final LabelNames labelNames;

  public SampleChecker(Checker checker) {
    this.checker = checker;
    this.index = checker.index();
    this.buf = index.buf;
    this.locations = checker.locations;
    this.strings = index.strings();
    this.types = index.sampleTypes();
    this.top = index.over(ProfileFields.SAMPLE);
    this.sample = new WireReader(buf, 0, 0);
    this.inner = new WireReader(buf, 0, 0);
    this.labelNames = new LabelNames(index);
  }

  /** Returns the names of the labels of the samples that were checked. */
  LabelNames labelNames() {
    return labelNames;
  }

  void run() throws PprofException {
    int n = 0;
    while (top.next()) {
      if (top.field == ProfileFields.SAMPLE) {
        sample(top.start, top.pos, n++);
      }
    }
  }

  public void sample(int start, int end, int n) throws PprofException {
    int values = 0;
    sample.reset(start, end);
    while (sample.next()) {
      values += field(sample, n);
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
  private int field(WireReader f, int n) throws PprofException {
    if (f.field > ProfileFields.SAMPLE_LABEL) {
      return 0;
    }
    boolean packed = f.type == WireReader.BYTES;
    if (!packed && (f.type != WireReader.VARINT || f.field == ProfileFields.SAMPLE_LABEL)) {
      throw ProfileIndex.wrongType("field " + f.field + " of sample[" + n + "]", f);
    }
    if (f.field == ProfileFields.SAMPLE_VALUE) {
      return packed ? countVarints(f.start, f.pos) : 1;
    }
    if (f.field == ProfileFields.SAMPLE_LABEL) {
      label(f.start, f.pos, n);
    } else if (packed) {
      stack(f.start, f.pos, n);
    } else {
      location(f.value, n);
    }
    return 0;
  }

  /**
   * Checks packed ids. Where ids count up, eight bytes are read together: the check only needs that
   * no id is 0 or above the number of locations. Other ids are read one by one.
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
    inner.reset(p, end);
    while (inner.pos < end) {
      location(inner.varint(), n);
    }
  }

  private void location(long id, int n) throws PprofException {
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
    int count = 0;
    inner.reset(start, end);
    for (; inner.pos < end; count++) {
      inner.varint();
    }
    return count;
  }

  public void label(int start, int end, int n) throws PprofException {
    WireReader l = inner.reset(start, end);
    long key = 0;
    while (l.next()) {
      if (l.field > ProfileFields.LABEL_NUM_UNIT) {
        continue;
      }
      if (l.type != WireReader.VARINT) {
        throw ProfileIndex.wrongType("a label of sample[" + n + "]", l);
      }
      switch (l.field) {
        case ProfileFields.LABEL_KEY -> {
          key = l.value;
          checker.text(key, "sample", n, "label.key");
        }
        case ProfileFields.LABEL_STR -> checker.text(l.value, "sample", n, "label.str");
        case ProfileFields.LABEL_NUM_UNIT -> checker.text(l.value, "sample", n, "label.num_unit");
        default -> {}
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
}
