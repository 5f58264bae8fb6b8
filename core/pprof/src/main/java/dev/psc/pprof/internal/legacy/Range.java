package dev.psc.pprof.internal.legacy;

import org.jspecify.annotations.Nullable;

/**
 * A line of a memory map: {@code start-end perms offset dev:dev inode file}, as in /proc/self/maps,
 * or {@code start-end perms file (@offset) buildid}. Values other than the range may be missing.
 *
 * @param start in hexadecimal digits, as are {@code limit} and {@code offset}
 */
record Range(
    String start, String limit, String permissions, String offset, String file, String buildId) {

  private static final String PERMISSIONS = "-rwxp";

  /** Returns the line's range, or null if it has none. */
  static @Nullable Range of(String line) {
    Cursor cursor = new Cursor(line);
    cursor.blank();
    String first = cursor.prefixedHexDigits();
    if (first.isEmpty()) {
      return null;
    }
    int afterFirst = cursor.position();
    if (!cursor.skip("-")) {
      cursor.blank();
    }
    cursor.blank();
    String second = cursor.prefixedHexDigits();
    if (!second.isEmpty()) {
      int afterRange = cursor.position();
      Range full = full(first, second, cursor);
      if (full != null) {
        return full;
      }
      Range split = split(line, first, afterFirst, true);
      return split != null ? split : brief(first, second, cursor.at(afterRange));
    }
    Range split = split(line, first, afterFirst, true);
    return split != null ? split : split(line, first, afterFirst, false);
  }

  /** Without a separator, the last digit is the second number. */
  private static @Nullable Range split(String line, String digits, int end, boolean full) {
    if (digits.length() < 2) {
      return null;
    }
    Cursor cursor = new Cursor(line).at(end - 1);
    String first = digits.substring(0, digits.length() - 1);
    String second = cursor.prefixedHexDigits();
    return full ? full(first, second, cursor) : brief(first, second, cursor);
  }

  private static @Nullable Range full(String start, String limit, Cursor cursor) {
    cursor.skip(":");
    String permissions = wholeWord(cursor, true);
    String offset = wholeWord(cursor, false);
    if (!cursor.blank()
        || cursor.hexDigits().isEmpty()
        || !cursor.skip(":")
        || cursor.hexDigits().isEmpty()
        || !cursor.blank()
        || cursor.digits().isEmpty()) {
      return null;
    }
    String file = cursor.blank() ? cursor.word() : "";
    return new Range(start, limit, permissions, offset, file, "");
  }

  /** Returns the next word if all of it is in the set, or the empty text. */
  private static String wholeWord(Cursor cursor, boolean permissions) {
    int before = cursor.position();
    if (cursor.blank()) {
      String word = permissions ? cursor.of(PERMISSIONS) : cursor.hexDigits();
      int after = cursor.position();
      if (!word.isEmpty() && cursor.blank()) {
        cursor.at(after);
        return word;
      }
    }
    cursor.at(before);
    return "";
  }

  private static Range brief(String start, String limit, Cursor cursor) {
    cursor.skip(":");
    String permissions = next(cursor, PERMISSIONS);
    int before = cursor.position();
    String file = cursor.blank() ? cursor.word() : "";
    if (file.isEmpty()) {
      cursor.at(before);
    }
    before = cursor.position();
    String offset = "";
    if (cursor.blank() && cursor.skip("(@")) {
      offset = cursor.hexDigits();
      if (offset.isEmpty() || !cursor.skip(")")) {
        offset = "";
      }
    }
    if (offset.isEmpty()) {
      cursor.at(before);
    }
    return new Range(start, limit, permissions, offset, file, next(cursor, HEX));
  }

  private static final String HEX = "0123456789abcdefABCDEF";

  private static String next(Cursor cursor, String set) {
    int before = cursor.position();
    String found = cursor.blank() ? cursor.of(set) : "";
    if (found.isEmpty()) {
      cursor.at(before);
    }
    return found;
  }

  boolean isExecutable() {
    return permissions.isEmpty() || permissions.contains("x");
  }

  /** Returns the mapping, or null if a number does not fit into 64 bits. */
  @Nullable MemoryMapping mapping() {
    try {
      return new MemoryMapping(
          Numbers.hex(start),
          Numbers.hex(limit),
          offset.isEmpty() ? 0 : Numbers.hex(offset),
          file,
          buildId);
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
