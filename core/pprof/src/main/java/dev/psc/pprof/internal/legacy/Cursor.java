package dev.psc.pprof.internal.legacy;

/**
 * Reads tokens from one line. A method that does not match leaves the position. Not thread-safe.
 */
final class Cursor {

  private final String line;
  private int pos;

  Cursor(String line) {
    this.line = line;
  }

  Cursor at(int position) {
    pos = position;
    return this;
  }

  int position() {
    return pos;
  }

  boolean atEnd() {
    return pos >= line.length();
  }

  private int peek() {
    return pos < line.length() ? line.charAt(pos) : -1;
  }

  /** Passes over a text. */
  boolean skip(String text) {
    if (!line.startsWith(text, pos)) {
      return false;
    }
    pos += text.length();
    return true;
  }

  /** Passes over any number of spaces. */
  boolean spaces() {
    while (peek() == ' ') {
      pos++;
    }
    return true;
  }

  /** Passes over white space; returns whether there was some. */
  boolean blank() {
    int start = pos;
    while (isBlank(peek())) {
      pos++;
    }
    return pos > start;
  }

  /** Returns a number of decimal digits, or the empty text. */
  String digits() {
    int start = pos;
    while (isDigit(peek())) {
      pos++;
    }
    return line.substring(start, pos);
  }

  /** Returns a number with an optional minus sign, or the empty text. */
  String signedDigits() {
    int start = pos;
    if (peek() == '-') {
      pos++;
    }
    if (digits().isEmpty()) {
      pos = start;
    }
    return line.substring(start, pos);
  }

  /** Returns hexadecimal digits of either case, or the empty text. */
  String hexDigits() {
    int start = pos;
    while (isHexDigit(peek())) {
      pos++;
    }
    return line.substring(start, pos);
  }

  /** Returns hexadecimal digits, with an optional 0x that is not returned, or the empty text. */
  String prefixedHexDigits() {
    int start = pos;
    if (skip("0x")) {
      String digits = hexDigits();
      if (!digits.isEmpty()) {
        return digits;
      }
      pos = start;
    }
    return hexDigits();
  }

  /** Returns characters up to white space. */
  String word() {
    int start = pos;
    while (pos < line.length() && !isBlank(peek())) {
      pos++;
    }
    return line.substring(start, pos);
  }

  /** Returns characters of a set. */
  String of(String set) {
    int start = pos;
    while (pos < line.length() && set.indexOf(line.charAt(pos)) >= 0) {
      pos++;
    }
    return line.substring(start, pos);
  }

  static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  static boolean isHexDigit(int c) {
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  }

  static boolean isBlank(int c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
  }
}
