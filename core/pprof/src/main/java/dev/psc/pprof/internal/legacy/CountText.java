package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import org.jspecify.annotations.Nullable;

/** Go's text format of profiles that count stacks: {@code goroutine profile: total 7}. */
final class CountText {

  private static final String TOTAL = " profile: total ";

  private CountText() {}

  /** Returns the profile, or null if the text has another format. */
  static @Nullable Draft read(Lines lines, PprofLimits limits) throws PprofException {
    lines.skipComments();
    String type = type(lines.text());
    if (type == null) {
      return null;
    }
    Draft draft = lines.begin(limits);
    draft.type(type, "count").period(type, "count", 1);
    while (lines.next() && !lines.text().startsWith("---")) {
      String line = lines.text();
      if (!Lines.isBlankOrComment(line)) {
        sample(lines, line, draft);
      }
    }
    lines.skipToMemoryMap();
    draft.map(MemoryMap.read(lines));
    return draft;
  }

  private static @Nullable String type(String line) {
    int end = line.indexOf(TOTAL);
    if (end < 1) {
      return null;
    }
    Cursor cursor = new Cursor(line);
    String type = cursor.word();
    boolean matches =
        type.length() == end && cursor.skip(TOTAL) && !cursor.digits().isEmpty() && cursor.atEnd();
    return matches ? type : null;
  }

  private static void sample(Lines lines, String line, Draft draft) throws PprofException {
    Cursor cursor = new Cursor(line);
    String digits = cursor.digits();
    if (digits.isEmpty() || !cursor.skip(" @") || cursor.atEnd()) {
      throw notASample(lines);
    }
    int start = cursor.position();
    while (!cursor.atEnd()) {
      if (!cursor.skip(" 0x") || cursor.of("0123456789abcdef").isEmpty()) {
        throw notASample(lines);
      }
    }
    long count;
    try {
      count = Numbers.ofAnyBase(digits);
    } catch (NumberFormatException e) {
      throw notASample(lines);
    }
    long[] stack = Numbers.addresses(lines, line, start);
    Draft.toCalls(stack, true);
    draft.sample(stack, 0, count);
  }

  private static PprofException notASample(Lines lines) {
    return lines.malformed("it is not a count and a stack");
  }
}
