package dev.psc.pprof.internal.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.psc.pprof.format.PprofException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Names what bytes are that were taken for a profile and are none. */
public final class Sniffer {

  private static final int LOOK = 512;
  private static final int QUOTE = 48;

  /** The first words of the text formats of other profilers. */
  private static final String[] LEGACY_TEXT = {
    "heap profile:",
    "goroutine profile:",
    "threadcreate profile:",
    "goroutine ",
    "--- heapz",
    "--- heap",
    "--- contention",
    "--- mutex",
    "--- threadz",
    "--- thread",
    "--- growth",
    "--- profile",
    "--- symbol",
    "cycles/second",
    "# runtime.memstats",
    "full thread dump",
  };

  private Sniffer() {}

  /** Returns an error that names the kind of the bytes, or null when they may be protobuf. */
  static @Nullable PprofException name(byte[] buf, int from, int to) {
    if (from >= to) {
      return not("the body is empty: the server has no such profile, or it is disabled");
    }
    if (isGperftoolsCpu(buf, from, to)) {
      return new PprofException(
          PprofException.LEGACY_BINARY,
          "byte 0",
          "this is a binary CPU profile of gperftools that is damaged or cut");
    }
    String head = text(buf, from, to);
    if (head == null) {
      return null;
    }
    String start = head.strip().toLowerCase(Locale.ROOT);
    for (String legacy : LEGACY_TEXT) {
      if (start.startsWith(legacy)) {
        return new PprofException(
            PprofException.LEGACY_TEXT,
            "byte 0",
            "this is a profile in a legacy text format ("
                + printable(buf, from, to)
                + ") that is not converted: remove debug=1 or debug=2 from the parameters");
      }
    }
    if (start.isEmpty()) {
      return not("the body is only white space: the server has no such profile");
    }
    String quoted = printable(buf, from, to);
    if (start.charAt(0) == '<') {
      return not(
          start.startsWith("<?xml") && !start.contains("html")
              ? "this is XML (" + quoted + "), not pprof: check the path"
              : "this is an HTML page ("
                  + quoted
                  + "), not pprof: check the path, and that no proxy or login page responds"
                  + " instead");
    }
    if (start.charAt(0) == '{' || start.charAt(0) == '[') {
      return not("this is JSON (" + quoted + "), not pprof: check the path");
    }
    return not("this is text (" + quoted + "), not pprof: check the path");
  }

  private static PprofException not(String message) {
    return new PprofException(PprofException.NOT_PPROF, "byte 0", message);
  }

  /** The start as text, or null when it holds bytes that no text does. */
  private static @Nullable String text(byte[] buf, int from, int to) {
    int stop = Math.min(to, from + LOOK);
    int start = from;
    if (to - from >= 3
        && buf[from] == (byte) 0xef
        && buf[from + 1] == (byte) 0xbb
        && buf[from + 2] == (byte) 0xbf) {
      start += 3;
    }
    for (int i = start; i < stop; i++) {
      byte b = buf[i];
      if (b >= 0 && b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f') {
        return null;
      }
    }
    String head = new String(buf, start, stop - start, StandardCharsets.UTF_8);
    int broken = head.indexOf('\uFFFD');
    // The look may end within a character, but not have a broken one before.
    return broken >= 0 && broken < head.length() - 1 ? null : head;
  }

  /**
   * The header words are 0, 3, 0, period, 0, in either width and byte order; so is that of its
   * newer form with 3 replaced by a larger header.
   */
  private static boolean isGperftoolsCpu(byte[] buf, int from, int to) {
    for (int width = 4; width <= 8; width += 4) {
      if (to - from < 5 * width) {
        return false;
      }
      for (int order = 0; order < 2; order++) {
        boolean little = order == 0;
        if (word(buf, from, width, little) == 0
            && word(buf, from + width, width, little) == 3
            && word(buf, from + 2 * width, width, little) == 0
            && word(buf, from + 4 * width, width, little) == 0) {
          return true;
        }
      }
    }
    return false;
  }

  private static long word(byte[] buf, int at, int width, boolean littleEndian) {
    long word = 0;
    for (int i = 0; i < width; i++) {
      word = word << 8 | (buf[littleEndian ? at + width - 1 - i : at + i] & 0xff);
    }
    return word;
  }

  /** Quotes the start of a text likewise. */
  public static String printable(String text) {
    byte[] start = text.substring(0, Math.min(text.length(), QUOTE + 1)).getBytes(UTF_8);
    return printable(start, 0, start.length);
  }

  /** Quotes the first few bytes with everything unprintable replaced. */
  public static String printable(byte[] buf, int from, int to) {
    int stop = Math.min(to, from + QUOTE);
    StringBuilder text = new StringBuilder("\"");
    for (int i = from; i < stop; i++) {
      byte b = buf[i];
      text.append(b >= ' ' && b < 0x7f && b != '"' ? (char) b : '.');
    }
    return text.append(stop < to ? "…\"" : "\"").toString();
  }
}
