package dev.psc.jvm.internal.recording;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** A reader of the strings of a chunk in each encoding of the format. */
final class JfrStrings {

  static final byte NULL = 0;
  static final byte EMPTY = 1;
  static final byte CONSTANT = 2;
  static final byte UTF8 = 3;
  static final byte CHARS = 4;
  static final byte LATIN1 = 5;

  /** Names are shorter; a longer one is damage. */
  private static final int MAX_LENGTH = 1 << 24;

  private JfrStrings() {}

  /** Finds strings that are constants. */
  @FunctionalInterface
  interface Constants {
    @Nullable String get(long key) throws IOException;
  }

  static @Nullable String read(JfrInput in, Constants constants) throws IOException {
    byte encoding = in.readByte();
    return switch (encoding) {
      case NULL -> null;
      case EMPTY -> "";
      case CONSTANT -> constants.get(in.readLong());
      case UTF8, LATIN1 -> {
        int length = length(in);
        String text =
            new String(
                in.bytes(),
                in.position(),
                length,
                encoding == UTF8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
        in.skip(length);
        yield text;
      }
      case CHARS -> {
        char[] chars = new char[length(in)];
        for (int i = 0; i < chars.length; i++) {
          chars[i] = in.readChar();
        }
        yield new String(chars);
      }
      default -> throw new IOException("a string has the unknown encoding " + encoding);
    };
  }

  private static int length(JfrInput in) throws IOException {
    int length = in.readCount();
    if (length > MAX_LENGTH) {
      throw new IOException("a string has the invalid length " + length);
    }
    return length;
  }
}
