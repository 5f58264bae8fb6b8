package dev.psc.auth;

import dev.psc.auth.TokenFormatException.Problem;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Checks of the text of a token of any kind, and the decoding of files and variables. */
final class TokenText {

  private TokenText() {}

  /** Returns the problem of a text that should be a token, or null. */
  static @Nullable TokenFormatException commonFault(String text) {
    if (text.isEmpty()) {
      return new TokenFormatException(Problem.EMPTY, "the token is empty");
    }
    char first = text.charAt(0);
    char last = text.charAt(text.length() - 1);
    if (text.length() > 1 && first == last && "\"'`".indexOf(first) >= 0) {
      return new TokenFormatException(
          Problem.QUOTED, "the token is surrounded by quotes: give it without them");
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || c == '\r') {
        return new TokenFormatException(
            Problem.LINE_BREAK,
            "the token contains a line break at index "
                + i
                + " (length "
                + text.length()
                + "): give it on one line");
      }
    }
    String lower = text.length() < 7 ? "" : text.substring(0, 7).toLowerCase(Locale.ROOT);
    if (lower.equals("bearer ")) {
      return new TokenFormatException(
          Problem.BEARER_WORD, "the token starts with the word Bearer: give the token alone");
    }
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == ' ' || c == '\t') {
        return new TokenFormatException(
            Problem.WHITESPACE, "the token contains a space or tab at index " + i);
      }
    }
    return null;
  }

  /**
   * Decodes the bytes of a file or the text of a variable: removes a byte order mark, and spaces
   * and line breaks around the token.
   */
  static String of(byte[] bytes) {
    if (startsWith(bytes, 0xff, 0xfe) || startsWith(bytes, 0xfe, 0xff)) {
      throw new TokenFormatException(
          Problem.CHARACTER, "the text is UTF-16: save the token as UTF-8 or ASCII");
    }
    int start = startsWith(bytes, 0xef, 0xbb, 0xbf) ? 3 : 0;
    try {
      return strip(
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(bytes, start, bytes.length - start))
              .toString());
    } catch (CharacterCodingException e) {
      throw new TokenFormatException(Problem.CHARACTER, "the text is not UTF-8: not a token");
    }
  }

  private static boolean startsWith(byte[] bytes, int... wanted) {
    if (bytes.length < wanted.length) {
      return false;
    }
    for (int i = 0; i < wanted.length; i++) {
      if ((bytes[i] & 0xff) != wanted[i]) {
        return false;
      }
    }
    return true;
  }

  /** Removes ASCII white space at both ends. */
  static String strip(String text) {
    int start = 0;
    int end = text.length();
    while (start < end && isSpace(text.charAt(start))) {
      start++;
    }
    while (end > start && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(start, end);
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == 0x0b;
  }
}
