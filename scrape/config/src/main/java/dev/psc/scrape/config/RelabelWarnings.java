package dev.psc.scrape.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Warnings about expressions of rules that are legal but suspicious. */
final class RelabelWarnings {

  private RelabelWarnings() {}

  /**
   * Returns a warning if an expression is an alternation of which one side can never match the
   * joined values of several labels, as in {@code a|b;true}.
   *
   * @param regex the expression
   * @param labels the number of source labels
   * @param separator joins their values
   */
  static Optional<String> alternation(String regex, int labels, String separator) {
    if (labels < 2 || separator.isEmpty()) {
      return Optional.empty();
    }
    List<String> sides = alternatives(regex);
    if (sides.size() < 2) {
      return Optional.empty();
    }
    return sides.stream()
        .filter(side -> !mayMatch(side, separator))
        .findFirst()
        .map(
            side ->
                "regex \""
                    + regex
                    + "\" is \""
                    + String.join("\" or \"", sides)
                    + "\", and \""
                    + side
                    + "\" never matches the values of "
                    + labels
                    + " source_labels, which are joined with \""
                    + separator
                    + "\"; enclose the alternatives of one label in parentheses, e.g. (a|b)"
                    + separator
                    + "c");
  }

  /** Returns the alternatives of an expression, outside of groups except one around all of it. */
  private static List<String> alternatives(String regex) {
    String text = regex;
    while (isOneGroup(text)) {
      int start = text.startsWith("(?") ? text.indexOf(':') + 1 : 1;
      text = text.substring(start, text.length() - 1);
    }
    List<String> sides = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i = next(text, i)) {
      char c = text.charAt(i);
      if (c == '(') {
        depth++;
      } else if (c == ')') {
        depth--;
      } else if (c == '|' && depth == 0) {
        sides.add(text.substring(start, i));
        start = i + 1;
      }
    }
    sides.add(text.substring(start));
    return sides;
  }

  /** Returns whether the expression is {@code (...)} or {@code (?:...)} as a whole. */
  private static boolean isOneGroup(String text) {
    if (!text.startsWith("(") || (text.startsWith("(?") && !text.startsWith("(?:"))) {
      return false;
    }
    int depth = 0;
    for (int i = 0; i < text.length(); i = next(text, i)) {
      if (text.charAt(i) == '(') {
        depth++;
      } else if (text.charAt(i) == ')' && --depth == 0) {
        return i == text.length() - 1;
      }
    }
    return false;
  }

  /** Returns the index behind the element at an index: a character, an escape, or a class. */
  private static int next(String text, int index) {
    char c = text.charAt(index);
    if (c == '\\') {
      if (text.startsWith("\\Q", index)) {
        int end = text.indexOf("\\E", index + 2);
        return end < 0 ? text.length() : end + 2;
      }
      return index + 2;
    }
    if (c != '[') {
      return index + 1;
    }
    int i = index + 1;
    if (text.startsWith("^", i)) {
      i++;
    }
    if (text.startsWith("]", i)) {
      i++;
    }
    while (i < text.length() && text.charAt(i) != ']') {
      if (text.startsWith("[:", i) && text.indexOf(":]", i) > 0) {
        i = text.indexOf(":]", i) + 2;
      } else {
        i += text.charAt(i) == '\\' ? 2 : 1;
      }
    }
    return i + 1;
  }

  /** Errs on the side of no warning: any wildcard may match the separator. */
  private static boolean mayMatch(String alternative, String separator) {
    // Digits, word characters, white space and an escaped dot match no semicolon.
    String side = separator.equals(";") ? alternative.replaceAll("\\\\[dws.]", "") : alternative;
    return side.contains(separator)
        || side.contains("[^")
        || side.contains("\\")
        || side.contains(".")
        || side.contains("[[:");
  }
}
