package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * 64-bit hashes of samples by their meaning: the addresses and lines of their stack and their
 * labels, never ids or positions, which differ from one scrape to the next. Two of a hundred
 * thousand stacks share a hash with a probability of about 3 in 10^10. Ids must count up from 1 and
 * every reference be sound.
 */
final class StackHashes {

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long M1 = 0xff51afd7ed558ccdL;
  private static final long M2 = 0x9e3779b97f4a7c15L;

  /** A stack's hash is the sum of its locations' hashes times a power of this by position. */
  static final long BASE = 0xd6e8feb86659fd93L;

  /** Hashes by location id; 0 for the id 0. */
  final long[] byId;

  /** The hashes of the ids below 128, as many; 0 for those that are no location's. */
  final long[] low;

  private final byte[] buf;
  private final long[] strings;
  private final WireReader inner;
  private final WireReader innermost;

  StackHashes(Checker checker) throws PprofException {
    ProfileIndex index = checker.index();
    buf = index.buf;
    inner = new WireReader(buf, 0, 0);
    innermost = new WireReader(buf, 0, 0);
    strings = strings(index);
    byId = locations(index, functions(index));
    low = Arrays.copyOf(byId, 128);
  }

  private static long[] strings(ProfileIndex index) throws PprofException {
    long[] hashes = new long[index.strings()];
    WireReader r = index.over(ProfileFields.STRING);
    int n = 0;
    while (r.next()) {
      if (r.field == ProfileFields.STRING) {
        hashes[n++] = hash(index.buf, r.start, r.pos);
      }
    }
    return hashes;
  }

  private static long hash(byte[] b, int from, int to) {
    long h = (long) to - from;
    int p = from;
    for (; p + 8 <= to; p += 8) {
      h = step(h, (long) LONGS.get(b, p));
    }
    long rest = 0;
    for (; p < to; p++) {
      rest = rest << 8 | (b[p] & 0xff);
    }
    return mix(step(h, rest));
  }

  private long[] functions(ProfileIndex index) throws PprofException {
    int count = index.count[ProfileFields.FUNCTION];
    long[] hashes = new long[count + 1];
    WireReader r = new WireReader(buf, 0, 0);
    for (int n = 0; n < count; n++) {
      r.read(index.functionAt[n], index.to);
      WireReader f = inner.reset(r.start, r.pos);
      long h = 1;
      while (f.next()) {
        if (f.field >= ProfileFields.FUNCTION_NAME && f.field <= ProfileFields.FUNCTION_FILENAME) {
          h += mix(strings[(int) f.value] + f.field * M2);
        }
      }
      hashes[n + 1] = h;
    }
    return hashes;
  }

  private long[] locations(ProfileIndex index, long[] functions) throws PprofException {
    int count = index.count[ProfileFields.LOCATION];
    long[] hashes = new long[count + 1];
    WireReader r = new WireReader(buf, 0, 0);
    for (int n = 0; n < count; n++) {
      r.read(index.locationAt[n], index.to);
      WireReader l = inner.reset(r.start, r.pos);
      long lines = 0;
      long address = 0;
      while (l.next()) {
        if (l.field == ProfileFields.LOCATION_ADDRESS) {
          address = l.value;
        } else if (l.field == ProfileFields.LOCATION_LINE) {
          WireReader line = innermost.reset(l.start, l.pos);
          long function = 0;
          long number = 0;
          while (line.next()) {
            if (line.field == ProfileFields.LINE_FUNCTION_ID) {
              function = line.value;
            } else if (line.field == ProfileFields.LINE_LINE) {
              number = line.value;
            }
          }
          lines = step(lines, mix(number * M1) + functions[(int) function]);
        }
      }
      hashes[n + 1] = mix(step(lines, address));
    }
    return hashes;
  }

  /** Returns the hash of one sample in whatever form the wire allows. */
  long sample(int start, int end) throws PprofException {
    WireReader s = inner.reset(start, end);
    long stack = 0;
    long power = 1;
    long labels = 0;
    while (s.next()) {
      if (s.field == ProfileFields.SAMPLE_LOCATION_ID) {
        if (s.type == WireReader.VARINT) {
          stack += byId[(int) s.value] * power;
          power *= BASE;
        } else {
          innermost.reset(s.start, s.pos);
          while (innermost.pos < innermost.end) {
            stack += byId[(int) innermost.varint()] * power;
            power *= BASE;
          }
        }
      } else if (s.field == ProfileFields.SAMPLE_LABEL) {
        labels += label(s.start, s.pos);
      }
    }
    return joined(stack, labels);
  }

  static long joined(long stack, long labels) {
    return folded(stack ^ M1, labels ^ M2);
  }

  /** Returns the hash of one label; those of a sample add up. */
  long label(int start, int end) throws PprofException {
    WireReader l = innermost.reset(start, end);
    long h = 3;
    while (l.next()) {
      switch (l.field) {
        case ProfileFields.LABEL_KEY -> h += strings[(int) l.value];
        case ProfileFields.LABEL_STR, ProfileFields.LABEL_NUM_UNIT ->
            h += l.value == 0 ? 0 : mix(strings[(int) l.value] + l.field * M2);
        case ProfileFields.LABEL_NUM -> h += mix(l.value * M1 + M2);
        default -> {}
      }
    }
    return mix(h);
  }

  private static long step(long h, long word) {
    return folded(h ^ word, M1) + M2;
  }

  /** Returns both halves of a product, so that every bit of one reaches all bits of the result. */
  static long folded(long a, long b) {
    return Math.multiplyHigh(a, b) ^ (a * b);
  }

  private static long mix(long word) {
    long h = word;
    h = (h ^ (h >>> 32)) * M1;
    h = (h ^ (h >>> 29)) * BASE;
    return h ^ (h >>> 32);
  }
}
