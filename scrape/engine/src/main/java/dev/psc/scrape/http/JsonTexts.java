package dev.psc.scrape.http;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts, numbers and truth values of a JSON object's own fields, which is all that the answer
 * of a token endpoint has; what is nested is checked and skipped.
 */
final class JsonTexts {

  private static final int MAX_DEPTH = 32;

  private final String json;
  private int at;

  private JsonTexts(String json) {
    this.json = json;
  }

  /**
   * Reads an object.
   *
   * @throws IllegalArgumentException when it is none; the message shows none of it
   */
  static Map<String, String> read(String json) {
    JsonTexts reader = new JsonTexts(json);
    Map<String, String> fields = new LinkedHashMap<>();
    if (reader.peek() != '{') {
      throw reader.malformed();
    }
    reader.object(fields, 0);
    if (reader.peek() != 0) {
      throw reader.malformed();
    }
    return fields;
  }

  private void object(Map<String, String> fields, int depth) {
    at++;
    if (peek() == '}') {
      at++;
      return;
    }
    while (true) {
      if (peek() != '"') {
        throw malformed();
      }
      String name = text();
      expect(':');
      value(name, fields, depth);
      if (peek() != ',') {
        expect('}');
        return;
      }
      at++;
    }
  }

  private void array(int depth) {
    at++;
    if (peek() == ']') {
      at++;
      return;
    }
    while (true) {
      value("", new LinkedHashMap<>(), depth);
      if (peek() != ',') {
        expect(']');
        return;
      }
      at++;
    }
  }

  private void value(String name, Map<String, String> fields, int depth) {
    if (depth > MAX_DEPTH) {
      throw malformed();
    }
    switch (peek()) {
      case '{' -> object(new LinkedHashMap<>(), depth + 1);
      case '[' -> array(depth + 1);
      case '"' -> fields.put(name, text());
      default -> {
        String word = word();
        if (!word.equals("null")) {
          fields.put(name, word);
        }
      }
    }
  }

  private String word() {
    int start = at;
    while (at < json.length() && ",]} \t\r\n".indexOf(json.charAt(at)) < 0) {
      at++;
    }
    String word = json.substring(start, at);
    if (!word.matches("true|false|null|-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw malformed();
    }
    return word;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    at++;
    while (true) {
      char c = next();
      if (c == '"') {
        return text.toString();
      }
      if (c < ' ') {
        throw malformed();
      }
      text.append(c == '\\' ? escaped() : c);
    }
  }

  private char escaped() {
    char c = next();
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int i = 0; i < 4; i++) {
          int digit = Character.digit(next(), 16);
          if (digit < 0) {
            throw malformed();
          }
          code = code * 16 + digit;
        }
        yield (char) code;
      }
      default -> throw malformed();
    };
  }

  private char next() {
    if (at >= json.length()) {
      throw malformed();
    }
    return json.charAt(at++);
  }

  /** Returns the next character that is not white space without taking it, or 0 at the end. */
  private char peek() {
    while (at < json.length() && " \t\r\n".indexOf(json.charAt(at)) >= 0) {
      at++;
    }
    return at < json.length() ? json.charAt(at) : 0;
  }

  private void expect(char c) {
    if (peek() != c) {
      throw malformed();
    }
    at++;
  }

  private IllegalArgumentException malformed() {
    return new IllegalArgumentException("not a JSON object, at character " + at);
  }
}
