package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Unwrapped;
import dev.psc.pprof.internal.wire.WireReader;

/** Opens profiles for the rewriting stages, which need every reference to be valid. */
final class CheckedProfile {

  private CheckedProfile() {}

  /**
   * Opens a body; a profile whose tables need it is repaired first.
   *
   * @throws PprofException if {@link Repair} rejects the profile
   */
  static Checker open(byte[] body, PprofLimits limits) throws PprofException {
    Checker checker = check(Unwrapped.open(body, limits));
    return isSound(checker) ? checker : repaired(body, limits);
  }

  /** Opens a body after repairing it. */
  static Checker repaired(byte[] body, PprofLimits limits) throws PprofException {
    return Repair.repair(body, limits, RepairContext.none()).written();
  }

  /** Checks a message, which must not break any rule that cannot be repaired. */
  static Checker check(byte[] buf, int from, int to) throws PprofException {
    Checker checker = Checker.require(ProfileIndex.scan(buf, from, to));
    return checker;
  }

  private static Checker check(Unwrapped open) throws PprofException {
    try {
      return check(open.buf(), open.from(), open.to());
    } catch (PprofException e) {
      throw open.explain(e);
    }
  }

  static boolean isSound(Checker checker) {
    for (PprofRule rule : PprofRule.values()) {
      if (checker.isBroken(rule)
          && rule != PprofRule.TIME_MISSING
          && rule != PprofRule.LABEL_NAME
          && rule != PprofRule.SAMPLE_TYPE_NAME
          && rule != PprofRule.SAMPLE_TYPE_DUPLICATE
          && rule != PprofRule.PERIOD_TYPE_NAME) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether comments describe the mappings, so that all of these must be kept. */
  static boolean namesExecutables(ProfileIndex index) throws PprofException {
    for (String comment : index.texts(index.comments())) {
      if (comment.startsWith(ExecutableComment.PREFIX)) {
        return true;
      }
    }
    return false;
  }

  /** Reads the values of one sample. */
  static void values(WireReader s, long[] row) throws PprofException {
    byte[] b = s.buf;
    int count = 0;
    while (s.next()) {
      if (s.field != ProfileFields.SAMPLE_VALUE) {
        continue;
      }
      if (s.type == WireReader.VARINT) {
        row[count++] = s.value;
        continue;
      }
      int end = s.pos;
      int p = s.start;
      while (p < end) {
        long value = b[p++];
        if (value < 0) {
          value &= 0x7f;
          int shift = 7;
          long next;
          do {
            next = b[p++];
            value |= (next & 0x7f) << shift;
            shift += 7;
          } while (next < 0);
        }
        row[count++] = value;
      }
    }
  }
}
