package dev.psc.otlp;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The samples of one pprof with the positions of their stacks, attributes and links in a
 * dictionary. The bytes have been checked before. Not thread-safe.
 */
final class PprofSamples {

  private static final int SAMPLE = 2;

  /** The most bytes of a sample without its labels: stack, value, and their tags. */
  private static final int MAX_SAMPLE_BYTES = 32;

  private static final byte[] TRACE_ID = "trace_id".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] SPAN_ID = "span_id".getBytes(StandardCharsets.US_ASCII);

  private final Dictionary dictionary;
  private final PprofTables tables;

  /** The labels of samples as they are in the pprof; each combination is converted once. */
  private final EntryTable given = new EntryTable();

  /** Attributes and link of each of {@link #given}, as fields of a sample. */
  private final WireWriter converted = new WireWriter(256);

  private int[] convertedEnds = new int[64];
  private int[] stacks = {};
  private int[] labels = {};
  private long[] values = {};
  private int size;
  private int types;
  private byte[] buf = {};

  private final WireReader sample = new WireReader();
  private final WireReader packed = new WireReader();
  private final WireReader label = new WireReader();
  private final LongList attributes = new LongList();
  private final LongList fields = new LongList();

  PprofSamples(Dictionary dictionary) {
    this.dictionary = dictionary;
    this.tables = new PprofTables(dictionary);
  }

  long capacity() {
    return given.capacity() + converted.capacity() + stacks.length * 8L + values.length * 8L;
  }

  /**
   * Reads the samples of a pprof and adds what they refer to to the dictionary.
   *
   * @param pprof a valid pprof without compression
   */
  void read(byte[] pprof, int sampleCount, int sampleTypes) {
    int valueCount = Math.multiplyExact(sampleCount, sampleTypes);
    if (stacks.length < sampleCount) {
      stacks = new int[sampleCount];
      labels = new int[sampleCount];
    }
    if (values.length < valueCount) {
      values = new long[valueCount];
    }
    size = 0;
    types = sampleTypes;
    buf = pprof;
    given.clear();
    converted.size(0);
    tables.reset(pprof);
    WireReader top = new WireReader(pprof);
    while (top.next()) {
      if (top.field() == SAMPLE) {
        sample(top.from(), top.to());
      }
    }
    buf = new byte[0];
    sample.reset(buf, 0, 0);
    packed.reset(buf, 0, 0);
    label.reset(buf, 0, 0);
    tables.release();
  }

  private void sample(int from, int to) {
    int at = size++;
    int value = at * types;
    WireWriter stack = dictionary.stacks.entry();
    int before = stack.size();
    int list = stack.begin(1);
    WireWriter labelBytes = given.entry();
    boolean hasLabels = false;
    WireReader r = sample;
    r.reset(buf, from, to);
    while (r.next()) {
      switch (r.field()) {
        case 1 -> {
          if (r.isBytes()) {
            tables.locations(r.from(), r.to(), stack);
          } else {
            stack.rawValue(tables.location(r.number()));
          }
        }
        case 2 -> {
          if (r.isBytes()) {
            packed.reset(buf, r.from(), r.to());
            while (packed.hasMore()) {
              values[value++] = packed.packed();
            }
          } else {
            values[value++] = r.number();
          }
        }
        case 3 -> {
          labelBytes.bytes(1, buf, r.from(), r.to());
          hasLabels = true;
        }
        default -> {}
      }
    }
    if (stack.size() == list) {
      stack.size(before); // no list rather than an empty one
    } else {
      stack.end(list);
    }
    stacks[at] = dictionary.stacks.add();
    labels[at] = hasLabels ? labels() : 0;
  }

  private int labels() {
    int known = given.size();
    WireWriter bytes = given.entry();
    int end = bytes.size();
    int at = given.add();
    if (at == known) {
      if (at >= convertedEnds.length) {
        convertedEnds = Arrays.copyOf(convertedEnds, at * 2);
      }
      convert(bytes.array(), given.start(at), end);
      convertedEnds[at] = converted.size();
    }
    return at;
  }

  /** Writes labels as attributes and, if they have both ids, a link. */
  private void convert(byte[] bytes, int from, int to) {
    fields.clear();
    int trace = -1;
    int span = -1;
    WireReader r = packed;
    r.reset(bytes, from, to);
    while (r.next()) {
      long key = 0;
      long text = 0;
      long number = 0;
      long unit = 0;
      label.reset(bytes, r.from(), r.to());
      while (label.next()) {
        switch (label.field()) {
          case 1 -> key = label.number();
          case 2 -> text = label.number();
          case 3 -> number = label.number();
          case 4 -> unit = label.number();
          default -> {}
        }
      }
      if (text != 0 && tables.isEqual((int) key, TRACE_ID)) {
        trace = (int) text;
      } else if (text != 0 && tables.isEqual((int) key, SPAN_ID)) {
        span = (int) text;
      }
      fields.add(key);
      fields.add(text);
      fields.add(number);
      fields.add(unit);
    }
    int link = trace >= 0 && span >= 0 ? link(trace, span) : 0;
    attributes.clear();
    for (int i = 0; i < fields.size(); i += 4) {
      int key = (int) fields.get(i);
      int text = (int) fields.get(i + 1);
      if (link == 0 || !(tables.isEqual(key, TRACE_ID) || tables.isEqual(key, SPAN_ID))) {
        attributes.add(
            text != 0 && tables.length(text) > 0
                ? tables.textAttribute(tables.string(key), text)
                : dictionary.attribute(
                    tables.string(key),
                    fields.get(i + 2),
                    tables.optionalString(fields.get(i + 3))));
      }
    }
    converted.packed(2, attributes);
    converted.varint(3, link);
  }

  /** Returns the link of two ids in hex digits, or 0 if they are something else. */
  private int link(int trace, int span) {
    if (!tables.isHex(trace, 32) || !tables.isHex(span, 16)) {
      return 0;
    }
    long high = tables.hex(trace, 0);
    long low = tables.hex(trace, 16);
    long spanId = tables.hex(span, 0);
    if ((high | low | spanId) == 0) {
      return 0;
    }
    WireWriter out = dictionary.links.entry();
    out.id(1, high, low);
    out.id(2, spanId);
    return dictionary.links.add();
  }

  /**
   * Writes the samples with a value of one type. Samples whose values are all 0 are written for the
   * first type.
   */
  void write(WireWriter out, int type) {
    byte[] labelFields = converted.array();
    for (int i = 0; i < size; i++) {
      long value = values[i * types + type];
      if (value != 0 || (type == 0 && isZero(i))) {
        int set = labels[i];
        int from = set <= 1 ? 0 : convertedEnds[set - 1];
        int length = set == 0 ? 0 : convertedEnds[set] - from;
        write(out, stacks[i], labelFields, from, length, value);
      }
    }
  }

  /** Writes a sample; without the general methods, because there are many. */
  private static void write(
      WireWriter out, int stack, byte[] labelFields, int from, int length, long value) {
    byte[] to = out.room(Math.addExact(length, MAX_SAMPLE_BYTES));
    int at = out.size();
    to[at] = SAMPLE << 3 | 2;
    int start = at + 2; // one byte for the length, if it is short
    at = start;
    if (stack != 0) {
      to[at++] = 1 << 3;
      at = WireWriter.put(to, at, stack);
    }
    if (length < 16) {
      for (int i = 0; i < length; i++) {
        to[at + i] = labelFields[from + i];
      }
    } else {
      System.arraycopy(labelFields, from, to, at, length);
    }
    at += length;
    to[at++] = 4 << 3 | 2;
    int end = WireWriter.put(to, at + 1, value);
    to[at] = (byte) (end - at - 1);
    if (end - start < 0x80) {
      to[start - 1] = (byte) (end - start);
      out.size(end);
    } else {
      out.size(end);
      out.end(start);
    }
  }

  private boolean isZero(int at) {
    for (int i = at * types; i < (at + 1) * types; i++) {
      if (values[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
