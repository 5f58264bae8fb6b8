package dev.psc.pprof.report;

/**
 * A text for people of a bounded size. A profile of a few kilobytes may have stacks of many
 * thousand frames and names of many kilobytes, so that a rendering without a bound is larger than
 * any heap. Not thread-safe.
 */
final class Text {

  /** The most characters of a text. */
  static final int MAX_CHARS = 1 << 22;

  /** The most characters of one name in a text. */
  static final int MAX_NAME_CHARS = 500;

  private final StringBuilder text = new StringBuilder(256);

  /** Appends a line unless the text is full; returns whether it was appended. */
  boolean line(String line) {
    if (text.length() + line.length() > MAX_CHARS) {
      return false;
    }
    text.append(line).append(System.lineSeparator());
    return true;
  }

  /** Appends the line that ends a truncated text. */
  void truncated() {
    text.append("[truncated]").append(System.lineSeparator());
  }

  /** Returns a name, truncated to a number of characters. */
  static String shortened(String name, int chars) {
    return name.length() <= chars ? name : name.substring(0, chars - 1) + "…";
  }

  /** Returns a name, truncated to the limit of a text. */
  static String shortened(String name) {
    return shortened(name, MAX_NAME_CHARS);
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
