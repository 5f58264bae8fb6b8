package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The text format of thread stacks of gperftools: {@code --- threadz 1 ---}. */
final class ThreadText {

  private static final String THREAD = "--- Thread ";
  private static final String END = ") stack: ---";

  private final Lines lines;
  private String line = "";

  private ThreadText(Lines lines) {
    this.lines = lines;
  }

  /** Returns the profile, or null if the text has another format. */
  static @Nullable Draft read(Lines lines, PprofLimits limits) throws PprofException {
    lines.skipComments();
    ThreadText text = new ThreadText(lines);
    text.line = lines.text();
    if (isHead(text.line)) {
      while (lines.next()) {
        text.line = lines.text();
        if (Lines.isMemoryMap(text.line) || text.line.startsWith("-")) {
          break;
        }
      }
    } else if (!isThread(text.line)) {
      return null;
    }
    Draft draft = lines.begin(limits);
    draft.type("thread", "count").period("thread", "count", 1);
    while (!Lines.isMemoryMap(text.line) && !text.line.startsWith("---- no stack trace for")) {
      if (!isThread(text.line)) {
        return null;
      }
      long[] stack = text.stack();
      if (stack.length == 0) {
        draft.repeatSample();
      } else {
        Draft.toCalls(stack, false);
        draft.sample(stack, 0, 1);
      }
    }
    lines.skipToMemoryMap();
    draft.map(MemoryMap.read(lines));
    draft.withoutRepeatedLeaves();
    return draft;
  }

  private static boolean isHead(String line) {
    String head = "--- threadz ";
    for (int at = line.indexOf(head); at >= 0; at = line.indexOf(head, at + 1)) {
      Cursor cursor = new Cursor(line).at(at + head.length());
      if (!cursor.digits().isEmpty() && cursor.skip(" ---")) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether a line is of the form {@code --- Thread 7f (name: main/12) stack: ---}. */
  private static boolean isThread(String line) {
    int end = line.lastIndexOf(END);
    int digits = end;
    while (digits > 0 && Cursor.isDigit(line.charAt(digits - 1))) {
      digits--;
    }
    if (end < 0 || digits == end || digits < 1 || line.charAt(digits - 1) != '/') {
      return false;
    }
    for (int at = line.indexOf(THREAD); at >= 0; at = line.indexOf(THREAD, at + 1)) {
      Cursor cursor = new Cursor(line).at(at + THREAD.length());
      if (!cursor.hexDigits().isEmpty() && cursor.skip(" (name: ") && cursor.position() < digits) {
        return true;
      }
    }
    return false;
  }

  /** Reads a stack up to the next head of a section; it is empty if it is the previous one. */
  private long[] stack() throws PprofException {
    long[] stack = {};
    boolean same = false;
    line = "";
    while (lines.next()) {
      line = lines.trimmed();
      if (line.startsWith("---")) {
        break;
      }
      if (line.contains("same as previous thread")) {
        same = true;
        continue;
      }
      long[] more = Numbers.allAddresses(lines, line);
      if (stack.length + more.length > Draft.MAX_DEPTH) {
        throw lines.malformed("the stack has more than " + Draft.MAX_DEPTH + " frames");
      }
      int count = stack.length;
      stack = Arrays.copyOf(stack, count + more.length);
      System.arraycopy(more, 0, stack, count, more.length);
    }
    return same ? new long[0] : stack;
  }
}
