package dev.psc.pprof.repair;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * A small body made to cost much. As a program, refuses all of them, to try how much heap that
 * takes.
 *
 * @param name what it is
 * @param body the body
 * @param limits how much is allowed
 * @param codes one of which it is refused with
 * @param allowed how many bytes may be read of it, inflated, before the limits say stop
 */
@SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
record Bomb(String name, byte[] body, PprofLimits limits, Set<String> codes, long allowed) {

  private static final String TOO_LARGE = PprofException.TOO_LARGE;
  private static final String CORRUPT = PprofException.CORRUPT;
  private static final String TRUNCATED = PprofException.TRUNCATED;

  /** What the ratio lets pass of any body. */
  private static final long RATIO_FLOOR = 8 << 20;

  @Override
  public String toString() {
    return name;
  }

  PprofException refusal() {
    try {
      Repair.repair(body, limits, RepairContext.none());
    } catch (PprofException e) {
      return e;
    }
    throw new AssertionError(name + " was taken");
  }

  /** Reads what is allowed of it as cheaply as can be: inflates it, or sums it up when bare. */
  long read() {
    CRC32 sum = new CRC32();
    if (body.length < 18 || body[0] != 0x1f || body[1] != (byte) 0x8b) {
      sum.update(body);
      return sum.getValue();
    }
    Inflater inflater = new Inflater(true);
    inflater.setInput(body, 10, body.length - 18);
    byte[] out = new byte[1 << 16];
    try {
      while (inflater.getBytesWritten() < allowed && !inflater.finished()) {
        sum.update(out, 0, inflater.inflate(out));
      }
      return sum.getValue();
    } catch (DataFormatException e) {
      throw new AssertionError(e);
    } finally {
      inflater.end();
    }
  }

  static List<Bomb> all() {
    List<Bomb> all = new ArrayList<>();
    gibibyteOfZeros(all);
    byte[] inner = RawPprof.gzip(new byte[12 << 20]);
    add(all, "gzip in gzip that grows inside", RawPprof.gzip(inner), TOO_LARGE);
    byte[] member = RawPprof.gzip(new byte[7 << 20]);
    byte[] members = {};
    for (int i = 0; i < 32; i++) {
      members = RawPprof.concat(members, member);
    }
    add(all, "members that are small each", members, TOO_LARGE);
    byte[] empty = RawPprof.gzip(new byte[0]);
    byte[] many = new byte[empty.length * 100_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = empty[i % empty.length];
    }
    add(all, "a hundred thousand empty members", many, TOO_LARGE);
    byte[] lying = RawPprof.clean().gzip();
    Arrays.fill(lying, lying.length - 4, lying.length, (byte) 0x7f);
    add(all, "a size in the trailer that is a lie", lying, CORRUPT);
    lengths(all);
    endlessNumbers(all);
    nestedGroups(all);
    millionsOfEntries(all);
    return all;
  }

  private static void add(List<Bomb> all, String name, byte[] body, String... codes) {
    all.add(new Bomb(name, body, PprofLimits.defaults(), Set.of(codes), RATIO_FLOOR));
  }

  /** Repeats the block that a mebibyte gives, which is quicker than compressing them all. */
  private static void gibibyteOfZeros(List<Bomb> all) {
    Deflater deflater = new Deflater(6, true);
    byte[] block = new byte[1 << 16];
    deflater.setInput(new byte[1 << 20]);
    int size = deflater.deflate(block, 0, block.length, Deflater.FULL_FLUSH);
    deflater.end();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(RawPprof.gzip(new byte[0]), 0, 10);
    for (int i = 0; i < 1024; i++) {
      out.write(block, 0, size);
    }
    byte[] end = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0x40};
    out.write(end, 0, end.length);
    byte[] bomb = out.toByteArray();
    add(all, "a gibibyte of zeros in a mebibyte of gzip", bomb, TOO_LARGE);
    PprofLimits bySize = PprofLimits.defaults().withRatio(100_000).withInflatedBytes(16 << 20);
    all.add(new Bomb("the same by size", bomb, bySize, Set.of(TOO_LARGE), 16 << 20));
  }

  /** Among them tables of 2^31 and more strings or samples, as far as a length can claim them. */
  private static void lengths(List<Bomb> all) {
    int[][] claims = {
      {0x32, 0xff, 0xff, 0xff, 0xff, 0x07},
      {0x32, 0x80, 0x80, 0x80, 0x80, 0x08},
      {0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
      {0x12, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0a},
    };
    for (int i = 0; i < claims.length; i++) {
      byte[] body = RawPprof.clean().raw(claims[i]).bytes();
      add(all, "a length that cannot be, " + i, body, TRUNCATED);
    }
  }

  private static void endlessNumbers(List<Bomb> all) {
    byte[] body = new byte[1 << 20];
    Arrays.fill(body, (byte) 0xff);
    add(all, "a number that never ends", body, CORRUPT);
    byte[] inside = RawPprof.concat(RawPprof.clean().raw(0x48).bytes(), body);
    add(all, "a time that never ends", inside, CORRUPT);
    byte[] value = RawPprof.clean().raw(0x12, 15, 0x12, 13).bytes();
    byte[] longValue = RawPprof.concat(value, Arrays.copyOf(body, 12), new byte[] {1});
    add(all, "a value of too many bits", longValue, CORRUPT);
  }

  private static void nestedGroups(List<Bomb> all) {
    byte[] body = new byte[1 << 20];
    Arrays.fill(body, (byte) 0x7b);
    // A first byte of another kind, or it would be named JSON.
    body[0] = (byte) 0x83;
    body[1] = 0x01;
    add(all, "groups nested without end", body, CORRUPT);
  }

  private static void millionsOfEntries(List<Bomb> all) {
    byte[] entries = new byte[8 << 20];
    for (int i = 0; i < entries.length; i += 4) {
      entries[i] = 0x22;
      entries[i + 1] = 2;
      entries[i + 2] = 0x18;
      entries[i + 3] = 1;
    }
    byte[] clean = RawPprof.clean().bytes();
    add(all, "locations without an id", RawPprof.concat(clean, entries), TOO_LARGE, "id_zero");
    for (int i = 0; i < entries.length; i += 2) {
      entries[i] = 0x12;
      entries[i + 1] = 0;
    }
    add(all, "samples without values", RawPprof.concat(clean, entries), "value_count");
    for (int i = 0; i < entries.length; i += 2) {
      entries[i] = 0x0a;
    }
    add(all, "sample types without a name", RawPprof.concat(clean, entries), TOO_LARGE);
  }

  /** Refuses all, in a heap whose size says whether that takes too much. */
  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    for (Bomb bomb : all()) {
      out.println(bomb.name + ": " + bomb.refusal().code());
    }
    out.println("heap: " + (Runtime.getRuntime().maxMemory() >> 20) + " MiB");
    out.flush();
  }
}
