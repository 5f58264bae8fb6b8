package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import org.jspecify.annotations.Nullable;

/**
 * The text format of heap profiles: of tcmalloc ({@code heap_v2}, {@code heapprofile}, {@code
 * growth}) and of Go ({@code heap}).
 */
final class HeapText {

  private static final String HEAD = "heap profile:";

  private final Lines lines;
  private final Draft draft;
  private final boolean sampled;
  private final boolean hasAllocations;
  private long blockBytes;

  private HeapText(Lines lines, Draft draft, boolean sampled, boolean hasAllocations) {
    this.lines = lines;
    this.draft = draft;
    this.sampled = sampled;
    this.hasAllocations = hasAllocations;
  }

  /** The first line. */
  private record Header(boolean sampled, long period, boolean hasAllocations) {}

  /** Returns the profile, or null if the text has another format. */
  static @Nullable Draft read(Lines lines, PprofLimits limits) throws PprofException {
    if (!lines.next()) {
      return null;
    }
    Header header = header(lines.text());
    if (header == null) {
      return null;
    }
    Draft draft = lines.begin(limits);
    draft.period("space", "bytes", header.period);
    if (header.hasAllocations) {
      // Tools show the last type unless they are asked for another one.
      draft.type("alloc_objects", "count").type("alloc_space", "bytes");
      draft.type("inuse_objects", "count").type("inuse_space", "bytes");
    } else {
      draft.type("objects", "count").type("space", "bytes");
    }
    draft.withBlockBytes();
    HeapText text = new HeapText(lines, draft, header.sampled, header.hasAllocations);
    while (lines.next() && !Lines.isMemoryMap(lines.text())) {
      String line = lines.trimmed();
      if (!Lines.isBlankOrComment(line)) {
        text.sample(line);
      }
    }
    lines.skipToMemoryMap();
    draft.map(MemoryMap.read(lines));
    return draft;
  }

  private static @Nullable Header header(String line) {
    for (int at = line.indexOf(HEAD); at >= 0; at = line.indexOf(HEAD, at + 1)) {
      Cursor cursor = new Cursor(line).at(at + HEAD.length());
      Counts counts = Counts.of(cursor);
      if (counts == null || !cursor.spaces() || !cursor.skip("@")) {
        continue;
      }
      int kind = cursor.position();
      if (cursor.spaces() && cursor.skip("heap")) {
        return ofKind(cursor, counts);
      }
      if (line.startsWith(" growth", kind) || line.startsWith(" fragmentation", kind)) {
        return new Header(false, 1, false);
      }
    }
    return null;
  }

  private static @Nullable Header ofKind(Cursor cursor, Counts counts) {
    String name = cursor.of("_abcdefghijklmnopqrstuvwxyz0123456789");
    cursor.skip("/");
    String digits = cursor.digits();
    long period;
    try {
      period = digits.isEmpty() ? 0 : Long.parseLong(digits);
    } catch (NumberFormatException e) {
      return null;
    }
    return switch (name) {
      case "z_v2", "_v2" -> new Header(true, period, counts.hasAllocations());
      case "profile" -> new Header(false, 1, counts.hasAllocations());
      case "" -> new Header(true, period / 2, counts.hasAllocations());
      default -> null;
    };
  }

  /** Objects and bytes, in use and allocated: {@code 1: 2 [ 3: 4 ] @}. */
  private record Counts(String objects, String bytes, String allocated, String allocatedBytes) {

    static @Nullable Counts of(Cursor cursor) {
      cursor.spaces();
      String objects = cursor.signedDigits();
      if (objects.isEmpty() || !cursor.skip(":") || !cursor.spaces()) {
        return null;
      }
      String bytes = cursor.signedDigits();
      if (bytes.isEmpty() || !cursor.spaces() || !cursor.skip("[") || !cursor.spaces()) {
        return null;
      }
      String allocated = cursor.digits();
      if (allocated.isEmpty() || !cursor.skip(":") || !cursor.spaces()) {
        return null;
      }
      String allocatedBytes = cursor.digits();
      if (allocatedBytes.isEmpty() || !cursor.spaces() || !cursor.skip("]")) {
        return null;
      }
      return new Counts(objects, bytes, allocated, allocatedBytes);
    }

    boolean hasAllocations() {
      return differs(allocated, objects) || differs(allocatedBytes, bytes);
    }

    private static boolean differs(String allocated, String inUse) {
      return !allocated.equals(inUse) && !allocated.equals("0");
    }
  }

  private void sample(String line) throws PprofException {
    Cursor cursor = new Cursor(line);
    Counts counts = null;
    for (int at = 0; counts == null && at < line.length(); at++) {
      if (startsNumber(line, at)) {
        counts = Counts.of(cursor.at(at));
        counts = counts != null && cursor.skip(" @") ? counts : null;
      }
    }
    if (counts == null) {
      throw lines.malformed("it is not a sample of a heap profile");
    }
    long[] stack = Numbers.addresses(lines, line, cursor.position());
    Draft.toCalls(stack, true);
    blockBytes = 0;
    if (!hasAllocations) {
      long[] inUse = values(counts.objects, counts.bytes, "in use");
      draft.sample(stack, blockBytes, inUse);
      return;
    }
    long[] allocated = values(counts.allocated, counts.allocatedBytes, "allocated");
    long[] inUse = values(counts.objects, counts.bytes, "in use");
    draft.sample(stack, blockBytes, allocated[0], allocated[1], inUse[0], inUse[1]);
  }

  /** Where a whole number does not begin a sample, a part of it does not either. */
  private static boolean startsNumber(String line, int at) {
    boolean inside = at > 0 && Cursor.isDigit(line.charAt(at - 1));
    return line.charAt(at) == '-' || (Cursor.isDigit(line.charAt(at)) && !inside);
  }

  private long[] values(String objects, String bytes, String what) throws PprofException {
    long count = Numbers.decimal(lines, objects);
    long size = Numbers.decimal(lines, bytes);
    if (count == 0 && size != 0) {
      throw lines.malformed("0 objects " + what + " have " + size + " bytes");
    }
    if (count != 0) {
      blockBytes = size / count;
      if (sampled) {
        return scaled(count, size, draft.period());
      }
    }
    return new long[] {count, size};
  }

  /**
   * Returns the objects and bytes that a sampled number stands for. An object of a size is sampled
   * with the probability {@code 1 - exp(-size / rate)}.
   */
  static long[] scaled(long count, long size, long rate) {
    if (count == 0 || size == 0) {
      return new long[2];
    }
    if (rate <= 1) {
      return new long[] {count, size};
    }
    double average = (double) size / count;
    double scale = 1 / (1 - Math.exp(-average / rate));
    return new long[] {(long) (count * scale), (long) (size * scale)};
  }
}
