package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The binary format of CPU profiles of gperftools, and of Java agents of that time: words of 4 or 8
 * bytes in either order, and a text with the memory map or the names of functions.
 */
final class CpuWords {

  private final byte[] buf;
  private final int to;
  private final int width;
  private final boolean littleEndian;
  private int pos;
  private boolean exhausted;

  private CpuWords(byte[] buf, int from, int to, int width, boolean littleEndian) {
    this.buf = buf;
    this.pos = from;
    this.to = to;
    this.width = width;
    this.littleEndian = littleEndian;
  }

  /** Returns the profile, or null if the bytes have another format. */
  static @Nullable Draft read(byte[] buf, int from, int to, PprofLimits limits)
      throws PprofException {
    for (int width = 4; width <= 8; width += 4) {
      for (boolean littleEndian : new boolean[] {true, false}) {
        CpuWords words = new CpuWords(buf, from, to, width, littleEndian);
        boolean starts = words.word() == 0 && words.word() == 3;
        long java = words.word();
        long period = words.word();
        if (starts && java >>> 1 == 0 && period != 0 && words.word() == 0 && !words.exhausted) {
          Draft draft = new Draft(to - from, limits);
          return words.samples(draft, period * 1_000, java == 1);
        }
      }
    }
    return null;
  }

  private @Nullable Draft samples(Draft draft, long period, boolean java) throws PprofException {
    draft.type("samples", "count").type("cpu", "nanoseconds").period("cpu", "nanoseconds", period);
    while (pos < to) {
      long count = word();
      long depth = word();
      if (exhausted || depth < 0 || depth > (to - pos) / 4) {
        return null;
      }
      if (depth > Draft.MAX_DEPTH) {
        throw new PprofException(
            PprofException.TOO_LARGE,
            "byte " + pos,
            "a stack has " + depth + " frames, of which " + Draft.MAX_DEPTH + " are allowed");
      }
      long[] stack = new long[(int) depth];
      for (int i = 0; i < stack.length; i++) {
        stack[i] = word();
      }
      if (count == 0 && Arrays.equals(stack, new long[1])) {
        break;
      }
      if (!java) {
        Draft.toCalls(stack, false);
      }
      draft.sample(stack, 0, count, count * period);
    }
    Lines rest = new Lines(buf, Math.min(pos, to), to);
    if (java) {
      JavaText.names(rest, draft);
    } else {
      draft.withoutSignalHandler();
      draft.map(MemoryMap.read(rest));
      draft.withoutRepeatedLeaves();
    }
    return draft;
  }

  private long word() {
    if (to - pos < width) {
      exhausted = true;
      pos = to;
      return 0;
    }
    long word = 0;
    for (int i = 0; i < width; i++) {
      word = word << 8 | (buf[littleEndian ? pos + width - 1 - i : pos + i] & 0xff);
    }
    pos += width;
    return word;
  }
}
