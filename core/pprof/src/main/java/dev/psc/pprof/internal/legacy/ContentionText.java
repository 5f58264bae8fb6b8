package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import org.jspecify.annotations.Nullable;

/**
 * The text format of contention profiles: of gperftools ({@code --- contentionz}) and of Go's mutex
 * and block profiles.
 */
final class ContentionText {

  private final Lines lines;
  private final Draft draft;
  private long cyclesPerSecond;

  private ContentionText(Lines lines, Draft draft) {
    this.lines = lines;
    this.draft = draft;
  }

  /** Returns the profile, or null if the text has another format. */
  static @Nullable Draft read(Lines lines, PprofLimits limits) throws PprofException {
    lines.next();
    String head = lines.text();
    if (!head.startsWith("--- contentionz ")
        && !head.startsWith("--- mutex:")
        && !head.startsWith("--- contention:")) {
      return null;
    }
    Draft draft = lines.begin(limits);
    draft.period("contentions", "count", 1);
    draft.type("contentions", "count").type("delay", "nanoseconds");
    ContentionText text = new ContentionText(lines, draft);
    if (!text.attributes() || !text.samples()) {
      return null;
    }
    lines.skipToMemoryMap();
    draft.map(MemoryMap.read(lines));
    return draft;
  }

  /** Reads lines of the form {@code name = value}; returns false for those of another format. */
  private boolean attributes() throws PprofException {
    while (lines.next()) {
      String line = lines.trimmed();
      if (Lines.isBlankOrComment(line)) {
        continue;
      }
      int equals = line.indexOf('=');
      if (line.startsWith("---") || equals < 0) {
        return true;
      }
      try {
        if (!attribute(line.substring(0, equals).strip(), line.substring(equals + 1).strip())) {
          return false;
        }
      } catch (NumberFormatException e) {
        return false;
      }
    }
    return true;
  }

  private boolean attribute(String name, String value) {
    switch (name) {
      case "cycles/second" -> cyclesPerSecond = Numbers.ofAnyBase(value);
      case "sampling period" -> draft.period(Numbers.ofAnyBase(value));
      case "ms since reset" -> draft.durationNanos(Numbers.ofAnyBase(value) * 1_000_000);
      case "discarded samples" -> {
        return true;
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Reads samples from the current line on; returns false for those of another format. */
  private boolean samples() throws PprofException {
    do {
      String line = lines.trimmed();
      if (line.startsWith("---")) {
        return true;
      }
      if (!Lines.isBlankOrComment(line) && !sample(line)) {
        return false;
      }
    } while (lines.next());
    return true;
  }

  private boolean sample(String line) throws PprofException {
    Cursor cursor = new Cursor(line);
    String previous = "";
    for (int at = 0; at < line.length(); at++) {
      if (!Cursor.isDigit(line.charAt(at))) {
        continue;
      }
      String digits = cursor.at(at).digits();
      int end = cursor.position();
      if (cursor.skip(" @")) {
        if (!previous.isEmpty()) {
          add(line, previous, digits, cursor.position());
          return true;
        }
        if (digits.length() > 1) {
          int split = digits.length() - 1;
          add(line, digits.substring(0, split), digits.substring(split), cursor.position());
          return true;
        }
      }
      cursor.at(end).spaces();
      previous = isDigitAt(line, cursor.position()) ? digits : "";
      at = end - 1;
    }
    return false;
  }

  private static boolean isDigitAt(String line, int at) {
    return at < line.length() && Cursor.isDigit(line.charAt(at));
  }

  private void add(String line, String delayDigits, String countDigits, int stackAt)
      throws PprofException {
    long delay = Numbers.decimal(lines, delayDigits);
    long count = Numbers.decimal(lines, countDigits);
    long period = draft.period();
    if (period > 0) {
      if (cyclesPerSecond > 0) {
        double cyclesPerNanosecond = cyclesPerSecond / 1e9;
        delay = (long) ((double) delay * period / cyclesPerNanosecond);
      }
      count *= period;
    }
    long[] stack = Numbers.addresses(lines, line, stackAt);
    Draft.toCalls(stack, true);
    draft.sample(stack, 0, count, delay);
  }
}
