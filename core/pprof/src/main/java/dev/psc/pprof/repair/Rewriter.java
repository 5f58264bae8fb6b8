package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.internal.check.Checker;
import dev.psc.pprof.internal.check.ProfileIndex;
import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.IdMap;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireReader;
import dev.psc.pprof.internal.wire.WireWriter;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A writer of a profile that follows a plan: which entries, strings and samples stay, with which
 * ids, positions and values. Everything else, unknown fields included, is copied unchanged and in
 * its order. Plan first, then {@link #write} once.
 */
final class Rewriter {

  /** New ids by position, 0 to leave an entry out; null keeps ids as they are. */
  int @Nullable [] mappingIds;

  int @Nullable [] functionIds;
  int @Nullable [] locationIds;

  /** Id of a function without a name that is appended for lines without a function; 0 for none. */
  long namelessFunction;

  /** New positions of strings, -1 to leave one out; null keeps all. */
  int @Nullable [] stringIds;

  /**
   * Whether "" is put before all strings; indices then count from 1, but for text that is optional.
   */
  boolean emptyFirst;

  /** Strings that are written in place of others, by old position. */
  final Map<Integer, byte[]> replacedStrings = new HashMap<>();

  /** The samples that stay, by position; null keeps all. */
  @Nullable BitSet samples;

  /** New values of the samples that stay, one after the other; null keeps the old ones. */
  long @Nullable [] values;

  /** The columns that stay; null keeps all. */
  @Nullable BitSet columns;

  /** Whether labels without a key get one, and which string that is (a final position). */
  long labelKey;

  /** Old positions, in ascending order, of renamed label keys. */
  int[] renamedKeys = {};

  /** Final positions of the names that replace {@link #renamedKeys}. */
  long[] keyNames = {};

  /**
   * Final positions of the type and unit of each sample type, -1 where they are mapped as usual.
   */
  long @Nullable [] typeNames;

  long @Nullable [] unitNames;

  /** Final positions of the period type's names, -1 where they are mapped as usual. */
  long periodTypeName = -1;

  long periodUnitName = -1;

  /** Final position of the default sample type, -1 to map it as usual. */
  long defaultSampleType = -1;

  long timeNanos;
  long durationNanos;

  /** The number of bytes that are written before they are compressed. */
  static final int GZIP_BYTES = 1 << 14;

  private final ProfileIndex index;
  private final IdMap mappings;
  private final IdMap functions;
  private final IdMap locations;
  private final byte[] buf;
  private final WireWriter out;
  private final WireReader inner;
  private final WireReader innermost;
  private final AppendedStrings appended = new AppendedStrings();
  private final long[] row;
  private int nextValue;
  private Gzip.@Nullable Writer gzip;

  Rewriter(Checker checker, int capacity) {
    index = checker.index();
    mappings = checker.mappings;
    functions = checker.functions;
    locations = checker.locations;
    buf = index.buf;
    out = new WireWriter(capacity);
    inner = new WireReader(buf, 0, 0);
    innermost = new WireReader(buf, 0, 0);
    row = new long[index.sampleTypes()];
    timeNanos = index.single[ProfileFields.TIME_NANOS];
    durationNanos = index.single[ProfileFields.DURATION_NANOS];
  }

  /** Appends a string; call it after the other strings are decided. */
  long append(String text) {
    int[] ids = stringIds;
    long kept =
        ids == null
            ? (long) index.strings() + (emptyFirst ? 1 : 0)
            : Arrays.stream(ids).filter(id -> id >= 0).count();
    return kept + appended.position(text);
  }

  /** Writes the profile, gzip'd, without ever having the whole message. */
  byte[] writeGzip(int level) throws PprofException {
    try (Gzip.Writer writer = new Gzip.Writer(level)) {
      gzip = writer;
      write();
      writer.add(out.buf, 0, out.size);
      return writer.finish();
    }
  }

  /** Writes the profile; {@code buf[0..size)} of what is returned is the message. */
  WireWriter write() throws PprofException {
    int[] at = new int[ProfileFields.STRING + 1];
    boolean emptyWritten = false;
    WireReader r = new WireReader(buf, index.from, index.to);
    while (r.next()) {
      int position = r.field <= ProfileFields.STRING ? at[r.field]++ : 0;
      switch (r.field) {
        case ProfileFields.SAMPLE_TYPE -> sampleType(r, position);
        case ProfileFields.SAMPLE -> {
          sample(r, position);
          at[ProfileFields.SAMPLE] += skipped(r, position + 1);
        }
        case ProfileFields.MAPPING -> entry(r, position, mappingIds);
        case ProfileFields.LOCATION -> entry(r, position, locationIds);
        case ProfileFields.FUNCTION -> entry(r, position, functionIds);
        case ProfileFields.STRING -> {
          if (emptyFirst && !emptyWritten) {
            out.bytes(ProfileFields.STRING, buf, 0, 0);
            emptyWritten = true;
          }
          string(r, position);
        }
        case ProfileFields.DROP_FRAMES, ProfileFields.KEEP_FRAMES, ProfileFields.DOC_URL ->
            out.number(r.field, text(r.value));
        case ProfileFields.DEFAULT_SAMPLE_TYPE ->
            out.number(r.field, defaultSampleType >= 0 ? defaultSampleType : text(r.value));
        case ProfileFields.COMMENT -> comments(r);
        case ProfileFields.TIME_NANOS -> out.number(r.field, timeNanos);
        case ProfileFields.DURATION_NANOS -> out.number(r.field, durationNanos);
        case ProfileFields.PERIOD_TYPE ->
            valueType(ProfileFields.PERIOD_TYPE, r.start, r.pos, periodTypeName, periodUnitName);
        default -> out.raw(buf, r.tagStart, r.pos);
      }
      if (gzip != null && out.size >= GZIP_BYTES) {
        gzip.add(out.buf, 0, out.size);
        out.size = 0;
      }
    }
    if (emptyFirst && !emptyWritten) {
      out.bytes(ProfileFields.STRING, buf, 0, 0);
    }
    if (namelessFunction != 0) {
      int mark = out.begin(ProfileFields.FUNCTION);
      out.number(ProfileFields.ID, namelessFunction);
      out.end(mark);
    }
    for (byte[] text : appended.bytes()) {
      out.bytes(ProfileFields.STRING, text, 0, text.length);
    }
    if (index.count[ProfileFields.TIME_NANOS] == 0) {
      out.number(ProfileFields.TIME_NANOS, timeNanos);
    }
    if (index.count[ProfileFields.DURATION_NANOS] == 0) {
      out.number(ProfileFields.DURATION_NANOS, durationNanos);
    }
    if (index.count[ProfileFields.PERIOD_TYPE] == 0 && periodTypeName >= 0) {
      valueType(ProfileFields.PERIOD_TYPE, 0, 0, periodTypeName, periodUnitName);
    }
    return out;
  }

  // Strings

  /** Maps a string index that may be absent, so that 0 is "". */
  private long text(long old) {
    if (old == 0) {
      return 0;
    }
    return required(old);
  }

  /** Maps the string index of a required name, so that 0 is the first string. */
  private long required(long old) {
    int[] ids = stringIds;
    if (ids != null) {
      return ids.length == 0 ? 0 : ids[(int) old];
    }
    return emptyFirst && index.strings() > 0 ? old + 1 : old;
  }

  private boolean stringsMove() {
    return emptyFirst || stringIds != null;
  }

  private void string(WireReader r, int position) {
    int[] ids = stringIds;
    if (ids != null && ids[position] < 0) {
      return;
    }
    byte[] replaced = replacedStrings.isEmpty() ? null : replacedStrings.get(position);
    if (replaced == null) {
      out.raw(buf, r.tagStart, r.pos);
    } else {
      out.bytes(ProfileFields.STRING, replaced, 0, replaced.length);
    }
  }

  private void comments(WireReader r) throws PprofException {
    if (!stringsMove()) {
      out.raw(buf, r.tagStart, r.pos);
      return;
    }
    // Written even where 0: in a repeated field that is an entry.
    if (r.type == WireReader.VARINT) {
      out.tag(ProfileFields.COMMENT, WireReader.VARINT);
      out.varint(required(r.value));
      return;
    }
    int mark = out.begin(ProfileFields.COMMENT);
    inner.reset(r.start, r.pos);
    while (inner.pos < inner.end) {
      out.varint(required(inner.varint()));
    }
    out.end(mark);
  }

  // Types

  private void sampleType(WireReader r, int position) throws PprofException {
    BitSet kept = columns;
    if (kept != null && !kept.get(position)) {
      return;
    }
    long[] types = typeNames;
    long[] units = unitNames;
    valueType(
        ProfileFields.SAMPLE_TYPE,
        r.start,
        r.pos,
        types == null ? -1 : types[position],
        units == null ? -1 : units[position]);
  }

  private void valueType(int field, int start, int end, long typeName, long unitName)
      throws PprofException {
    WireReader v = inner.reset(start, end);
    long type = 0;
    long unit = 0;
    int mark = out.begin(field);
    while (v.next()) {
      if (v.field == ProfileFields.VALUE_TYPE_TYPE) {
        type = v.value;
      } else if (v.field == ProfileFields.VALUE_TYPE_UNIT) {
        unit = v.value;
      } else {
        out.raw(buf, v.tagStart, v.pos);
      }
    }
    out.number(ProfileFields.VALUE_TYPE_TYPE, typeName >= 0 ? typeName : required(type));
    out.number(ProfileFields.VALUE_TYPE_UNIT, unitName >= 0 ? unitName : required(unit));
    out.end(mark);
  }

  // Mappings, locations, functions

  private void entry(WireReader r, int position, int @Nullable [] ids) throws PprofException {
    if (ids != null && ids[position] == 0) {
      return;
    }
    boolean locationsRefer =
        r.field == ProfileFields.LOCATION && (mappingIds != null || functionIds != null);
    boolean textMoves = r.field != ProfileFields.LOCATION && stringsMove();
    if (ids == null && !locationsRefer && !textMoves) {
      out.raw(buf, r.tagStart, r.pos);
      return;
    }
    int mark = out.begin(r.field);
    WireReader e = inner.reset(r.start, r.pos);
    if (ids != null) {
      out.number(ProfileFields.ID, ids[position]);
    }
    boolean named = false;
    while (e.next()) {
      if (e.field == ProfileFields.ID && ids != null) {
        continue;
      }
      if (locationsRefer && e.field == ProfileFields.LOCATION_MAPPING_ID) {
        out.explicit(e.field, newId(e.value, mappings, mappingIds));
      } else if (locationsRefer && e.field == ProfileFields.LOCATION_LINE) {
        line(e.start, e.pos);
      } else if (textMoves && isText(r.field, e.field)) {
        boolean name = r.field == ProfileFields.FUNCTION && e.field == ProfileFields.FUNCTION_NAME;
        named |= name;
        out.explicit(e.field, name ? required(e.value) : text(e.value));
      } else {
        out.raw(buf, e.tagStart, e.pos);
      }
    }
    if (textMoves && r.field == ProfileFields.FUNCTION && !named) {
      out.number(ProfileFields.FUNCTION_NAME, required(0));
    }
    out.end(mark);
  }

  private static boolean isText(int table, int field) {
    return table == ProfileFields.MAPPING
        ? field == ProfileFields.MAPPING_FILENAME || field == ProfileFields.MAPPING_BUILD_ID
        : field >= ProfileFields.FUNCTION_NAME && field <= ProfileFields.FUNCTION_FILENAME;
  }

  private void line(int start, int end) throws PprofException {
    int mark = out.begin(ProfileFields.LOCATION_LINE);
    WireReader l = innermost.reset(start, end);
    boolean named = false;
    while (l.next()) {
      if (l.field == ProfileFields.LINE_FUNCTION_ID) {
        out.explicit(l.field, functionId(l.value));
        named = true;
      } else {
        out.raw(buf, l.tagStart, l.pos);
      }
    }
    if (!named) {
      out.number(ProfileFields.LINE_FUNCTION_ID, functionId(0));
    }
    out.end(mark);
  }

  private long functionId(long old) {
    long id = newId(old, functions, functionIds);
    return id == 0 ? namelessFunction : id;
  }

  /** Maps a reference; one that refers to nothing becomes 0. */
  private static long newId(long old, IdMap map, int @Nullable [] ids) {
    if (ids == null || old == 0) {
      return old;
    }
    int position = map.indexOf(old);
    return position < 0 ? 0 : ids[position];
  }

  // Samples

  private void sample(WireReader r, int position) throws PprofException {
    BitSet kept = samples;
    if (kept != null && !kept.get(position)) {
      return;
    }
    boolean valuesChange = values != null || columns != null;
    boolean labelsMove = stringsMove() || labelKey != 0 || renamedKeys.length != 0;
    if (!valuesChange && locationIds == null && !labelsMove) {
      out.raw(buf, r.tagStart, r.pos);
      return;
    }
    out.ensure((r.pos - r.start) * 2 + 32);
    int mark = out.begin(ProfileFields.SAMPLE);
    WireReader s = inner.reset(r.start, r.pos);
    boolean valuesWritten = false;
    while (s.next()) {
      switch (s.field) {
        case ProfileFields.SAMPLE_LOCATION_ID -> stack(s);
        case ProfileFields.SAMPLE_VALUE -> {
          if (!valuesChange) {
            out.raw(buf, s.tagStart, s.pos);
          } else if (!valuesWritten) {
            values(r);
            valuesWritten = true;
          }
        }
        case ProfileFields.SAMPLE_LABEL -> {
          if (labelsMove) {
            label(s.start, s.pos);
          } else {
            out.raw(buf, s.tagStart, s.pos);
          }
        }
        default -> out.raw(buf, s.tagStart, s.pos);
      }
    }
    out.end(mark);
  }

  /** Steps over the samples from a position on that do not stay; returns how many. */
  private int skipped(WireReader r, int position) {
    BitSet kept = samples;
    if (kept == null) {
      return 0;
    }
    int next = kept.nextSetBit(position);
    return r.skip(ProfileFields.SAMPLE, (next < 0 ? Integer.MAX_VALUE : next) - position);
  }

  private void values(WireReader sample) throws PprofException {
    BitSet kept = columns;
    long[] newValues = values;
    int types = index.sampleTypes();
    int mark = out.begin(ProfileFields.SAMPLE_VALUE);
    if (newValues != null) {
      for (int i = 0; i < types; i++) {
        out.varint(newValues[nextValue++]);
      }
    } else if (kept != null) {
      CheckedProfile.values(innermost.reset(sample.start, sample.pos), row);
      for (int i = kept.nextSetBit(0); i >= 0; i = kept.nextSetBit(i + 1)) {
        out.varint(row[i]);
      }
    }
    out.end(mark);
  }

  private void stack(WireReader s) throws PprofException {
    int[] ids = locationIds;
    if (ids == null) {
      out.raw(buf, s.tagStart, s.pos);
      return;
    }
    if (s.type == WireReader.VARINT) {
      out.tag(ProfileFields.SAMPLE_LOCATION_ID, WireReader.VARINT);
      out.varint(ids[locations.indexOf(s.value)]);
      return;
    }
    int mark = out.begin(ProfileFields.SAMPLE_LOCATION_ID);
    WireReader packed = innermost.reset(s.start, s.pos);
    // New ids are below the number of locations, so none takes more than five bytes.
    out.ensure((s.pos - s.start) * 5);
    byte[] b = buf;
    byte[] o = out.buf;
    int q = out.size;
    int p = packed.pos;
    int end = packed.end;
    while (p < end) {
      long id = b[p++];
      if (id < 0) {
        packed.pos = p - 1;
        id = packed.varint();
        p = packed.pos;
      }
      int v = ids[locations.indexOf(id)];
      while (v >= 0x80) {
        o[q++] = (byte) (v | 0x80);
        v >>>= 7;
      }
      o[q++] = (byte) v;
    }
    out.size = q;
    out.end(mark);
  }

  private void label(int start, int end) throws PprofException {
    int mark = out.begin(ProfileFields.SAMPLE_LABEL);
    WireReader l = innermost.reset(start, end);
    long key = 0;
    while (l.next()) {
      switch (l.field) {
        case ProfileFields.LABEL_KEY -> key = l.value;
        case ProfileFields.LABEL_STR, ProfileFields.LABEL_NUM_UNIT ->
            out.explicit(l.field, text(l.value));
        default -> out.raw(buf, l.tagStart, l.pos);
      }
    }
    out.number(ProfileFields.LABEL_KEY, labelKey(key));
    out.end(mark);
  }

  private long labelKey(long old) {
    int renamed = Arrays.binarySearch(renamedKeys, (int) old);
    if (renamed >= 0) {
      return keyNames[renamed];
    }
    long key = required(old);
    return key == 0 ? labelKey : key;
  }
}
