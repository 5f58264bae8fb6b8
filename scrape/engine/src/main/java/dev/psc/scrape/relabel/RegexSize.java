package dev.psc.scrape.relabel;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The limits of Go's regular expressions on nesting and on nested counted repetitions, which re2j
 * does not have: there, a few characters take all memory, or the whole stack.
 */
final class RegexSize {

  private static final int MAX_DEPTH = 200;
  private static final int MAX_REPEATS = 1_000;

  private final String regex;
  private final Deque<Integer> outer = new ArrayDeque<>();
  private int at;

  /** The largest number of copies of a part of the group that is open, and of its last atom. */
  private int copies = 1;

  private int lastCopies = 1;

  private RegexSize(String regex) {
    this.regex = regex;
  }

  /** Returns the part of an expression that is too large, or null. */
  static @Nullable String problem(String regex) {
    return new RegexSize(regex).problem();
  }

  private @Nullable String problem() {
    while (at < regex.length()) {
      char c = regex.charAt(at++);
      switch (c) {
        case '(' -> {
          if (outer.size() == MAX_DEPTH) {
            return "groups are nested deeper than " + MAX_DEPTH + " levels";
          }
          outer.push(copies);
          copies = 1;
          lastCopies = 1;
        }
        case ')' -> {
          lastCopies = copies;
          copies = Math.max(copies, outer.isEmpty() ? 1 : outer.pop());
        }
        case '{' -> {
          int times = repeats();
          if (times > 1) {
            lastCopies *= times;
            if (lastCopies > MAX_REPEATS) {
              return "nested repetitions exceed " + MAX_REPEATS;
            }
            copies = Math.max(copies, lastCopies);
          }
        }
        case '[' -> {
          skipClass();
          lastCopies = 1;
        }
        case '\\' -> {
          skipEscape();
          lastCopies = 1;
        }
        default -> lastCopies = 1;
      }
    }
    return null;
  }

  /** Reads the rest of {@code {n}}, {@code {n,}} or {@code {n,m}}; other text counts once. */
  private int repeats() {
    int close = regex.indexOf('}', at);
    if (close < 0 || !regex.substring(at, close).matches("[0-9]{1,4}(,[0-9]{0,4})?")) {
      return 1;
    }
    String[] counts = regex.substring(at, close).split(",", -1);
    at = close + 1;
    int least = Integer.parseInt(counts[0]);
    return counts.length < 2 || counts[1].isEmpty()
        ? least
        : Math.max(least, Integer.parseInt(counts[1]));
  }

  private void skipClass() {
    boolean first = true;
    for (; at < regex.length(); at++) {
      char c = regex.charAt(at);
      if (c == ']' && !first) {
        at++;
        return;
      }
      if (c == '\\') {
        at++;
      } else if (c == '[' && regex.startsWith("[:", at)) {
        int end = regex.indexOf(":]", at + 2);
        at = end < 0 ? at : end + 1;
      }
      first = first && c == '^';
    }
  }

  private void skipEscape() {
    if (regex.startsWith("Q", at)) {
      int end = regex.indexOf("\\E", at);
      at = end < 0 ? regex.length() : end + 2;
    } else if (at + 1 < regex.length()
        && "pPx".indexOf(regex.charAt(at)) >= 0
        && regex.charAt(at + 1) == '{') {
      int end = regex.indexOf('}', at);
      at = end < 0 ? regex.length() : end + 1;
    } else {
      at++;
    }
  }
}
