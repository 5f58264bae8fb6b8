package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The section of a legacy profile that lists the mappings of its process, in the form of
 * /proc/self/maps or in that of gperftools.
 */
final class MemoryMap {

  /** Linux allows a process 65,530 mappings by default. */
  private static final int MAX_MAPPINGS = 1 << 16;

  /** Definitions of the form {@code name=value}, which later lines refer to as {@code $name}. */
  private static final int MAX_NAMES = 100;

  /** What the values of names may add to the section. */
  private static final int MAX_ADDED_CHARS = 1 << 20;

  private static final Pattern LIBRARY = Pattern.compile("[.]so$|[.]so[._][0-9]");

  private final Lines lines;
  private final List<MemoryMapping> mappings = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<String> values = new ArrayList<>();
  private long addedChars;

  private MemoryMap(Lines lines) {
    this.lines = lines;
  }

  /** Reads the rest of the lines. */
  static List<MemoryMapping> read(Lines lines) throws PprofException {
    MemoryMap map = new MemoryMap(lines);
    while (lines.next()) {
      map.line(map.expanded(withoutLogPrefix(lines.text())));
    }
    return mainFirst(joined(map.mappings));
  }

  /** Removes what a logging library writes before a message: {@code … file:line] }. */
  private static String withoutLogPrefix(String line) {
    int end = line.indexOf(']');
    int bracket = line.indexOf('[');
    if (end < 0 || (bracket >= 0 && bracket < end) || end + 1 >= line.length()) {
      return line;
    }
    int digits = end;
    while (digits > 0 && Cursor.isDigit(line.charAt(digits - 1))) {
      digits--;
    }
    boolean isPrefix =
        digits < end
            && digits > 1
            && line.charAt(digits - 1) == ':'
            && Cursor.isBlank(line.charAt(end + 1));
    return isPrefix ? line.substring(end + 2) : line;
  }

  private String expanded(String line) throws PprofException {
    int at = names.isEmpty() ? -1 : line.indexOf('$');
    if (at < 0) {
      return line;
    }
    StringBuilder text = new StringBuilder();
    int copied = 0;
    while (at >= 0) {
      int name = nameAt(line, at + 1);
      if (name < 0) {
        at = line.indexOf('$', at + 1);
        continue;
      }
      text.append(line, copied, at).append(values.get(name));
      addedChars += values.get(name).length();
      if (addedChars > MAX_ADDED_CHARS) {
        throw lines.malformed("the memory map's names stand for too long texts");
      }
      copied = at + 1 + names.get(name).length();
      at = line.indexOf('$', copied);
    }
    return text.append(line, copied, line.length()).toString();
  }

  private int nameAt(String line, int at) {
    for (int i = 0; i < names.size(); i++) {
      if (line.startsWith(names.get(i), at)) {
        return i;
      }
    }
    return -1;
  }

  private void line(String line) throws PprofException {
    Range range = Range.of(line);
    if (range == null) {
      define(line);
      return;
    }
    if (!range.isExecutable()) {
      return;
    }
    MemoryMapping mapping = range.mapping();
    if (mapping == null) {
      define(line);
      return;
    }
    if (mappings.size() == MAX_MAPPINGS) {
      throw lines.malformed("the memory map has more than " + MAX_MAPPINGS + " mappings");
    }
    mappings.add(mapping);
  }

  private void define(String line) throws PprofException {
    int equals = line.indexOf('=');
    if (equals < 0) {
      return;
    }
    if (names.size() == MAX_NAMES) {
      throw lines.malformed("the memory map defines more than " + MAX_NAMES + " names");
    }
    names.add(line.substring(0, equals).strip());
    values.add(line.substring(equals + 1).strip());
  }

  /** Joins adjacent parts of one mapping. */
  private static List<MemoryMapping> joined(List<MemoryMapping> parts) {
    List<MemoryMapping> joined = new ArrayList<>();
    for (MemoryMapping part : parts) {
      MemoryMapping last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last == null || !last.isContinuedBy(part)) {
        joined.add(part);
        continue;
      }
      last.limit = part.limit;
      if (!part.file.isEmpty()) {
        last.file = part.file;
      }
      if (!part.buildId.isEmpty()) {
        last.buildId = part.buildId;
      }
    }
    return joined;
  }

  /** By convention the first mapping is that of the program. */
  private static List<MemoryMapping> mainFirst(List<MemoryMapping> mappings) {
    for (int i = 0; i < mappings.size(); i++) {
      String file = mappings.get(i).file.replace("(deleted)", "").strip();
      if (!file.isEmpty() && file.charAt(0) != '[' && !LIBRARY.matcher(file).find()) {
        Collections.swap(mappings, 0, i);
        break;
      }
    }
    return mappings;
  }
}
