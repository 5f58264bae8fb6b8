package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import java.util.Arrays;
import java.util.Locale;

/** Numbers as Go's converter reads them. */
final class Numbers {

  private static final long[] NONE = {};

  private Numbers() {}

  /** Returns a decimal number. */
  static long decimal(Lines lines, String text) throws PprofException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw lines.malformed("a number does not fit into 64 bits");
    }
  }

  /**
   * Returns a number whose prefix tells its base: 0x, 0b, 0o, or 0 for octal.
   *
   * @throws NumberFormatException if it is none, or does not fit into 64 bits
   */
  static long ofAnyBase(String text) {
    boolean negative = text.startsWith("-");
    String digits = negative || text.startsWith("+") ? text.substring(1) : text;
    String lower = digits.toLowerCase(Locale.ROOT);
    int base = 10;
    if (lower.startsWith("0x")) {
      base = 16;
    } else if (lower.startsWith("0b")) {
      base = 2;
    } else if (lower.startsWith("0o")) {
      base = 8;
    } else if (lower.length() > 1 && lower.startsWith("0")) {
      return parse(negative, lower.substring(1), 8);
    }
    return parse(negative, base == 10 ? lower : lower.substring(2), base);
  }

  private static long parse(boolean negative, String digits, int base) {
    if (digits.startsWith("-") || digits.startsWith("+")) {
      throw new NumberFormatException("two signs");
    }
    return Long.parseLong((negative ? "-" : "") + digits, base);
  }

  /**
   * Returns an unsigned number of 64 bits from hexadecimal digits.
   *
   * @throws NumberFormatException if it does not fit
   */
  static long hex(String digits) {
    return Long.parseUnsignedLong(digits, 16);
  }

  /** Returns every number of the form 0x1f up to a character that addresses have not. */
  static long[] addresses(Lines lines, String text, int from) throws PprofException {
    int to = from;
    while (to < text.length() && isOfAddress(text.charAt(to))) {
      to++;
    }
    return allAddresses(lines, text.substring(from, to));
  }

  /** Returns every number of the form 0x1f in a text. */
  static long[] allAddresses(Lines lines, String text) throws PprofException {
    long[] found = NONE;
    int count = 0;
    int at = text.indexOf("0x");
    while (at >= 0) {
      int end = at + 2;
      while (end < text.length() && isLowerHex(text.charAt(end))) {
        end++;
      }
      if (end > at + 2) {
        if (count == found.length) {
          found = Arrays.copyOf(found, Math.max(16, count * 2));
        }
        found[count++] = address(lines, text.substring(at + 2, end));
      }
      at = text.indexOf("0x", end);
    }
    return Arrays.copyOf(found, count);
  }

  private static long address(Lines lines, String digits) throws PprofException {
    try {
      return hex(digits);
    } catch (NumberFormatException e) {
      throw lines.malformed("an address does not fit into 64 bits");
    }
  }

  private static boolean isOfAddress(char c) {
    return c == ' ' || c == 'x' || isLowerHex(c);
  }

  private static boolean isLowerHex(char c) {
    return Cursor.isDigit(c) || (c >= 'a' && c <= 'f');
  }
}
