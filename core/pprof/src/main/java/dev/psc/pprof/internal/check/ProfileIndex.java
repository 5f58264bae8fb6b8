package dev.psc.pprof.internal.check;

import static dev.psc.pprof.format.PprofException.CORRUPT;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * The index of a profile, from one pass over its top level: how many entries each table has, where
 * it begins and ends, and the fields that are not repeated. Effectively immutable once scanned.
 */
public final class ProfileIndex {

  /** Far more than any profile has; each costs a value in every sample. */
  private static final int MAX_SAMPLE_TYPES = 1024;

  private static final int TOP = ProfileFields.DOC_URL + 1;

  /** Positions get room for an entry per so many bytes, which is enough for most profiles. */
  private static final int BYTES_PER_ENTRY = 64;

  private static final int MAX_FIRST_ENTRIES = 1 << 14;

  public final byte[] buf;
  public final int from;
  public final int to;

  /** Entries per field number. */
  public final int[] count = new int[TOP];

  /** The position of the first entry's tag, by field. */
  final int[] first = new int[TOP];

  /** The end of the last entry, by field. */
  final int[] last = new int[TOP];

  /**
   * The positions of the tags of locations and functions, in table order: writers scatter these two
   * over the whole profile, so that walking from the first to the last would be a walk over
   * everything.
   */
  public int[] locationAt = {};

  public int[] functionAt = {};

  /** The values of fields that are not repeated. */
  public final long[] single = new long[TOP];

  /** Payload of the period type; empty when there is none. */
  public int periodTypeStart;

  public int periodTypeEnd;

  private ProfileIndex(byte[] buf, int from, int to) {
    this.buf = buf;
    this.from = from;
    this.to = to;
  }

  public static ProfileIndex scan(byte[] buf, int from, int to) throws PprofException {
    ProfileIndex index = new ProfileIndex(buf, from, to);
    index.scan();
    return index;
  }

  private void scan() throws PprofException {
    WireReader r = new WireReader(buf, from, to);
    while (r.next()) {
      int field = r.field;
      if (field >= TOP) {
        continue;
      }
      if (field == ProfileFields.SAMPLE && r.type == WireReader.BYTES) {
        samples(r);
        continue;
      }
      if (count[field]++ == 0) {
        first[field] = r.tagStart;
      }
      last[field] = r.pos;
      if (field == ProfileFields.LOCATION) {
        locationAt = put(roomy(locationAt), count[field] - 1, r.tagStart);
      } else if (field == ProfileFields.FUNCTION) {
        functionAt = put(roomy(functionAt), count[field] - 1, r.tagStart);
      }
      if (field <= ProfileFields.STRING) {
        if (r.type != WireReader.BYTES) {
          throw wrongType("field " + field, r);
        }
      } else {
        single(field, r);
      }
    }
    if (sampleTypes() > MAX_SAMPLE_TYPES) {
      throw new PprofException(
          PprofException.TOO_LARGE,
          "sample_type",
          "the profile has "
              + sampleTypes()
              + " sample types, but at most "
              + MAX_SAMPLE_TYPES
              + " are supported: it is damaged");
    }
  }

  private int[] roomy(int[] positions) {
    return positions.length > 0
        ? positions
        : new int[Math.min(MAX_FIRST_ENTRIES, 16 + (to - from) / BYTES_PER_ENTRY)];
  }

  /** Steps over samples, which nearly all entries of a profile are. */
  private void samples(WireReader r) {
    if (count[ProfileFields.SAMPLE]++ == 0) {
      first[ProfileFields.SAMPLE] = r.tagStart;
    }
    count[ProfileFields.SAMPLE] += r.skip(ProfileFields.SAMPLE, Integer.MAX_VALUE);
    last[ProfileFields.SAMPLE] = r.pos;
  }

  private void single(int field, WireReader r) throws PprofException {
    if (field == ProfileFields.COMMENT) {
      if (r.type != WireReader.BYTES && r.type != WireReader.VARINT) {
        throw wrongType("comment", r);
      }
      return;
    }
    if (count[field] > 1) {
      throw new PprofException(
          PprofException.MULTIPLE_PROFILES,
          "byte " + r.tagStart,
          "a second profile begins before byte "
              + r.tagStart
              + " (field "
              + field
              + " is given twice): the server wrote two profiles one after the other; ask for one");
    }
    if (field == ProfileFields.PERIOD_TYPE) {
      if (r.type != WireReader.BYTES) {
        throw wrongType("period_type", r);
      }
      periodTypeStart = r.start;
      periodTypeEnd = r.pos;
    } else if (r.type == WireReader.VARINT) {
      single[field] = r.value;
    } else {
      throw wrongType("field " + field, r);
    }
  }

  static PprofException wrongType(String what, WireReader r) {
    return new PprofException(
        CORRUPT,
        "byte " + r.tagStart,
        "the profile is damaged: "
            + what
            + " has the wrong wire type "
            + r.type
            + " at byte "
            + r.tagStart
            + "; fetch it again");
  }

  public int sampleTypes() {
    return count[ProfileFields.SAMPLE_TYPE];
  }

  public int strings() {
    return count[ProfileFields.STRING];
  }

  /** Returns a reader over the part of the profile that holds all entries of a field. */
  public WireReader over(int field) {
    return new WireReader(buf, first[field], last[field]);
  }

  /** Returns the positions of the tags of all entries of a field. */
  public int[] positions(int field) throws PprofException {
    int[] positions = new int[count[field]];
    WireReader r = over(field);
    int n = 0;
    while (r.next()) {
      if (r.field == field) {
        positions[n++] = r.tagStart;
      }
    }
    return positions;
  }

  /** Returns the string indices of the comments, packed or not. */
  public long[] comments() throws PprofException {
    long[] comments = new long[count[ProfileFields.COMMENT]];
    int n = 0;
    WireReader r = over(ProfileFields.COMMENT);
    WireReader packed = new WireReader(buf, 0, 0);
    while (r.next()) {
      if (r.field != ProfileFields.COMMENT) {
        continue;
      }
      packed.reset(r.start, r.type == WireReader.BYTES ? r.pos : r.start);
      if (r.type == WireReader.VARINT) {
        comments = put(comments, n++, r.value);
      }
      while (packed.pos < packed.end) {
        comments = put(comments, n++, packed.varint());
      }
    }
    return Arrays.copyOf(comments, n);
  }

  private static int[] put(int[] array, int at, int value) {
    int[] target = at < array.length ? array : Arrays.copyOf(array, Math.max(64, at * 2));
    target[at] = value;
    return target;
  }

  private static long[] put(long[] array, int at, long value) {
    long[] target = at < array.length ? array : Arrays.copyOf(array, Math.max(8, at * 2));
    target[at] = value;
    return target;
  }

  /** Returns the strings at some indices, in one walk over the table; "" for those out of range. */
  public String[] texts(long[] wanted) throws PprofException {
    String[] texts = new String[wanted.length];
    Arrays.fill(texts, "");
    Integer[] order = new Integer[wanted.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    Arrays.sort(order, Comparator.comparingLong(i -> wanted[i]));
    int next = 0;
    while (next < order.length && wanted[order[next]] < 0) {
      next++;
    }
    WireReader r = over(ProfileFields.STRING);
    int n = 0;
    while (next < order.length && r.next()) {
      if (r.field != ProfileFields.STRING) {
        continue;
      }
      if (wanted[order[next]] == n) {
        String text = new String(buf, r.start, r.pos - r.start, StandardCharsets.UTF_8);
        while (next < order.length && wanted[order[next]] == n) {
          texts[order[next++]] = text;
        }
      }
      n++;
    }
    return texts;
  }

  /**
   * Returns type and unit of each sample type, then of the period type, as string indices; -1 where
   * there is no period type.
   */
  public long[] typeNames() throws PprofException {
    long[] names = new long[sampleTypes() * 2 + 2];
    WireReader r = over(ProfileFields.SAMPLE_TYPE);
    WireReader v = new WireReader(buf, 0, 0);
    int n = 0;
    while (r.next()) {
      if (r.field == ProfileFields.SAMPLE_TYPE) {
        valueType(v.reset(r.start, r.pos), names, n);
        n += 2;
      }
    }
    if (count[ProfileFields.PERIOD_TYPE] == 0) {
      names[n] = -1;
      names[n + 1] = -1;
    } else {
      valueType(v.reset(periodTypeStart, periodTypeEnd), names, n);
    }
    return names;
  }

  private static void valueType(WireReader v, long[] names, int at) throws PprofException {
    while (v.next()) {
      if (v.field <= ProfileFields.VALUE_TYPE_UNIT) {
        if (v.type != WireReader.VARINT) {
          throw wrongType("field " + v.field + " of a value type", v);
        }
        names[at + v.field - 1] = v.value;
      }
    }
  }
}
