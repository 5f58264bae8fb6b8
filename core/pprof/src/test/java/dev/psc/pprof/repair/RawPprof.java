package dev.psc.pprof.repair;

import dev.psc.pprof.internal.wire.Gzip;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.internal.wire.WireWriter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Writes any pprof message field by field, right or wrong. */
final class RawPprof {

  private final WireWriter out = new WireWriter(256);

  /** A profile of one sample that breaks no rule; types are contentions/count and delay/ns. */
  static RawPprof clean() {
    return new RawPprof()
        .types()
        .sample(new long[] {1, 2}, 3, 4)
        .mapping(1)
        .location(1, 1, 0x10, 1)
        .location(2, 1, 0x20, 2)
        .function(1, 5)
        .function(2, 6)
        .strings("", "cpu", "ns", "samples", "count", "main", "run", "key")
        .time(1_000);
  }

  RawPprof types() {
    return valueType(ProfileFields.SAMPLE_TYPE, 3, 4)
        .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
        .valueType(ProfileFields.PERIOD_TYPE, 1, 2);
  }

  RawPprof valueType(int field, long type, long unit) {
    int mark = out.begin(field);
    out.number(1, type);
    out.number(2, unit);
    out.end(mark);
    return this;
  }

  RawPprof sample(long[] locations, long... values) {
    return sample(locations, values, new long[0][]);
  }

  /** Labels as key, str, num, unit. */
  RawPprof sample(long[] locations, long[] values, long[][] labels) {
    int mark = out.begin(ProfileFields.SAMPLE);
    packed(ProfileFields.SAMPLE_LOCATION_ID, locations);
    packed(ProfileFields.SAMPLE_VALUE, values);
    for (long[] label : labels) {
      int inner = out.begin(ProfileFields.SAMPLE_LABEL);
      for (int i = 0; i < label.length; i++) {
        out.number(i + 1, label[i]);
      }
      out.end(inner);
    }
    out.end(mark);
    return this;
  }

  private void packed(int field, long[] numbers) {
    if (numbers.length > 0) {
      int mark = out.begin(field);
      for (long number : numbers) {
        out.varint(number);
      }
      out.end(mark);
    }
  }

  RawPprof mapping(long id) {
    return mapping(id, 0x1000, 0);
  }

  RawPprof mapping(long id, long start, long file) {
    int mark = out.begin(ProfileFields.MAPPING);
    out.number(1, id);
    out.number(2, start);
    out.number(5, file);
    out.end(mark);
    return this;
  }

  RawPprof location(long id, long mapping, long address, long... functions) {
    int mark = out.begin(ProfileFields.LOCATION);
    out.number(1, id);
    out.number(2, mapping);
    out.number(3, address);
    for (int i = 0; i < functions.length; i++) {
      int line = out.begin(ProfileFields.LOCATION_LINE);
      out.number(1, functions[i]);
      out.number(2, 10 + i);
      out.end(line);
    }
    out.end(mark);
    return this;
  }

  RawPprof function(long id, long name) {
    int mark = out.begin(ProfileFields.FUNCTION);
    out.number(1, id);
    out.number(2, name);
    out.end(mark);
    return this;
  }

  RawPprof strings(String... strings) {
    for (String string : strings) {
      string(string.getBytes(StandardCharsets.UTF_8));
    }
    return this;
  }

  RawPprof string(byte[] bytes) {
    out.bytes(ProfileFields.STRING, bytes, 0, bytes.length);
    return this;
  }

  RawPprof time(long nanos) {
    return number(ProfileFields.TIME_NANOS, nanos);
  }

  RawPprof number(int field, long value) {
    out.number(field, value);
    return this;
  }

  /** Writes a field of any wire type: the tag, then bytes as they are. */
  RawPprof raw(int... bytes) {
    for (int b : bytes) {
      out.raw(new byte[] {(byte) b}, 0, 1);
    }
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  byte[] gzip() {
    return gzip(bytes());
  }

  static byte[] gzip(byte[] plain) {
    return Gzip.deflate(plain, 0, plain.length, 6);
  }

  static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }
}
