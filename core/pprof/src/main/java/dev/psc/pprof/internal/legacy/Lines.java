package dev.psc.pprof.internal.legacy;

import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import java.nio.charset.StandardCharsets;

/**
 * Lines of a text, without their ends. Bytes are Latin-1 characters, so that names keep theirs. Not
 * thread-safe.
 */
final class Lines {

  /** The longest line that Go's converter reads, in bytes. */
  static final int MAX_BYTES = 64 << 10;

  private static final String[] MEMORY_MAP = {"--- Memory map: ---", "MAPPED_LIBRARIES:"};

  private final byte[] buf;
  private final int from;
  private final int to;
  private int pos;
  private int number;
  private boolean recognized;
  private String text = "";

  Lines(byte[] buf, int from, int to) {
    this.buf = buf;
    this.from = from;
    this.to = to;
    this.pos = from;
  }

  /**
   * Reads the next line.
   *
   * @return whether there was one; otherwise {@link #text} is empty
   * @throws PprofException if it is too long; before {@link #begin}, the text ends there
   */
  boolean next() throws PprofException {
    text = "";
    if (pos >= to) {
      return false;
    }
    number++;
    int end = pos;
    while (end < to && buf[end] != '\n') {
      if (end - pos >= MAX_BYTES) {
        if (recognized) {
          throw malformed("a line is longer than " + MAX_BYTES + " bytes");
        }
        return false;
      }
      end++;
    }
    int stop = end > pos && buf[end - 1] == '\r' ? end - 1 : end;
    text = new String(buf, pos, stop - pos, StandardCharsets.ISO_8859_1);
    pos = Math.min(to, end + 1);
    return true;
  }

  /** Returns the current line, or the empty text before the first and after the last one. */
  String text() {
    return text;
  }

  /** Returns whether the current line has an end, as the last one need not. */
  boolean isTerminated() {
    return pos > from && buf[pos - 1] == '\n';
  }

  /** Returns the current line without white space around it. */
  String trimmed() {
    return text.strip();
  }

  /**
   * Begins a profile, after its format was recognized by its first lines.
   *
   * @throws PprofException if the text is too large to be converted
   */
  Draft begin(PprofLimits limits) throws PprofException {
    recognized = true;
    return new Draft(to - from, limits);
  }

  /** Passes over blank lines and comments to the next other line, which may be that of the end. */
  void skipComments() throws PprofException {
    while (next() && isBlankOrComment(text)) {
      // The next line follows.
    }
  }

  /** Passes over all lines up to the head of the memory map. */
  void skipToMemoryMap() throws PprofException {
    while (!isMemoryMap(text) && next()) {
      // Sections that have no samples.
    }
  }

  static boolean isBlankOrComment(String line) {
    String trimmed = line.strip();
    return trimmed.isEmpty() || trimmed.charAt(0) == '#';
  }

  static boolean isMemoryMap(String line) {
    return line.contains(MEMORY_MAP[0]) || line.contains(MEMORY_MAP[1]);
  }

  PprofException malformed(String what) {
    return new PprofException(
        PprofException.LEGACY_TEXT,
        "line " + number,
        "line "
            + number
            + " of a profile in a legacy text format is malformed: "
            + what
            + "; the program that writes the profile has to be corrected");
  }
}
