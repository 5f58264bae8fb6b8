package dev.psc.net;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A reader and writer of small JSON texts. Objects are {@code LinkedHashMap}s, arrays {@code
 * ArrayList}s, whole numbers {@code Long}s, other and larger numbers {@code Double}s. A faulty text
 * is an {@link IllegalArgumentException} that names the index and never quotes the text, which may
 * be secret.
 */
public final class Json {

  private static final int DEPTH_LIMIT = 32;
  private static final Pattern NUMBER =
      Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  /**
   * Reads one value that takes up the whole text.
   *
   * @throws IllegalArgumentException if the text is not JSON, or nested more than 32 deep
   */
  public static @Nullable Object parse(String text) {
    Json json = new Json(text);
    Object value = json.value(0);
    json.skipSpace();
    if (json.at != text.length()) {
      throw json.fault("more text after the value");
    }
    return value;
  }

  private @Nullable Object value(int depth) {
    if (depth > DEPTH_LIMIT) {
      throw fault("nested more than " + DEPTH_LIMIT + " deep");
    }
    skipSpace();
    char c = peek();
    return switch (c) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> string();
      case 't' -> literal("true", true);
      case 'f' -> literal("false", false);
      case 'n' -> literal("null", null);
      default -> number();
    };
  }

  private Map<String, @Nullable Object> object(int depth) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    at++;
    skipSpace();
    if (peek() == '}') {
      at++;
      return map;
    }
    while (true) {
      skipSpace();
      if (peek() != '"') {
        throw fault("a name in quotes is missing");
      }
      String name = string();
      skipSpace();
      expect(':');
      map.put(name, value(depth + 1));
      skipSpace();
      if (peek() == '}') {
        at++;
        return map;
      }
      expect(',');
    }
  }

  private List<@Nullable Object> array(int depth) {
    List<@Nullable Object> list = new ArrayList<>();
    at++;
    skipSpace();
    if (peek() == ']') {
      at++;
      return list;
    }
    while (true) {
      list.add(value(depth + 1));
      skipSpace();
      if (peek() == ']') {
        at++;
        return list;
      }
      expect(',');
    }
  }

  private String string() {
    StringBuilder out = new StringBuilder();
    at++;
    while (true) {
      char c = peek();
      at++;
      if (c == '"') {
        return out.toString();
      }
      if (c < 0x20) {
        throw fault("a control character in a string");
      }
      out.append(c == '\\' ? escape() : c);
    }
  }

  private char escape() {
    char c = peek();
    at++;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw fault("an unknown escape");
    };
  }

  private char unicode() {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = Character.digit(peek(), 16);
      if (digit < 0) {
        throw fault("a bad \\u escape");
      }
      code = code * 16 + digit;
      at++;
    }
    return (char) code;
  }

  private @Nullable Object literal(String word, @Nullable Object value) {
    if (!text.startsWith(word, at)) {
      throw fault("an unknown word");
    }
    at += word.length();
    return value;
  }

  private Object number() {
    int start = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(start, at);
    if (!NUMBER.matcher(digits).matches()) {
      at = start;
      throw fault("no value");
    }
    if (digits.matches("-?[0-9]{1,19}")) {
      BigInteger whole = new BigInteger(digits);
      if (whole.bitLength() < Long.SIZE) {
        return whole.longValue();
      }
    }
    return Double.valueOf(digits);
  }

  private void expect(char wanted) {
    if (peek() != wanted) {
      throw fault("'" + wanted + "' is missing");
    }
    at++;
  }

  private char peek() {
    if (at >= text.length()) {
      throw fault("the text ends too early");
    }
    return text.charAt(at);
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException fault(String what) {
    return new IllegalArgumentException("not JSON: " + what + " at index " + at);
  }

  /** Returns maps, iterables, numbers, booleans and text (all else) as JSON on one line. */
  public static String write(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    append(out, value, null);
    return out.toString();
  }

  /** Returns the same as {@link #write}, indented by two spaces, with a line break at the end. */
  public static String writeIndented(@Nullable Object value) {
    StringBuilder out = new StringBuilder();
    append(out, value, "\n");
    return out.append('\n').toString();
  }

  /** Appends a value; the line break includes the indentation, and is null for a single line. */
  private static void append(
      StringBuilder out, @Nullable Object value, @Nullable String lineBreak) {
    String inner = lineBreak == null ? null : lineBreak + "  ";
    if (value instanceof Map<?, ?> map) {
      out.append('{');
      String separator = "";
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator).append(inner == null ? "" : inner);
        quote(out, String.valueOf(entry.getKey()));
        out.append(inner == null ? ":" : ": ");
        append(out, entry.getValue(), inner);
        separator = ",";
      }
      out.append(lineBreak == null || map.isEmpty() ? "" : lineBreak).append('}');
    } else if (value instanceof Iterable<?> items) {
      out.append('[');
      String separator = "";
      for (Object item : items) {
        out.append(separator).append(inner == null ? "" : inner);
        append(out, item, inner);
        separator = ",";
      }
      out.append(lineBreak == null || separator.isEmpty() ? "" : lineBreak).append(']');
    } else if (value == null || value instanceof Boolean || value instanceof Number) {
      // JSON has no NaN and no infinity.
      boolean isFinite = !(value instanceof Double number) || Double.isFinite(number);
      out.append(isFinite ? value : "null");
    } else {
      quote(out, value.toString());
    }
  }

  /** Appends a JSON string; {@code <} is escaped too, so that it is safe inside a script. */
  public static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < ' ' || c == 0x7f || c == 0x2028 || c == 0x2029) {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
