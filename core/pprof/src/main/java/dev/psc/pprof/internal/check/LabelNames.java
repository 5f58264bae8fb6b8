package dev.psc.pprof.internal.check;

import dev.psc.label.LegalNames;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.Sniffer;
import dev.psc.pprof.internal.wire.WireReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names of the labels of one profile's samples: their strings, whether they are legal in a
 * store, and legal replacements. Different names stay different.
 */
public final class LabelNames {

  /** Far more than any profile has; each becomes a column of the store. */
  private static final int MAX_NAMES = 1 << 14;

  /** The key of labels without one, unless another has it. */
  private static final String UNNAMED_LABEL = "unnamed";

  /** Limit on the new names that the report lists one by one. */
  private static final int MAX_REPORTED = 20;

  /**
   * The new names of illegal names.
   *
   * @param positions their positions in the string table, in ascending order
   * @param names the new names of these
   * @param unnamed the name of labels without a key
   * @param report the changes, as sentences
   */
  @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
  public record Renaming(int[] positions, String[] names, String unnamed, List<String> report) {}

  private final ProfileIndex index;
  private final long[] used;

  LabelNames(ProfileIndex index) {
    this.index = index;
    used = new long[(index.strings() + Long.SIZE - 1) / Long.SIZE];
  }

  /** Notes that a string, which exists, is the key of a label. */
  void use(int string) {
    used[string >> 6] |= 1L << string;
  }

  private boolean isUsed(int string) {
    return (used[string >> 6] & 1L << string) != 0;
  }

  /** Checks the names against {@link PprofRule#LABEL_NAME}. */
  void check(Checker checker) throws PprofException {
    int count = 0;
    for (long word : used) {
      count += Long.bitCount(word);
    }
    if (count > MAX_NAMES) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "label",
          "the samples have "
              + count
              + " label names, but at most "
              + MAX_NAMES
              + " are supported; use fewer label names");
    }
    WireReader r = index.over(ProfileFields.STRING);
    for (int n = 0; count > 0 && r.next(); ) {
      if (r.field != ProfileFields.STRING || !isUsed(n++)) {
        continue;
      }
      count--;
      boolean none = n == 1 && r.start == r.pos; // Without a key: another rule's.
      if (!none
          && !isLegalName(index.buf, r.start, r.pos)
          && checker.breached(PprofRule.LABEL_NAME)) {
        checker.list(
            PprofRule.LABEL_NAME,
            "string_table[" + (n - 1) + "]",
            "the label name "
                + Sniffer.printable(index.buf, r.start, r.pos)
                + " does not match [a-zA-Z_][a-zA-Z0-9_]*");
      }
    }
  }

  /**
   * Finds a legal name for each that is not: other characters become {@code _}, and where that is
   * the name of another label already, {@code _2}, {@code _3}, … is put behind, in the order of the
   * string table.
   */
  public Renaming renamed() throws PprofException {
    List<Integer> positions = new ArrayList<>();
    List<byte[]> illegal = new ArrayList<>();
    Set<String> taken = new HashSet<>();
    WireReader r = index.over(ProfileFields.STRING);
    for (int n = 0; n < index.strings() && r.next(); ) {
      if (r.field != ProfileFields.STRING) {
        continue;
      }
      int position = n++;
      if (!isUsed(position) || (position == 0 && r.start == r.pos)) {
        continue;
      }
      if (isLegalName(index.buf, r.start, r.pos)) {
        taken.add(new String(index.buf, r.start, r.pos - r.start, StandardCharsets.ISO_8859_1));
      } else {
        positions.add(position);
        illegal.add(Arrays.copyOfRange(index.buf, r.start, r.pos));
      }
    }
    FreeNames free = new FreeNames(taken);
    List<String> report = new ArrayList<>();
    // By bytes, as texts that are no UTF-8 may differ in those alone.
    Map<String, String> names = new HashMap<>();
    String[] renamed = new String[illegal.size()];
    for (int i = 0; i < renamed.length; i++) {
      byte[] bytes = illegal.get(i);
      String old = new String(bytes, StandardCharsets.ISO_8859_1);
      String known = names.get(old);
      if (known == null) {
        String legal =
            bytes.length == 0
                ? UNNAMED_LABEL
                : LegalNames.labelName(new String(bytes, StandardCharsets.UTF_8));
        known = free.take(legal);
        names.put(old, known);
        if (names.size() <= MAX_REPORTED) {
          report.add(
              "renamed label "
                  + Sniffer.printable(bytes, 0, bytes.length)
                  + " to "
                  + known
                  + (known.equals(legal) ? "" : ", as another label is " + legal));
        }
      }
      renamed[i] = known;
    }
    if (names.size() > MAX_REPORTED) {
      report.add("renamed " + (names.size() - MAX_REPORTED) + " more labels");
    }
    return new Renaming(
        positions.stream().mapToInt(Integer::intValue).toArray(),
        renamed,
        free.take(UNNAMED_LABEL),
        report);
  }

  /** Returns whether bytes are a name that {@link LegalNames#labelName} leaves unchanged. */
  public static boolean isLegalName(byte[] buf, int from, int to) {
    for (int i = from; i < to; i++) {
      int c = buf[i];
      boolean digit = c >= '0' && c <= '9';
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!letter && !(digit && i > from)) {
        return false;
      }
    }
    return from < to;
  }
}
