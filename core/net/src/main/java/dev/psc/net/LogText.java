package dev.psc.net;

/** Formats untrusted text for one line of a log or message. */
public final class LogText {

  /** Causes can refer to each other. */
  private static final int MAX_CAUSES = 20;

  private LogText() {}

  /** Returns the text, truncated to a length, on one line, without control characters. */
  public static String line(String text, int maxLength) {
    StringBuilder line = new StringBuilder(Math.min(text.length(), maxLength));
    boolean space = false;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (Character.isWhitespace(c)) {
        space = !line.isEmpty();
        continue;
      }
      if (line.length() + (space ? 1 : 0) + Character.charCount(c) > maxLength) {
        return line.append('…').toString();
      }
      if (space) {
        line.append(' ');
        space = false;
      }
      switch (Character.getType(c)) {
        case Character.CONTROL,
            Character.FORMAT,
            Character.SURROGATE,
            Character.PRIVATE_USE,
            Character.UNASSIGNED ->
            line.append('\ufffd');
        default -> line.appendCodePoint(c);
      }
    }
    return line.toString();
  }

  /** Returns the message of the innermost cause on one line, or the name of its class. */
  public static String cause(Throwable failure, int maxLength) {
    Throwable innermost = failure;
    for (int depth = 0; innermost.getCause() != null && depth < MAX_CAUSES; depth++) {
      innermost = innermost.getCause();
    }
    String message = innermost.getMessage();
    return line(message == null ? innermost.getClass().getSimpleName() : message, maxLength);
  }
}
