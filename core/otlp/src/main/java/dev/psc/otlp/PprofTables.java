package dev.psc.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of one pprof, of which only entries that samples refer to are converted to those of a
 * dictionary, each once. The bytes have been checked before. Not thread-safe.
 */
final class PprofTables {

  private static final int MAPPING = 3;
  private static final int LOCATION = 4;
  private static final int FUNCTION = 5;
  private static final int STRING = 6;

  /** The names of the attributes for the fields 7 to 10 of a mapping. */
  private static final String[] FLAGS = {
    "pprof.mapping.has_functions",
    "pprof.mapping.has_filenames",
    "pprof.mapping.has_line_numbers",
    "pprof.mapping.has_inline_frames"
  };

  private final Dictionary dictionary;
  private final Table mappings = new Table();
  private final Table locations = new Table();
  private final Table functions = new Table();
  private final Table strings = new Table();
  private final WireReader entry = new WireReader();
  private final WireReader line = new WireReader();
  private final WireReader packed = new WireReader();
  private final LongList attributes = new LongList();
  private byte[] buf = {};

  PprofTables(Dictionary dictionary) {
    this.dictionary = dictionary;
  }

  /** Entries of the pprof and their positions in the dictionary. */
  private static final class Table {

    private int[] bounds = new int[128];
    private int[] known = new int[64];
    private int size;
    private @Nullable Map<Long, Integer> positions;

    void clear() {
      Arrays.fill(known, 0, size, 0);
      size = 0;
      positions = null;
    }

    void add(int from, int to) {
      if (size == known.length) {
        known = Arrays.copyOf(known, size * 2);
        bounds = Arrays.copyOf(bounds, size * 4);
      }
      bounds[size * 2] = from;
      bounds[size * 2 + 1] = to;
      size++;
    }

    /** Reads the ids, which are 1, 2, 3, … as a rule. */
    void readIds(WireReader reader, byte[] buf) {
      for (int i = 0; i < size; i++) {
        long id = 0;
        reader.reset(buf, bounds[i * 2], bounds[i * 2 + 1]);
        while (reader.next()) {
          if (reader.field() == 1) {
            id = reader.number();
          }
        }
        if (positions == null && id != i + 1L) {
          positions = new HashMap<>();
          for (int before = 0; before < i; before++) {
            positions.put(before + 1L, before);
          }
        }
        if (positions != null) {
          positions.putIfAbsent(id, i);
        }
      }
    }

    /** Returns the position of an id in the pprof, or -1. */
    int indexOf(long id) {
      if (positions != null) {
        return positions.getOrDefault(id, -1);
      }
      return id > 0 && id <= size ? (int) id - 1 : -1;
    }
  }

  /** Begins with another pprof. */
  void reset(byte[] pprof) {
    buf = pprof;
    mappings.clear();
    locations.clear();
    functions.clear();
    strings.clear();
    WireReader r = entry;
    r.reset(pprof, 0, pprof.length);
    while (r.next()) {
      switch (r.field()) {
        case MAPPING -> mappings.add(r.from(), r.to());
        case LOCATION -> locations.add(r.from(), r.to());
        case FUNCTION -> functions.add(r.from(), r.to());
        case STRING -> strings.add(r.from(), r.to());
        default -> {}
      }
    }
    mappings.readIds(r, pprof);
    locations.readIds(r, pprof);
    functions.readIds(r, pprof);
  }

  /** Forgets the pprof, so that its bytes can be collected. */
  void release() {
    buf = new byte[0];
    entry.reset(buf, 0, 0);
    line.reset(buf, 0, 0);
    packed.reset(buf, 0, 0);
  }

  /** Writes the positions of the locations of a packed list, of which there are many. */
  void locations(int start, int to, WireWriter out) {
    int from = start;
    byte[] in = buf;
    int[] known = locations.known;
    int ids = locations.positions == null ? locations.size : 0;
    byte[] bytes = out.room(Math.multiplyExact(to - start, 5));
    int size = out.size();
    int at = start;
    while (at < to) {
      int id = in[at++];
      if (id < 0 && at < to) {
        id = (id & 0x7F) | in[at++] << 7;
      }
      if (id <= 0 || id > ids) { // another form, or renumbered
        break;
      }
      int position = known[id - 1] - 1;
      if (position < 0) {
        position = location(id);
      }
      if (position < 0x80) {
        bytes[size++] = (byte) position;
      } else if (position < 0x4000) {
        bytes[size++] = (byte) (position | 0x80);
        bytes[size++] = (byte) (position >>> 7);
      } else {
        size = WireWriter.put(bytes, size, position);
      }
      from = at;
    }
    out.size(size);
    packed.reset(in, from, to);
    while (packed.hasMore()) {
      out.rawValue(location(packed.packed()));
    }
  }

  /** Returns the position of a location in the dictionary. */
  int location(long id) {
    int at = locations.indexOf(id);
    int known = locations.known[at];
    if (known == 0) {
      known = convertLocation(locations.bounds[at * 2], locations.bounds[at * 2 + 1]) + 1;
      locations.known[at] = known;
    }
    return known - 1;
  }

  private int convertLocation(int from, int to) {
    long mapping = 0;
    long address = 0;
    int lines = 0;
    WireReader r = entry;
    r.reset(buf, from, to);
    while (r.next()) {
      switch (r.field()) {
        case 2 -> mapping = r.number();
        case 3 -> address = r.number();
        case 4 -> lines++;
        default -> {}
      }
    }
    int mappingAt = mapping == 0 ? -1 : mappings.indexOf(mapping);
    WireWriter out = dictionary.locations.entry();
    out.varint(1, mappingAt < 0 ? 0 : mapping(mappingAt));
    out.varint(2, address);
    if (lines > 0) {
      int before = out.size();
      r.reset(buf, from, to);
      while (r.next()) {
        if (r.field() == 4) {
          line(r.from(), r.to(), out);
        }
      }
      if (lines == 1 && out.size() - before == 2) {
        out.size(before); // a line with nothing is a location without symbols
      }
    }
    return dictionary.locations.add();
  }

  private void line(int from, int to, WireWriter out) {
    long function = 0;
    long number = 0;
    long column = 0;
    line.reset(buf, from, to);
    while (line.next()) {
      switch (line.field()) {
        case 1 -> function = line.number();
        case 2 -> number = line.number();
        case 3 -> column = line.number();
        default -> {}
      }
    }
    int at = function == 0 ? -1 : functions.indexOf(function);
    int message = out.begin(3);
    out.varint(1, at < 0 ? 0 : function(at));
    out.varint(2, number);
    out.varint(3, column);
    out.end(message);
  }

  private int function(int at) {
    int known = functions.known[at];
    if (known == 0) {
      long name = 0;
      long systemName = 0;
      long file = 0;
      long startLine = 0;
      line.reset(buf, functions.bounds[at * 2], functions.bounds[at * 2 + 1]);
      while (line.next()) {
        switch (line.field()) {
          case 2 -> name = line.number();
          case 3 -> systemName = line.number();
          case 4 -> file = line.number();
          case 5 -> startLine = line.number();
          default -> {}
        }
      }
      WireWriter out = dictionary.functions.entry();
      out.varint(1, string(name));
      out.varint(2, optionalString(systemName));
      out.varint(3, optionalString(file));
      out.varint(4, startLine);
      known = dictionary.functions.add() + 1;
      functions.known[at] = known;
    }
    return known - 1;
  }

  private int mapping(int at) {
    int known = mappings.known[at];
    if (known == 0) {
      known = convertMapping(mappings.bounds[at * 2], mappings.bounds[at * 2 + 1]) + 1;
      mappings.known[at] = known;
    }
    return known - 1;
  }

  private int convertMapping(int from, int to) {
    long[] fields = new long[11];
    line.reset(buf, from, to);
    while (line.next()) {
      if (line.field() < fields.length) {
        fields[line.field()] = line.number();
      }
    }
    attributes.clear();
    int buildId = (int) fields[6];
    if (buildId != 0 && length(buildId) > 0) {
      attributes.add(textAttribute(dictionary.string(OtlpEncoder.BUILD_ID), buildId));
    }
    for (int flag = 0; flag < FLAGS.length; flag++) {
      if (fields[7 + flag] != 0) {
        attributes.add(dictionary.flag(FLAGS[flag]));
      }
    }
    WireWriter out = dictionary.mappings.entry();
    out.varint(1, fields[2]);
    out.varint(2, fields[3]);
    out.varint(3, fields[4]);
    out.varint(4, optionalString(fields[5]));
    out.packed(5, attributes);
    return dictionary.mappings.add();
  }

  /**
   * Returns a string that may be absent: index 0 is the empty text, even if the first string of the
   * table is another.
   */
  int optionalString(long at) {
    return at == 0 ? 0 : string(at);
  }

  /** Returns the position of a string in the dictionary. */
  int string(long index) {
    int at = (int) index;
    if (at == 0 && strings.size == 0) {
      return 0;
    }
    int known = strings.known[at];
    if (known == 0) {
      int from = strings.bounds[at * 2];
      int to = strings.bounds[at * 2 + 1];
      if (isAscii(from, to)) {
        dictionary.strings.entry().append(buf, from, to);
        known = dictionary.strings.add() + 1;
      } else {
        known = dictionary.string(new String(buf, from, to - from, StandardCharsets.UTF_8)) + 1;
      }
      strings.known[at] = known;
    }
    return known - 1;
  }

  /** Returns an attribute with a string of the pprof; bytes that are not UTF-8 are replaced. */
  int textAttribute(int key, int string) {
    int from = strings.bounds[string * 2];
    int to = strings.bounds[string * 2 + 1];
    if (isAscii(from, to)) {
      return dictionary.attribute(key, buf, from, to);
    }
    byte[] text =
        new String(buf, from, to - from, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    return dictionary.attribute(key, text, 0, text.length);
  }

  private boolean isAscii(int from, int to) {
    int all = 0;
    for (int i = from; i < to; i++) {
      all |= buf[i];
    }
    return all >= 0;
  }

  /** Returns the number of bytes of a string. */
  int length(int string) {
    return strings.size == 0 ? 0 : strings.bounds[string * 2 + 1] - strings.bounds[string * 2];
  }

  /** Returns whether a string has these bytes. */
  boolean isEqual(int string, byte[] text) {
    return strings.size > 0
        && Arrays.equals(
            buf, strings.bounds[string * 2], strings.bounds[string * 2 + 1], text, 0, text.length);
  }

  /** Returns whether a string consists of a number of lower-case hex digits. */
  boolean isHex(int string, int digits) {
    if (length(string) != digits) {
      return false;
    }
    int from = strings.bounds[string * 2];
    for (int i = from; i < from + digits; i++) {
      byte b = buf[i];
      if ((b < '0' || b > '9') && (b < 'a' || b > 'f')) {
        return false;
      }
    }
    return true;
  }

  /** Returns the number of 16 hex digits. */
  long hex(int string, int from) {
    long value = 0;
    int start = strings.bounds[string * 2] + from;
    for (int i = start; i < start + 16; i++) {
      value = (value << 4) | Character.digit(buf[i], 16);
    }
    return value;
  }
}
