package dev.psc.scrape.relabel;

import com.google.re2j.Matcher;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Expands {@code $1}, {@code ${1}}, {@code $name} and {@code $$} as Go's {@code Regexp.Expand}
 * does: the longest name counts, an unknown or unmatched group is empty, and a {@code $} that
 * begins nothing is literal.
 */
final class Template {

  /** Limit on a text, as rules that repeat a group could otherwise take all memory. */
  private static final int MAX_CHARS = 1 << 20;

  private Template() {}

  static String expand(String template, Matcher match, Map<String, Integer> groups) {
    int dollar = template.indexOf('$');
    if (dollar < 0) {
      return template;
    }
    StringBuilder result = new StringBuilder();
    int at = 0;
    while (dollar >= 0) {
      result.append(template, at, dollar);
      at = dollar + 1;
      if (at < template.length() && template.charAt(at) == '$') {
        result.append('$');
        at++;
      } else {
        boolean brace = at < template.length() && template.charAt(at) == '{';
        int start = brace ? at + 1 : at;
        int end = nameEnd(template, start);
        if (end == start || (brace && (end >= template.length() || template.charAt(end) != '}'))) {
          result.append('$');
        } else {
          append(result, template.substring(start, end), match, groups);
          at = brace ? end + 1 : end;
        }
      }
      dollar = template.indexOf('$', at);
    }
    return result.append(template, at, template.length()).toString();
  }

  private static int nameEnd(String template, int start) {
    int end = start;
    while (end < template.length()) {
      int c = template.codePointAt(end);
      if (!Character.isLetter(c)
          && Character.getType(c) != Character.DECIMAL_DIGIT_NUMBER
          && c != '_') {
        break;
      }
      end += Character.charCount(c);
    }
    return end;
  }

  private static void append(
      StringBuilder result, String name, Matcher match, Map<String, Integer> groups) {
    int number = number(name);
    if (number < 0) {
      Integer named = groups.get(name);
      if (named == null) {
        return;
      }
      number = named;
    }
    if (number <= match.groupCount()) {
      @Nullable String value = match.group(number);
      if (value != null) {
        if (result.length() + value.length() > MAX_CHARS) {
          throw new IllegalArgumentException(
              "a relabelling rule produces a value of more than " + MAX_CHARS + " characters");
        }
        result.append(value);
      }
    }
  }

  /**
   * Returns the number of a group, or -1 when the name is not one; leading zeros make it a name.
   */
  private static int number(String name) {
    if (name.length() > 9 || (name.length() > 1 && name.charAt(0) == '0')) {
      return -1;
    }
    int number = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c < '0' || c > '9') {
        return -1;
      }
      number = number * 10 + (c - '0');
    }
    return number;
  }
}
