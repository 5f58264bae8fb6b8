package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The text format of heap and contention profiles of Java agents: attributes, samples, and the
 * names of their addresses.
 */
final class JavaText {

  private static final long HEAP_RATE = 512 << 10;

  private final Lines lines;
  private final Draft draft;
  private final boolean heap;

  private JavaText(Lines lines, Draft draft, boolean heap) {
    this.lines = lines;
    this.draft = draft;
    this.heap = heap;
  }

  /** Returns the profile, or null if the text has another format. */
  static @Nullable Draft read(Lines lines, PprofLimits limits) throws PprofException {
    if (!lines.next()) {
      return null;
    }
    String head = lines.trimmed();
    boolean heap = head.equals("--- heapz 1 ---");
    if (!heap && !head.equals("--- contentionz 1 ---")) {
      return null;
    }
    JavaText text = new JavaText(lines, lines.begin(limits), heap);
    // Go's converter takes a last line without an end for the name of an address.
    boolean more = lines.next();
    while (more && lines.isTerminated()) {
      String line = lines.trimmed();
      if (!line.isEmpty()) {
        int equals = equalsSign(line);
        if (equals < 0) {
          break;
        }
        if (!text.attribute(key(line, equals), value(line, equals))) {
          return null;
        }
      }
      more = lines.next();
    }
    while (more && lines.isTerminated()) {
      String line = lines.trimmed();
      if (!line.isEmpty() && !text.sample(line)) {
        break;
      }
      more = lines.next();
    }
    if (more) {
      text.name(lines.trimmed());
    }
    names(lines, text.draft);
    return text.draft;
  }

  /** Returns the place of an equals sign between a name and a value, or -1. */
  private static int equalsSign(String line) {
    for (int at = line.indexOf('='); at >= 0; at = line.indexOf('=', at + 1)) {
      if (at > 0
          && isWord(line.charAt(at - 1))
          && at + 1 < line.length()
          && isWord(line.charAt(at + 1))) {
        return at;
      }
    }
    return -1;
  }

  private static String key(String line, int equals) {
    int start = equals;
    while (start > 0 && isWord(line.charAt(start - 1))) {
      start--;
    }
    return line.substring(start, equals).strip();
  }

  private static String value(String line, int equals) {
    int end = equals + 1;
    while (end < line.length() && isWord(line.charAt(end))) {
      end++;
    }
    return line.substring(equals + 1, end).strip();
  }

  private static boolean isWord(char c) {
    return c == ' '
        || c == '_'
        || Cursor.isDigit(c)
        || (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z');
  }

  private boolean attribute(String name, String value) throws PprofException {
    try {
      switch ((heap ? "heap/" : "contention/") + name) {
        case "heap/format", "contention/format" -> {
          return value.equals("java");
        }
        case "heap/resolution" -> types("inuse_objects", "inuse_space", value);
        case "contention/resolution" -> types("contentions", "delay", value);
        case "contention/sampling period" ->
            draft.period("contentions", "count", Numbers.ofAnyBase(value));
        case "contention/ms since reset" ->
            draft.durationNanos(Numbers.ofAnyBase(value) * 1_000_000);
        default -> {
          return false;
        }
      }
    } catch (NumberFormatException e) {
      throw lines.malformed("the value of " + name + " is not a number");
    }
    return true;
  }

  private void types(String counted, String measured, String unit) {
    draft.types().clear();
    draft.type(counted, "count").type(measured, unit);
  }

  /** Reads a sample of the form {@code bytes objects @ addresses}; returns false for others. */
  private boolean sample(String line) throws PprofException {
    Cursor cursor = new Cursor(line);
    for (int at = 0; at < line.length(); at++) {
      if (!Cursor.isDigit(line.charAt(at)) || (at > 0 && Cursor.isDigit(line.charAt(at - 1)))) {
        continue;
      }
      String measured = cursor.at(at).digits();
      String counted = cursor.skip(" ") && cursor.spaces() ? cursor.digits() : "";
      if (!counted.isEmpty()
          && cursor.skip(" ")
          && cursor.spaces()
          && cursor.skip("@ ")
          && cursor.spaces()) {
        add(counted, measured, Numbers.addresses(lines, line, cursor.position()));
        return true;
      }
    }
    return false;
  }

  private void add(String counted, String measured, long[] stack) throws PprofException {
    long count;
    long value;
    try {
      count = Numbers.ofAnyBase(counted);
      value = Numbers.ofAnyBase(measured);
    } catch (NumberFormatException e) {
      throw lines.malformed("a number does not fit into 64 bits");
    }
    if (!heap) {
      long period = draft.period() == 0 ? 1 : draft.period();
      draft.sample(stack, 0, count * period, value * period);
      return;
    }
    if (count == 0) {
      throw lines.malformed("a sample has no objects");
    }
    draft.withBlockBytes();
    draft.sample(stack, value / count, HeapText.scaled(count, value, HEAP_RATE));
  }

  /** Reads the names of addresses from the rest of the lines. */
  static void names(Lines lines, Draft draft) throws PprofException {
    JavaText text = new JavaText(lines, draft, false);
    while (lines.next()) {
      text.name(lines.trimmed());
    }
    draft.map(new ArrayList<>());
    draft.withoutAddresses();
  }

  /** Reads a line of the form {@code 0x1f function (file:line)}; others are ignored. */
  private void name(String line) throws PprofException {
    Cursor cursor = new Cursor(line);
    String digits = cursor.skip("0x") ? cursor.hexDigits() : "";
    if (digits.isEmpty() || !cursor.blank()) {
      return;
    }
    String text = line.substring(cursor.position());
    long address;
    try {
      address = Numbers.hex(digits);
    } catch (NumberFormatException e) {
      throw lines.malformed("an address does not fit into 64 bits");
    }
    int colon = colonOfLine(text);
    int bracket = colon < 0 ? -1 : openingBracket(text, colon - 1);
    if (bracket >= 0) {
      String file = text.substring(bracket + 1, colon);
      draft.name(address, text.substring(0, bracket - 1), file, lineNumber(text, colon));
      return;
    }
    bracket = text.endsWith(")") ? openingBracket(text, text.length() - 1) : -1;
    if (bracket >= 0) {
      String path = text.substring(bracket + 1, text.length() - 1);
      draft.name(address, text.substring(0, bracket - 1), baseName(path), 0);
    } else {
      draft.name(address, text.contains("generated stub/JIT") ? "STUB" : text, "", 0);
    }
  }

  /** Returns the place of the colon before a line number at the end, or -1. */
  private static int colonOfLine(String text) {
    int end = text.length() - 1;
    if (end < 0 || text.charAt(end) != ')') {
      return -1;
    }
    int digits = end;
    while (digits > 0 && Cursor.isDigit(text.charAt(digits - 1))) {
      digits--;
    }
    if (digits == end) {
      return -1;
    }
    int colon = digits > 0 && text.charAt(digits - 1) == '-' ? digits - 2 : digits - 1;
    return colon >= 0 && text.charAt(colon) == ':' ? colon : -1;
  }

  private static long lineNumber(String text, int colon) {
    try {
      return Math.max(0, Long.parseLong(text.substring(colon + 1, text.length() - 1)));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** Returns the place of the last bracket after white space that opens before a place, or -1. */
  private static int openingBracket(String text, int before) {
    for (int at = text.lastIndexOf('(', before - 1); at > 0; at = text.lastIndexOf('(', at - 1)) {
      if (Cursor.isBlank(text.charAt(at - 1))) {
        return at;
      }
    }
    return -1;
  }

  private static String baseName(String path) {
    int end = path.length();
    while (end > 1 && path.charAt(end - 1) == '/') {
      end--;
    }
    String stripped = path.substring(0, end);
    if (stripped.isEmpty()) {
      return ".";
    }
    return stripped.equals("/") ? stripped : stripped.substring(stripped.lastIndexOf('/') + 1);
  }
}
