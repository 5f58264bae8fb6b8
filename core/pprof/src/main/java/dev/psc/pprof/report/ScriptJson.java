package dev.psc.pprof.report;

import java.util.Collection;
import java.util.Locale;

/**
 * A writer of JSON that is safe inside a script element: no character in it can end the element.
 */
final class ScriptJson {

  private final StringBuilder out;
  private boolean comma;

  ScriptJson(int expectedChars) {
    out = new StringBuilder(Math.max(256, expectedChars));
  }

  ScriptJson open(char bracket) {
    out.append(bracket);
    comma = false;
    return this;
  }

  ScriptJson close(char bracket) {
    out.append(bracket);
    comma = true;
    return this;
  }

  /** Separates the next element of an array from the one before. */
  ScriptJson next() {
    if (comma) {
      out.append(',');
    }
    comma = true;
    return this;
  }

  ScriptJson key(String name) {
    next();
    text(name);
    out.append(':');
    comma = false;
    return this;
  }

  ScriptJson number(long value) {
    out.append(value);
    comma = true;
    return this;
  }

  ScriptJson element(long value) {
    return next().number(value);
  }

  ScriptJson texts(Collection<String> texts) {
    open('[');
    for (String text : texts) {
      next().text(text);
    }
    return close(']');
  }

  ScriptJson text(String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c == '<' || c == '>' || c == '&' || (c >= 0x7f && isSpecial(c))) {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
    comma = true;
    return this;
  }

  private static boolean isSpecial(char c) {
    return c <= 0x9f || c == 0x2028 || c == 0x2029 || c == 0xfeff || Character.isSurrogate(c);
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
